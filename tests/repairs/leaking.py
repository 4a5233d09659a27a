"""Answers in each dialect that say these pieces of text, as streams and as documents."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dsfix.protocol import sse
from dsfix.protocol.body import Dialect
from dsfix.repairs import REPAIRS
from dsfix.repairs.base import Step
from dsfix.repairs.chain import prepare
from dsfix.repairs.reply import Reply
from tests.repairs.support import RULES, USER, memory, request

MODEL = "deepseek-v4-pro"
ENDED = {
    Dialect.MESSAGES: "end_turn",
    Dialect.CHAT: "stop",
    Dialect.RESPONSES: "completed",
}


def leak(name: str = "f", value: str = "ls -la") -> str:
    """A call of that tool as the model writes it."""
    return (
        f'<｜DSML｜tool_calls>\n<｜DSML｜invoke name="{name}">\n'
        f'<｜DSML｜parameter name="x" string="true">{value}</｜DSML｜parameter>\n'
        "</｜DSML｜invoke>\n</｜DSML｜tool_calls>"
    )


def reply_to(dialect: Dialect, **more: Any) -> Reply:
    """A reply to a request that offers the tool `f`, and whatever else is given."""
    data = json.dumps(request(USER, dialect=dialect, **more)).encode()
    out = prepare(dialect, data, REPAIRS, RULES, memory(), lambda _: Step.NONE)
    return Reply.to(out, REPAIRS, RULES)


def stream(dialect: Dialect, pieces: Sequence[str], end: str = "") -> list[bytes]:
    """The events of an answer that thinks and says these pieces."""
    make = {
        Dialect.MESSAGES: _messages,
        Dialect.CHAT: _chat,
        Dialect.RESPONSES: _responses,
    }[dialect]
    events = make(pieces, end or ENDED[dialect])
    named = dialect is not Dialect.CHAT
    packed = [
        sse.encode(
            json.dumps(each, ensure_ascii=False).encode(), str(each["type"]) if named else ""
        )
        for each in events
    ]
    return packed if named else [*packed, b"data: [DONE]\n\n"]


def _messages(pieces: Sequence[str], end: str) -> list[dict[str, Any]]:
    head = {"id": "m-1", "type": "message", "content": [], "model": MODEL}
    thinking = {"type": "thinking", "thinking": "", "signature": ""}

    def delta(index: int, **given: str) -> dict[str, Any]:
        return {"type": "content_block_delta", "index": index, "delta": given}

    return [
        {"type": "message_start", "message": head},
        {"type": "content_block_start", "index": 0, "content_block": thinking},
        delta(0, type="thinking_delta", thinking="if a < b"),
        delta(0, type="signature_delta", signature="m-1"),
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
        *(delta(1, type="text_delta", text=piece) for piece in pieces),
        {"type": "content_block_stop", "index": 1},
        {
            "type": "message_delta",
            "delta": {"stop_reason": end, "stop_sequence": None},
            "usage": {"output_tokens": 7},
        },
        {"type": "message_stop"},
    ]


def _chat(pieces: Sequence[str], end: str) -> list[dict[str, Any]]:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {"id": "c-1", "model": MODEL, "choices": [choice]}

    usage = {"prompt_tokens": 9, "completion_tokens": 7}
    return [
        chunk({"role": "assistant", "content": None, "reasoning_content": ""}),
        chunk({"content": None, "reasoning_content": "if a < b"}),
        *(chunk({"content": piece, "reasoning_content": None}) for piece in pieces),
        {**chunk({"content": ""}, end), "usage": usage},
    ]


def _responses(pieces: Sequence[str], end: str) -> list[dict[str, Any]]:
    said = "".join(pieces)
    thought = {"type": "reasoning", "id": "rs_1", "content": [], "summary": []}
    part = {"type": "output_text", "text": said, "annotations": []}
    item = {"type": "message", "id": "ms_1", "role": "assistant", "content": [part]}
    reason = {"type": "reasoning_text", "text": "if a < b"}
    thinking = {**thought, "content": [reason]}
    head = {"id": "r-1", "object": "response", "model": MODEL, "output": []}
    of = {"item_id": "ms_1", "output_index": 1, "content_index": 0}
    done = {**head, "status": end, "output": [thinking, item]}
    events: list[tuple[str, dict[str, Any]]] = [
        ("created", {"response": {**head, "status": "in_progress"}}),
        ("output_item.added", {"output_index": 0, "item": thought}),
        ("reasoning_text.delta", {"output_index": 0, "delta": "if a < b"}),
        ("output_item.done", {"output_index": 0, "item": thinking}),
        ("output_item.added", {"output_index": 1, "item": {**item, "content": []}}),
        ("content_part.added", {**of, "part": {**part, "text": ""}}),
        *(("output_text.delta", {**of, "delta": piece}) for piece in pieces),
        ("output_text.done", {**of, "text": said}),
        ("content_part.done", {**of, "part": part}),
        ("output_item.done", {"output_index": 1, "item": item}),
        (end, {"response": done}),
    ]
    return [
        {"type": f"response.{name}", "sequence_number": nth, **more}
        for nth, (name, more) in enumerate(events)
    ]


def document(dialect: Dialect, text: str, end: str = "") -> dict[str, Any]:
    """The same answer as one document."""
    end = end or ENDED[dialect]
    if dialect is Dialect.MESSAGES:
        thinking = {"type": "thinking", "thinking": "if a < b", "signature": "m-1"}
        content = [thinking, {"type": "text", "text": text}]
        return {"id": "m-1", "model": MODEL, "content": content, "stop_reason": end}
    if dialect is Dialect.CHAT:
        message = {"role": "assistant", "content": text, "reasoning_content": "if a < b"}
        choice = {"index": 0, "message": message, "finish_reason": end}
        return {"id": "c-1", "model": MODEL, "choices": [choice]}
    response: dict[str, Any] = _responses([text], end)[-1]["response"]
    return response
