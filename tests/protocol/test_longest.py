"""Of an answer without an end, no more is kept than any model's answer has."""

from __future__ import annotations

import json

import pytest

from dsfix.protocol import reading, sse
from dsfix.protocol.answer import LONGEST, Answer
from dsfix.protocol.body import Dialect
from tests.protocol.test_runs import WIRES


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("size", [1000, 100_000, LONGEST + 1])
def test_an_endless_answer_is_not_kept(dialect: Dialect, size: int) -> None:
    """What has come before there was no more room stays, and no hole is in it."""
    made = WIRES[dialect]
    answer = Answer()
    reading.observe(dialect, answer, sse.encode(json.dumps(made("begin", "")).encode()))
    delta = sse.encode(json.dumps(made("text", "." * size)).encode())
    for _ in range(LONGEST // size):
        reading.observe(dialect, answer, delta)
    assert answer.room >= 0
    for text in (delta, sse.encode(json.dumps(made("text", "more")).encode())):
        for _ in range(2 + LONGEST // size):
            reading.observe(dialect, answer, text)
    kept = sum(len(block.text) for block in answer.blocks.values())
    assert answer.overlong and LONGEST - size <= kept <= LONGEST
    assert not any("more" in block.text for block in answer.blocks.values())
