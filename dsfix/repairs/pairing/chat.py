"""Calls and results on Chat: a list in the assistant's message, and a message for each result.

"An assistant message with 'tool_calls' must be followed by tool messages responding to each
'tool_call_id'" (NousResearch/hermes-agent#29148; gptme/gptme#3421, 2026-08-03). An id may come
again in a later turn. Arguments must be there (neuron-core/neuron-ai#498, 2026-02-25) and need
not be JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from dsfix.protocol import spans
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
UNIQUE = False
_NOTHING = msgspec.Raw()


class _Function(msgspec.Struct):
    arguments: msgspec.Raw = _NOTHING


class _Call(msgspec.Struct):
    id: Any = None
    function: _Function | None = None


class _Message(msgspec.Struct):
    tool_calls: list[_Call] | None = None
    tool_call_id: Any = None


class _Words(msgspec.Struct):
    content: msgspec.Raw = _NOTHING
    reasoning_content: msgspec.Raw = _NOTHING


_message = msgspec.json.Decoder(_Message)
_words = msgspec.json.Decoder(_Words)


def piece(unit: Unit) -> Piece:
    """A message; only one with calls or of the role `tool` is read."""
    role, (raw,) = unit
    if role == "tool":
        message = _read(raw)
        return Piece((raw,), results=(text(message.tool_call_id if message else None),))
    if role == "assistant" and b'"tool_calls"' in raw:
        message = _read(raw)
        made = (message and message.tool_calls) or []
        whole = all(each.function and spans.is_text(each.function.arguments) for each in made)
        return Piece((raw,), True, tuple(text(each.id) for each in made), sound=whole)
    return Piece((raw,), role == "assistant")


def voice(piece: Piece) -> frozenset[bytes]:
    """What the assistant says in it, reasoning and text."""
    try:
        words = _words.decode(piece.items[0])
    except spans.Malformed:
        return frozenset()
    said = (bytes(words.content), bytes(words.reasoning_content))
    return frozenset(raw for raw in said if not is_blank(raw))


def calls(piece: Piece) -> list[Part]:
    """The entries of its list."""
    message = spans.members(piece.items[0])
    listed = spans.items((message or {}).get("tool_calls", b"[]")) or []
    return [Part(raw, id) for raw, id in zip(listed, piece.calls, strict=False)]


def parts(piece: Piece) -> list[Part]:
    """The message as it is."""
    return [Part(piece.items[0], id) for id in piece.results]


def turn(pieces: Sequence[Piece], calls: Sequence[bytes]) -> tuple[bytes, ...]:
    """One message with what all of these say, each thing once, and these calls."""
    found = [spans.members(piece.items[0]) for piece in pieces]
    read = [message for message in found if message is not None]
    if len(read) < len(pieces):
        return tuple(piece.items[0] for piece in pieces)
    first = read[0]
    if len(read) == 1 and spans.items(first.get("tool_calls", b"[]")) == list(calls):
        return pieces[0].items
    whole: dict[str, bytes] = {}
    for message in read:
        whole = {**message, **whole}
    whole = {**first, **whole}
    for name in ("content", "reasoning_content"):
        said = [message[name] for message in read if not is_blank(message.get(name, b""))]
        if said:
            whole[name] = _joined(list(dict.fromkeys(said)))
    return (spans.build_object({**whole, "tool_calls": spans.build_array(calls)}),)


def call(raw: bytes, id: str) -> bytes:
    """The call under this id; its arguments must be a text."""
    made = spans.members(raw)
    if made is None:
        return raw
    function = spans.members(made.get("function", b""))
    given = (function or {}).get("arguments", b"null")
    if function is not None and not spans.is_text(given):
        words = "{}" if given == b"null" else given.decode("utf-8", "replace")
        function = {**function, "arguments": spans.encode(words)}
        made = {**made, "function": spans.build_object(function)}
    return having(raw, {**made, "id": spans.encode(id)})


def result(raw: bytes, id: str) -> bytes:
    """The result under this id."""
    message = spans.members(raw)
    return raw if message is None else having(raw, {**message, "tool_call_id": spans.encode(id)})


def missing(call: bytes, id: str) -> bytes:
    """The result of a call that has none."""
    return spans.encode({"role": "tool", "tool_call_id": id, "content": INTERRUPTED})


def told(raw: bytes) -> list[bytes]:
    """A message of the user's: text, and the images of the result as they are."""
    message = spans.members(raw)
    if message is None:
        return [raw]
    words, *images = retold(message.get("content", b""), "text")
    content = spans.build_array([words, *images])
    if not images:
        content = spans.encode(spans.value(words)["text"])
    return [spans.build_object({"role": b'"user"', "content": content})]


def _read(raw: bytes) -> _Message | None:
    try:
        return _message.decode(raw)
    except spans.Malformed:
        return None


def _joined(said: Sequence[bytes]) -> bytes:
    """Several words as one: texts with a blank line between, or all parts in a list."""
    values = [spans.value(raw) for raw in said]
    if len(said) == 1:
        return said[0]
    if all(isinstance(value, str) for value in values):
        return spans.encode("\n\n".join(values))
    listed = [
        spans.items(raw) or [spans.encode({"type": "text", "text": value})]
        for raw, value in zip(said, values, strict=True)
    ]
    return spans.build_array(part for each in listed for part in each)
