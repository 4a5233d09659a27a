"""Leaked calls on Responses: the message's item ends without them, and an item follows for each.

What was said is said again where a part, an item and the answer end, so it is cut there as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from dsfix.protocol import spans
from dsfix.protocol.dsml import Call
from dsfix.protocol.spans import EACH
from dsfix.repairs.leaks.shape import Find, Keeping, Leak, Part, Said, Wire


class _Response(msgspec.Struct):
    id: str | None = None


class _Event(msgspec.Struct):
    type: str | None = None
    delta: str | None = None
    response: _Response | None = None


_event = msgspec.json.Decoder(_Event)
_ENDED = ("response.output_text.done", "response.content_part.done", "response.output_item.done")
# Where the text stands once more.
_AGAIN = (
    ("text",),
    ("part", "text"),
    ("item", "content", EACH, "text"),
    ("response", "output", EACH, "content", EACH, "text"),
)


def said(payload: bytes) -> Said:
    """What an event is to the text before it."""
    try:
        event = _event.decode(payload)
    except spans.Malformed:
        return Said(Part.OTHER)
    if event.type == "response.output_text.delta":
        return Said(Part.TEXT, event.delta or "")
    if event.type == "response.completed":
        return Said(Part.END, id=(event.response and event.response.id) or "")
    return Said(Part.WAIT if event.type in _ENDED else Part.OTHER)


def called(payloads: Sequence[bytes], leak: Leak) -> list[bytes]:
    """The end of the message, the calls, and an end that has them; numbered anew."""
    first = (spans.members(payloads[0]) or {}).get("sequence_number")
    out = list(_called(payloads, leak))
    if first is None:
        return out
    return [_with(new, "sequence_number", b"%d" % nth) for nth, new in enumerate(out, int(first))]


def _called(payloads: Sequence[bytes], leak: Leak) -> Iterator[bytes]:
    keep = Keeping(leak.kept)
    place = 0
    for payload in payloads:
        part = said(payload)
        place = int((spans.members(payload) or {}).get("output_index", b"%d" % place))
        if part.part is Part.TEXT:
            if text := keep(part.text):
                yield _with(payload, "delta", spans.encode(text))
            continue
        new = payload
        for path in _AGAIN:
            new = spans.edited(new, path, lambda raw: _cut(raw, leak))
        if part.part is Part.END:
            for nth, (ident, call) in enumerate(leak.calls, place + 1):
                yield from _item(nth, ident, call)
            new = spans.edited(new, ("response",), lambda raw: _with_items(raw, leak))
        yield new


def _with(event: bytes, member: str, raw: bytes) -> bytes:
    return spans.edited(event, (member,), lambda _: raw)


def _cut(raw: bytes, leak: Leak) -> bytes:
    text = spans.value(raw)
    if not isinstance(text, str) or not text.endswith(leak.text):
        return raw
    return spans.encode(text.removesuffix(leak.text))


def _item(place: int, ident: str, call: Call) -> Iterator[bytes]:
    """The events of one call."""
    done = _done(ident, call)
    begun = {**done, "arguments": "", "status": "in_progress"}
    of = {"item_id": done["id"], "output_index": place, "sequence_number": 0}
    events: tuple[tuple[str, dict[str, object]], ...] = (
        ("output_item.added", {"item": begun}),
        ("function_call_arguments.delta", {"delta": call.arguments}),
        ("function_call_arguments.done", {"arguments": call.arguments}),
        ("output_item.done", {"item": done}),
    )
    for name, more in events:
        yield spans.encode({"type": f"response.{name}", **of, **more})


def _done(ident: str, call: Call) -> dict[str, str]:
    return {
        "type": "function_call",
        "id": f"fc_{ident.removeprefix('call_')}",
        "call_id": ident,
        "name": call.name,
        "arguments": call.arguments,
        "status": "completed",
    }


def _with_items(raw: bytes, leak: Leak) -> bytes:
    """A response whose output ends in the calls."""
    response = spans.members(raw) or {}
    output = spans.items(response.get("output", b"[]")) or []
    output += [spans.encode(_done(ident, call)) for ident, call in leak.calls]
    return spans.build_object({**response, "output": spans.build_array(output)})


def whole(data: bytes, find: Find) -> bytes:
    """A JSON answer with its calls."""
    response = spans.value(data)
    output = response.get("output") if isinstance(response, dict) else None
    if not output or not isinstance(output, list) or response.get("status") != "completed":
        return data
    item = output[-1] if isinstance(output[-1], dict) else {}
    parts = item.get("content")
    if item.get("type") != "message" or not parts or not isinstance(parts, list):
        return data
    text = parts[-1].get("text") if isinstance(parts[-1], dict) else None
    leak = find(text, str(response.get("id"))) if isinstance(text, str) else None
    if leak is None:
        return data
    path = ("output", EACH, "content", EACH, "text")
    return _with_items(spans.edited(data, path, lambda raw: _cut(raw, leak)), leak)


WIRE = Wire(b"", said, called, whole)
