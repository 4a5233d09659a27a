"""Leaked calls on Messages: a text block ends, and blocks of calls follow it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dsfix.protocol import spans
from dsfix.protocol.dsml import Call
from dsfix.repairs.leaks.shape import Find, Keeping, Leak, Part, Said, Wire


class _Delta(msgspec.Struct):
    type: str | None = None
    text: str | None = None
    stop_reason: str | None = None


class _Message(msgspec.Struct):
    id: str | None = None


class _Event(msgspec.Struct):
    type: str | None = None
    delta: _Delta | None = None
    message: _Message | None = None


_event = msgspec.json.Decoder(_Event)
_OTHER = Said(Part.OTHER)


def said(payload: bytes) -> Said:
    """What an event is to the text before it."""
    try:
        event = _event.decode(payload)
    except spans.Malformed:
        return _OTHER
    delta = event.delta
    match event.type:
        case "ping":
            return Said(Part.ASIDE)
        case "message_start" if event.message:
            return Said(Part.OTHER, id=event.message.id or "")
        case "content_block_delta" if delta and delta.type == "text_delta":
            return Said(Part.TEXT, delta.text or "")
        case "content_block_stop":
            return Said(Part.WAIT)
        case "message_delta" if delta and delta.stop_reason == "end_turn":
            return Said(Part.END)
        case _:
            return _OTHER


def called(payloads: Sequence[bytes], leak: Leak) -> list[bytes]:
    """The end of the text block, the calls, and an end that says so."""
    keep = Keeping(leak.kept)
    out = []
    for payload in payloads:
        event = spans.members(payload) or {}
        part = said(payload)
        if part.part is Part.TEXT:
            if text := keep(part.text):
                delta = spans.members(event["delta"]) or {}
                new = spans.build_object({**delta, "text": spans.encode(text)})
                out.append(spans.build_object({**event, "delta": new}))
        elif part.part is Part.WAIT:
            out.append(payload)
            first = int(event.get("index", b"0").strip(b'"')) + 1
            out += [
                event
                for index, (ident, call) in enumerate(leak.calls, first)
                for event in _block(index, ident, call)
            ]
        else:
            delta = spans.members(event["delta"]) or {}
            new = spans.build_object({**delta, "stop_reason": b'"tool_use"'})
            out.append(spans.build_object({**event, "delta": new}))
    return out


def _block(index: int, ident: str, call: Call) -> list[bytes]:
    opened = {"type": "tool_use", "id": ident, "name": call.name, "input": {}}
    delta = {"type": "input_json_delta", "partial_json": call.arguments}
    return [
        spans.encode({"type": "content_block_start", "index": index, "content_block": opened}),
        spans.encode({"type": "content_block_delta", "index": index, "delta": delta}),
        spans.encode({"type": "content_block_stop", "index": index}),
    ]


def whole(data: bytes, find: Find) -> bytes:
    """A JSON answer with its calls."""
    message = spans.members(data) or {}
    content = spans.items(message.get("content", b"null"))
    if not content or spans.value(message.get("stop_reason")) != "end_turn":
        return data
    block = spans.members(content[-1]) or {}
    text = spans.value(block.get("text")) if spans.value(block.get("type")) == "text" else None
    leak = find(text, str(spans.value(message.get("id")))) if isinstance(text, str) else None
    if leak is None or not isinstance(text, str):
        return data
    kept = text[: leak.kept]
    rest = [spans.build_object({**block, "text": spans.encode(kept)})] if kept.strip() else []
    made = [
        b'{"type":"tool_use","id":%b,"name":%b,"input":%b}'
        % (spans.encode(ident), spans.encode(call.name), call.arguments.encode())
        for ident, call in leak.calls
    ]
    new = {"content": spans.build_array([*content[:-1], *rest, *made])}
    return spans.build_object({**message, **new, "stop_reason": b'"tool_use"'})


WIRE = Wire(b"message_start", said, called, whole)
