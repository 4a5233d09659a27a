"""Calls and results on Responses: items, all calls of an answer before the first output.

Anything between a call and its output is refused: "No tool output found for tool call"
(deepseek-ai/awesome-deepseek-integration#740, 2026-09-20; deepseek-ai/DeepSeek-V3#1588). Calls of
one answer that are apart are "reasoning_text must be passed back", thinking or not
(lidge-jun/opencodex#1534; Kohaku-Lab/KohakuTerrarium#322, 2026-09-14). Ids are unique.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from dsfix.protocol import spans
from dsfix.protocol.responses import CALLS, kind
from dsfix.repairs.pairing.shape import (
    INTERRUPTED,
    Part,
    Piece,
    Unit,
    having,
    is_blank,
    retold,
    text,
)
from dsfix.repairs.pairing.shape import placed as placed  # of the Wire

ONE_MESSAGE = False
UNIQUE = True
_OUTPUTS = frozenset(f"{name}_output" for name in CALLS)
_GIVEN = {"function_call": "arguments", "custom_tool_call": "input"}
_NOTHING = msgspec.Raw()


class _Item(msgspec.Struct):
    type: Any = None
    call_id: Any = None
    arguments: msgspec.Raw = _NOTHING
    input: msgspec.Raw = _NOTHING
    content: msgspec.Raw = _NOTHING


_item = msgspec.json.Decoder(_Item)
_EMPTY = _Item()


def piece(unit: Unit) -> Piece:
    """A turn of the assistant's, or another item."""
    if unit.role == "assistant":
        return _turn(unit.items)
    return _other(unit.role, unit.items[0])


def _turn(items: tuple[bytes, ...]) -> Piece:
    made = [item for raw in items if (item := _call(raw)) is not None]
    given = [item.input if item.type == "custom_tool_call" else item.arguments for item in made]
    ids = tuple(text(item.call_id) for item in made)
    return Piece(items, True, ids, sound=all(map(spans.is_text, given)))


def _other(role: str, raw: bytes) -> Piece:
    """An item that is not the assistant's; no text of a message is read."""
    item = _read(raw) if role == "tool" else _EMPTY
    if isinstance(item.type, str) and item.type in _OUTPUTS:
        return Piece((raw,), results=(text(item.call_id),))
    return Piece((raw,), ignored=role in ("", "tool"))


def voice(piece: Piece) -> frozenset[bytes]:
    """What the assistant says in it: plain reasoning and text."""
    return frozenset(word for raw in piece.items if (word := _word(raw)))


def calls(piece: Piece) -> list[Part]:
    """The items that call a tool."""
    found = ((raw, _call(raw)) for raw in piece.items)
    return [Part(raw, text(item.call_id)) for raw, item in found if item is not None]


def parts(piece: Piece) -> list[Part]:
    """The item as it is."""
    return [Part(piece.items[0], id) for id in piece.results]


def turn(pieces: Sequence[Piece], calls: Sequence[bytes]) -> tuple[bytes, ...]:
    """The items of all of these, each thing said once, reasoning first and these calls last."""
    said: list[bytes] = []
    heard: frozenset[bytes] = frozenset()
    for piece in pieces:
        own = [raw for raw in piece.items if _call(raw) is None]
        said += [raw for raw in own if _word(raw) not in heard]
        heard |= voice(piece)
    if len(pieces) > 1:
        said.sort(key=lambda raw: kind(raw) != "reasoning")
    elif sorted(pieces[0].items) == sorted([*said, *calls]):
        return pieces[0].items
    return (*said, *calls)


def call(raw: bytes, id: str) -> bytes:
    """The call under this id; what it is given must be a text."""
    item = spans.members(raw)
    if item is None:
        return raw
    name = _GIVEN[str(spans.value(item.get("type")))]
    given = item.get(name, b"null")
    if not spans.is_text(given):
        item[name] = spans.encode("{}" if given == b"null" else given.decode("utf-8", "replace"))
    return having(raw, {**item, "call_id": spans.encode(id)})


def result(raw: bytes, id: str) -> bytes:
    """The output under this id."""
    item = spans.members(raw)
    return raw if item is None else having(raw, {**item, "call_id": spans.encode(id)})


def missing(call: bytes, id: str) -> bytes:
    """The output of a call that has none."""
    kind = f"{_read(call).type}_output"
    return spans.encode({"type": kind, "call_id": id, "output": INTERRUPTED})


def told(raw: bytes) -> list[bytes]:
    """A message of the user's: text, and the images of the output as they are."""
    item = spans.members(raw)
    if item is None:
        return [raw]
    content = spans.build_array(retold(item.get("output", b""), "input_text"))
    message = {"type": b'"message"', "role": b'"user"', "content": content}
    return [spans.build_object(message)]


def _read(raw: bytes) -> _Item:
    try:
        return _item.decode(raw)
    except spans.Malformed:
        return _EMPTY


def _call(raw: bytes) -> _Item | None:
    """The item if it calls a tool."""
    item = _read(raw) if b'_call"' in raw else _EMPTY
    return item if isinstance(item.type, str) and item.type in CALLS else None


def _word(raw: bytes) -> bytes:
    """What an item says; empty for one that says nothing the upstream reads."""
    content = bytes(_read(raw).content) if kind(raw) in ("reasoning", "text") else b""
    return b"" if is_blank(content) else content
