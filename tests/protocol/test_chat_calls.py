"""Calls in a Chat stream, however their pieces are numbered."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from dsfix.protocol.answer import Answer
from dsfix.protocol.reading.chat import Event, on_done, on_event


def piece(index: int | None, id: str | None, name: str | None, said: str) -> dict[str, Any]:
    """One piece of a call; what is None is not said."""
    given = {"name": name, "arguments": said}
    told = {"index": index, "id": id, "function": {k: v for k, v in given.items() if v is not None}}
    return {key: value for key, value in told.items() if value is not None}


def read(*chunks: list[dict[str, Any]]) -> Answer:
    """The answer that these make, each a chunk of a stream."""
    answer = Answer()
    for calls in chunks:
        told = {"choices": [{"index": 0, "delta": {"tool_calls": calls}}]}
        on_event(answer, msgspec.json.decode(json.dumps(told), type=Event))
    on_done(answer)
    return answer


A, B = '{"a": 1}', '{"b": 2}'
ONE, TWO = ("a-1", "ls", A), ("b-2", "cat", B)
TOLD = {
    "numbered": [[piece(0, *ONE)], [piece(1, *TWO)]],
    "interleaved": [
        [piece(0, "a-1", "ls", ""), piece(1, "b-2", "cat", "")],
        [piece(1, None, None, B)],
        [piece(0, None, None, A)],
    ],
    "one number": [[piece(0, *ONE)], [piece(0, *TWO)]],
    "one number, in one chunk": [[piece(0, *ONE), piece(0, *TWO)]],
    "one number, in pieces": [
        [piece(0, "a-1", "ls", "")],
        [piece(0, "", None, A)],
        [piece(0, "b-2", "cat", "")],
        [piece(0, "", None, B)],
    ],
    "one number, in pieces with ids": [
        [piece(0, "a-1", "ls", ""), piece(0, "b-2", "cat", "")],
        [piece(0, "a-1", None, A), piece(0, "b-2", None, B)],
    ],
    "no number": [[piece(None, *ONE)], [piece(None, *TWO)]],
    "no number, in pieces": [
        [piece(None, "a-1", "ls", "")],
        [piece(None, None, None, A)],
        [piece(None, "b-2", "cat", "")],
        [piece(None, None, None, B)],
    ],
    "other ids within a call": [
        [piece(0, "a-1", "ls", ""), piece(1, "b-2", "cat", "")],
        [piece(0, "x-1", None, A), piece(1, "x-2", None, B)],
    ],
}


@pytest.mark.parametrize("chunks", TOLD.values(), ids=TOLD)
def test_calls_are_told_apart(chunks: list[list[dict[str, Any]]]) -> None:
    """Each has its own id, name and arguments: by all ids a turn is found again."""
    answer = read(*chunks)
    assert [(b.id, b.name, b.text) for b in answer.blocks.values()] == [ONE, TWO]
    assert answer.turn().calls == ("a-1", "b-2")


def test_calls_of_one_id_are_told_apart_by_their_numbers() -> None:
    """Some vendors give all calls one name."""
    answer = read([piece(0, "c", "ls", ""), piece(1, "c", "cat", "")], [piece(1, "c", None, B)])
    assert [(b.id, b.name, b.text) for b in answer.blocks.values()] == [
        ("c", "ls", ""),
        ("c", "cat", B),
    ]
