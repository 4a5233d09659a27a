"""Leaked calls on Chat: the content ends, and one chunk has the calls."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dsfix.protocol import spans
from dsfix.protocol.spans import EACH
from dsfix.repairs.leaks.shape import Find, Keeping, Leak, Part, Said, Wire


class _Delta(msgspec.Struct):
    content: str | None = None
    tool_calls: msgspec.Raw = msgspec.Raw(b"null")


class _Choice(msgspec.Struct):
    index: int | None = None
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    id: str | None = None
    choices: list[_Choice] | None = None


_chunk = msgspec.json.Decoder(_Chunk)


def said(payload: bytes) -> Said:
    """What a chunk is to the text before it."""
    try:
        chunk = _chunk.decode(payload)
    except spans.Malformed:
        return Said(Part.OTHER)
    ident = chunk.id or ""
    if not chunk.choices:
        return Said(Part.WAIT, id=ident)
    choice = chunk.choices[0]
    delta = choice.delta or _Delta()
    if len(chunk.choices) > 1 or choice.index or bytes(delta.tool_calls) not in (b"null", b"[]"):
        return Said(Part.OTHER, id=ident)
    text = delta.content or ""
    if choice.finish_reason:
        return Said(Part.END if choice.finish_reason == "stop" else Part.OTHER, text, ident)
    return Said(Part.TEXT if text else Part.WAIT, text, ident)


def called(payloads: Sequence[bytes], leak: Leak) -> list[bytes]:
    """The text less what leaked, the calls in one chunk, and an end that says so."""
    keep = Keeping(leak.kept)
    out = []
    for payload in payloads[:-1]:
        part = said(payload)
        text = keep(part.text)
        if part.part is not Part.TEXT or text == part.text:
            out.append(payload)
        elif text:
            out.append(_saying(payload, text))
    *_, last = payloads
    if text := keep(said(last).text):
        out.append(_ending(_saying(last, text), b"null"))
    out.append(spans.edited(payloads[0], ("choices", EACH), lambda raw: _calling(raw, leak)))
    out.append(_ending(_saying(last, ""), b'"tool_calls"'))
    return out


def _saying(payload: bytes, text: str) -> bytes:
    path = ("choices", EACH, "delta", "content")
    return spans.edited(payload, path, lambda raw: spans.encode(text))


def _ending(payload: bytes, reason: bytes) -> bytes:
    return spans.edited(payload, ("choices", EACH, "finish_reason"), lambda raw: reason)


def _calling(raw: bytes, leak: Leak) -> bytes:
    """A choice with the calls in place of the content."""
    choice = spans.members(raw) or {}
    delta = spans.members(choice.get("delta", b"{}")) or {}
    calls = spans.encode([{"index": nth, **each} for nth, each in enumerate(_calls(leak))])
    new = spans.build_object({**delta, "content": b"null", "tool_calls": calls})
    return spans.build_object({**choice, "delta": new, "finish_reason": b"null"})


def _calls(leak: Leak) -> list[dict[str, object]]:
    return [
        {"id": ident, "type": "function", "function": call._asdict()} for ident, call in leak.calls
    ]


def whole(data: bytes, find: Find) -> bytes:
    """A JSON answer with its calls."""
    answer = spans.members(data) or {}
    choices = spans.items(answer.get("choices", b"null")) or []
    choice = spans.members(choices[0]) if len(choices) == 1 else None
    message = spans.members(choice.get("message", b"null")) if choice else None
    if not choice or not message or spans.value(choice.get("finish_reason")) != "stop":
        return data
    text = spans.value(message.get("content"))
    leak = find(text, str(spans.value(answer.get("id")))) if isinstance(text, str) else None
    if leak is None or not isinstance(text, str) or spans.value(message.get("tool_calls")):
        return data
    said = {"content": spans.encode(text[: leak.kept]), "tool_calls": spans.encode(_calls(leak))}
    new = {"message": spans.build_object({**message, **said}), "finish_reason": b'"tool_calls"'}
    return spans.build_object(
        {**answer, "choices": spans.build_array([spans.build_object({**choice, **new})])}
    )


WIRE = Wire(b"", said, called, whole)
