"""Of an answer without an end, no more is kept than any model's answer has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dsfix.protocol import reading, sse
from dsfix.protocol.answer import BLOCK, LONGEST, Answer
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
    for _ in range((answer.room - BLOCK) // size):
        reading.observe(dialect, answer, delta)
    assert answer.room >= 0
    for text in (delta, sse.encode(json.dumps(made("text", "more")).encode())):
        for _ in range(2 + LONGEST // size):
            reading.observe(dialect, answer, text)
    kept = sum(len(block.text) for block in answer.blocks.values())
    assert answer.overlong and LONGEST - size - 2 * BLOCK <= kept <= LONGEST
    assert not any("more" in block.text for block in answer.blocks.values())


def _call(dialect: Dialect, number: int) -> dict[str, Any]:
    name, call = "Read", f"call_{number}"
    if dialect is Dialect.MESSAGES:
        block = {"type": "tool_use", "id": call, "name": name, "input": {}}
        return {"type": "content_block_start", "index": number, "content_block": block}
    if dialect is Dialect.CHAT:
        made = {"index": number, "id": call, "function": {"name": name, "arguments": "{}"}}
        return {"choices": [{"index": 0, "delta": {"tool_calls": [made]}}]}
    item = {"type": "function_call", "call_id": call, "name": name, "arguments": "{}"}
    return {"type": "response.output_item.done", "output_index": number, "item": item}


@pytest.mark.parametrize("dialect", Dialect)
def test_calls_without_end_are_not_kept(dialect: Dialect) -> None:
    """Each takes room, however short it is; there is some for thousands, and then no more."""
    answer = Answer()
    for number in range(LONGEST // BLOCK):
        reading.observe(dialect, answer, sse.encode(json.dumps(_call(dialect, number)).encode()))
    assert answer.overlong and LONGEST // BLOCK // 2 < len(answer.blocks) < LONGEST // BLOCK
    first = answer.blocks[min(answer.blocks)]
    assert (first.id, first.name) == ("call_0", "Read")
