"""What an answer says of its errors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dsfix.protocol import reading, sse
from dsfix.protocol.answer import Answer
from dsfix.protocol.body import Dialect


def error_in(dialect: Dialect, event: dict[str, Any]) -> str:
    answer = Answer()
    reading.observe(dialect, answer, sse.encode(json.dumps(event).encode(), event.get("type", "")))
    return answer.error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (None, ""),
        ({}, ""),
        ("", ""),
        ([], ""),
        ({"code": 0, "message": "", "type": None}, ""),
        ("overloaded", "overloaded"),
        ({"message": "overloaded"}, "overloaded"),
        ({"code": 529, "message": ""}, '{"code":529,"message":""}'),
        ({"message": {"text": "overloaded"}}, '{"message":{"text":"overloaded"}}'),
    ],
)
def test_an_error_that_says_nothing_is_none(error: Any, words: str) -> None:
    """Where the event is not one of an error itself."""
    chunk = {"choices": [{"index": 0, "delta": {"content": "hi"}}], "error": error}
    assert error_in(Dialect.CHAT, chunk) == words
    end = {"type": "response.completed", "response": {"status": "completed", "error": error}}
    assert error_in(Dialect.RESPONSES, end) == words


@pytest.mark.parametrize("dialect", [Dialect.MESSAGES, Dialect.RESPONSES])
def test_an_event_of_an_error_is_one_without_words(dialect: Dialect) -> None:
    """The answer is not whole, whatever it is told with."""
    assert error_in(dialect, {"type": "error", "error": {}}) == "an error without words"


@pytest.mark.parametrize("dialect", list(Dialect))
def test_an_event_that_cannot_be_read_is_not_passed_over(dialect: Dialect) -> None:
    """Of such an answer nobody can say what it was; what stands around it is read."""
    answer = Answer()
    reading.observe(dialect, answer, b"data: \n\ndata: [DONE]\n\n: a comment\n\n")
    assert not answer.unread
    reading.observe(dialect, answer, b"data: {\n\ndata: {}\n\n")
    assert answer.unread
    reading.observe(dialect, answer, b"data: {}\n\n")
    assert answer.unread
