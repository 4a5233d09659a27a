"""Calls and results on Messages: blocks, the results at the head of the next user message.

"`tool_use` ids were found without `tool_result` blocks immediately after"
(agentscope-ai/agentscope#1892, 2026-06-18); the same is said of text behind a call
(deepseek-ai/deepseek-recipe, 2026-09). An id may come again in a later turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from dsfix.protocol import spans
from dsfix.protocol.messages import worded
from dsfix.repairs.pairing.shape import (
    INTERRUPTED,
    Part,
    Piece,
    Unit,
    is_blank,
    retold,
    text,
)

ONE_MESSAGE = True
UNIQUE = False
# What the upstream counts as text, and refuses behind a call.
_TEXTS = ("text", "image", "tool_reference", "document")
_NOTHING = msgspec.Raw()


class _Block(msgspec.Struct):
    type: Any = None
    id: Any = None
    tool_use_id: Any = None
    input: msgspec.Raw = _NOTHING
    text: msgspec.Raw = _NOTHING
    thinking: msgspec.Raw = _NOTHING


class _Message(msgspec.Struct):
    content: str | list[_Block] | None = None


_block = msgspec.json.Decoder(_Block)
_message = msgspec.json.Decoder(_Message)


def piece(unit: Unit) -> Piece:
    """A message; only one in which there are calls or results is read."""
    role, (raw,) = unit
    if role == "assistant" and b'"tool_use"' in raw:
        return _calling(raw)
    if role == "user" and b'"tool_result"' in raw:
        return _answering(raw)
    return Piece((raw,), role == "assistant")


def _calling(raw: bytes) -> Piece:
    calls: list[str] = []
    sound = True
    for block in _read(raw):
        if block.type == "tool_use":
            calls.append(text(block.id))
            sound = sound and bool(block.input)
        elif calls and block.type in _TEXTS:
            sound = False
    return Piece((raw,), True, tuple(calls), sound=sound)


def _answering(raw: bytes) -> Piece:
    results: list[str] = []
    others, sound = 0, True
    for block in _read(raw):
        if block.type == "tool_result":
            results.append(text(block.tool_use_id))
            sound = sound and not others
        else:
            others += 1
    return Piece((raw,), results=tuple(results), sound=sound)


def voice(piece: Piece) -> frozenset[bytes]:
    """What the assistant says in it, reasoning and text."""
    try:
        content = _message.decode(piece.items[0]).content
    except spans.Malformed:
        return frozenset(piece.items)  # something that cannot be taken apart, so it stays alone
    if isinstance(content, str):
        return frozenset([spans.encode(content)]) if content.strip() else frozenset()
    return _said(content or ())


def calls(piece: Piece) -> list[Part]:
    """The blocks that call a tool."""
    _, blocks = _apart(piece.items[0])
    return [Part(raw, text(block.id)) for raw, block in blocks if block.type == "tool_use"]


def parts(piece: Piece) -> list[Part]:
    """All blocks, the results with their ids."""
    _, blocks = _apart(piece.items[0])
    return [
        Part(raw, text(block.tool_use_id) if block.type == "tool_result" else None)
        for raw, block in blocks
    ]


def turn(pieces: Sequence[Piece], calls: Sequence[bytes]) -> tuple[bytes, ...]:
    """One message with the blocks of all of these, and these calls at its end."""
    found = [_apart(piece.items[0]) for piece in pieces]
    kept: list[bytes] = []
    heard: frozenset[bytes] = frozenset()
    for _, blocks in found:
        kept += [
            raw
            for raw, block in blocks
            if block.type != "tool_use" and not (_said([block]) and _said([block]) <= heard)
        ]
        heard |= _said(block for _, block in blocks)
    first, blocks = found[0]
    if any(message is None for message, _ in found) or first is None:
        return tuple(piece.items[0] for piece in pieces)
    if len(found) == 1 and [raw for raw, _ in blocks] == [*kept, *calls]:
        return pieces[0].items
    return (spans.build_object({**first, "content": spans.build_array([*kept, *calls])}),)


def call(raw: bytes, id: str) -> bytes:
    """The call under this id; an input must be there."""
    return _with(raw, {"id": spans.encode(id)}, {"input": b"{}"})


def result(raw: bytes, id: str) -> bytes:
    """The result under this id."""
    return _with(raw, {"tool_use_id": spans.encode(id)}, {})


def missing(call: bytes, id: str) -> bytes:
    """The result of a call that has none."""
    return spans.encode({"type": "tool_result", "tool_use_id": id, "content": INTERRUPTED})


def told(raw: bytes) -> list[bytes]:
    """Text, and the images of the result as they are."""
    block = spans.members(raw)
    return [raw] if block is None else retold(block.get("content", b""), "text")


def placed(
    results: Sequence[bytes], rest: Sequence[tuple[Piece, list[bytes] | None]]
) -> list[bytes]:
    """The results at the head of the first message that had any, else in one of their own.

    That message moves up to its calls, whatever else is in it.
    """
    out: list[bytes] = []
    head = next((each for each in rest if each[1] is not None), None) if results else None
    if head is not None:
        out += _rebuilt(head[0], [*results, *(head[1] or ())])
    elif results:
        out.append(spans.build_object({"role": b'"user"', "content": spans.build_array(results)}))
    for each in rest:
        if each is not head:
            out += each[0].items if each[1] is None else _rebuilt(*each)
    return out


def _rebuilt(piece: Piece, blocks: list[bytes] | None) -> list[bytes]:
    """The message with these blocks, which is none where nothing is left."""
    message, before = _apart(piece.items[0])
    if message is None or blocks == [raw for raw, _ in before]:
        return list(piece.items)
    if not blocks:
        return []
    return [spans.build_object({**message, "content": spans.build_array(blocks)})]


def _read(raw: bytes) -> list[_Block]:
    try:
        content = _message.decode(raw).content
    except spans.Malformed:
        return []
    return content if isinstance(content, list) else []


def _apart(raw: bytes) -> tuple[dict[str, bytes] | None, list[tuple[bytes, _Block]]]:
    """A message's members and its blocks; None and nothing where it has a shape of its own."""
    message = spans.members(raw)
    if message is None:
        return None, []
    content = message.get("content", b"null")
    found = [] if is_blank(content) else spans.items(content)
    if found is None and spans.is_text(content):
        found = [worded(content)]
    try:
        return message, [(block, _block.decode(block)) for block in found or ()]
    except spans.Malformed:
        return None, []


def _said(blocks: Iterable[_Block]) -> frozenset[bytes]:
    words = (bytes(raw) for block in blocks for raw in (block.text, block.thinking))
    return frozenset(raw for raw in words if not is_blank(raw))


def _with(raw: bytes, changed: dict[str, bytes], default: dict[str, bytes]) -> bytes:
    block = spans.members(raw)
    if block is None:
        return raw
    new = {**default, **block, **changed}
    return raw if new == block else spans.build_object(new)
