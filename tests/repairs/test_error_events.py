"""Errors that come as events of a stream, on Messages: their shape, and words that do harm."""

from __future__ import annotations

import json

import pytest

from dsfix.protocol import sse
from dsfix.protocol.body import Dialect
from dsfix.repairs.error_shape import error_in, status_of
from tests.repairs.leaking import reply_to, stream

INVALID = "messages.1.content.0: Invalid `signature` in `thinking` block"


def event(document: object, name: str = "") -> bytes:
    return sse.encode(json.dumps(document).encode(), name)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": "no", "code": 402}, "billing_error"),
        ({"message": "no", "code": "429"}, "rate_limit_error"),
        ({"message": "no", "type": "invalid_request_error"}, "invalid_request_error"),
        ({"message": "no", "type": "server_error"}, "api_error"),
        ("no", "api_error"),
    ],
)
def test_an_error_of_another_shape(error: object, kind: str) -> None:
    """It becomes Anthropic's event, under the name that clients wait for, and is read."""
    reply = reply_to(Dialect.MESSAGES)
    out = reply.feed(event({"error": error}))
    assert out.startswith(b"event: error\n")
    expected = {"type": "error", "error": {"type": kind, "message": "no"}}
    assert json.loads(sse.data_of(out)) == expected
    assert reply.answer.error == "no"
    whole = reply_to(Dialect.MESSAGES).whole(json.dumps({"error": error}).encode())
    assert json.loads(whole) == expected


def test_words_that_make_an_agent_lose_its_thinking() -> None:
    """They are withheld in the middle of a stream as well, whatever shape they come in."""
    wrapped = {"type": "request_fail", "upstream_error": {"error": {"message": INVALID}}}
    for error in ({"type": "error", "error": {"message": INVALID}}, {"error": wrapped}):
        reply = reply_to(Dialect.MESSAGES)
        head = stream(Dialect.MESSAGES, ["so"])[:3]
        out = b"".join(map(reply.feed, [*head, event(error, "error")]))
        assert out.startswith(b"".join(head))
        assert b"signature" not in out.removeprefix(b"".join(head))
        assert reply.answer.error


@pytest.mark.parametrize("dialect", list(Dialect))
def test_what_is_left_alone(dialect: Dialect) -> None:
    """An error in the dialect's own shape, and an event that only has a member of that name."""
    own = {"type": "error", "error": {"type": "overloaded_error", "message": "later"}}
    events = [event(own, "error"), event({"type": "ping", "error": None}, "ping")]
    assert b"".join(map(reply_to(dialect).feed, events)) == b"".join(events)
    foreign = event({"error": {"message": INVALID}})
    if dialect is not Dialect.MESSAGES:
        assert reply_to(dialect).feed(foreign) == foreign


@pytest.mark.parametrize(
    "answer",
    [
        {"content": [], "error": {"message": "x"}},
        {"output": [], "status": "failed", "error": {"message": "x"}},
        {"choices": [{"message": {}}], "error": {"message": "x"}},
        {"type": "response.completed", "response": {}, "error": {"message": "x"}},
        {"error": None},
        {"choices": [1]},
        ["error"],
    ],
)
def test_answers_are_no_errors(answer: object) -> None:
    """What has an answer beside its error is one."""
    assert error_in(json.dumps(answer).encode()) is None


@pytest.mark.parametrize(
    ("error", "status"),
    [({"status": 403}, 403), ({"code": 200}, 500), ({"type": "overloaded_error"}, 529), ({}, 500)],
)
def test_the_status_of_an_error(error: dict[str, object], status: int) -> None:
    """By its own number, else by its kind."""
    assert status_of(error) == status
