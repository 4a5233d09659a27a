"""What an upstream says twice is read once, as agents take it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dsfix.protocol import sse
from dsfix.protocol.answer import Answer
from dsfix.protocol.body import Dialect
from dsfix.protocol.usage import Usage
from dsfix.repairs import REPAIRS
from dsfix.repairs.base import Step
from dsfix.repairs.chain import prepare
from dsfix.repairs.reply import Reply
from tests.repairs.support import RULES, USER, memory, request

CALL = {"index": 0, "id": "c", "type": "function", "function": {"name": "bash", "arguments": "{}"}}


def read(dialect: Dialect, *events: dict[str, Any]) -> Answer:
    """What is read of these events, which pass as they are."""
    data = json.dumps(request(USER, dialect=dialect)).encode()
    out = prepare(dialect, data, REPAIRS, RULES, memory(), lambda _: Step.NONE)
    reply = Reply.to(out, REPAIRS, RULES)
    stream = b"".join(
        sse.encode(json.dumps(event).encode(), event.get("type", "")) for event in events
    )
    assert reply.feed(stream) + reply.end() == stream
    return reply.answer


def test_a_message_at_the_end_of_a_stream() -> None:
    """MiniMax ends a stream of Chat with all that was in it, as a JSON answer has it."""
    said = {"reasoning_content": "hm", "content": "so", "tool_calls": [CALL]}
    whole = {"index": 0, "message": {"role": "assistant", **said}, "finish_reason": "tool_calls"}
    answer = read(
        Dialect.CHAT,
        *({"choices": [{"index": 0, "delta": {name: part}}]} for name, part in said.items()),
        {"choices": [whole], "usage": {"prompt_tokens": 9, "completion_tokens": 5}},
    )
    assert [block.text for block in answer.blocks.values()] == ["hm", "so", "{}"]
    assert (answer.finish, answer.done, answer.usage) == ("tool_calls", True, Usage(9, 0, 5))


@pytest.mark.parametrize("kind", ["thinking", "text"])
def test_a_block_that_begins_with_its_text(kind: str) -> None:
    """MiniMax says the first letters of a block as it begins, and again in a delta."""
    begun = {"type": kind, kind: "we", "signature": "s"}
    deltas = [{"type": f"{kind}_delta", kind: part} for part in ("we", "ll")]
    answer = read(
        Dialect.MESSAGES,
        {"type": "content_block_start", "index": 0, "content_block": begun},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
    )
    assert answer.blocks[0].text == "well"
