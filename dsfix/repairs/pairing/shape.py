"""A history as pairing looks at it: who speaks, which calls are made, which are answered.

The algorithm knows no dialect, and a dialect no algorithm: each dialect's module is a `Wire`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from dsfix.protocol import spans
from dsfix.protocol.body import Dialect
from dsfix.protocol.history import History
from dsfix.protocol.turns import Look, Turn

INTERRUPTED = "[no result: interrupted]"
ORPHAN = "[result of a tool call that is no longer in the history]"


class Piece(msgspec.Struct, frozen=True, gc=False):
    """One message; on Responses one turn of the assistant's, or one other item.

    `calls` and `results` are the ids that it makes and answers, empty where they are missing.
    `sound` is whether it may stay as it is: its calls come last and are complete, its results
    first. The upstream does not see an `ignored` one. `turn` is the assistant's where one look at
    the message told it.
    """

    items: tuple[bytes, ...]
    assistant: bool = False
    calls: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    sound: bool = True
    ignored: bool = False
    turn: Turn | None = None


class Unit(NamedTuple):
    """What becomes a piece: a message, on Responses a whole turn of the assistant's or an item."""

    role: str
    items: tuple[bytes, ...]


class Part(NamedTuple):
    """What a piece is made of: a call or a result with its id, or something else with none."""

    raw: bytes
    id: str | None = None


class Wire(Protocol):
    """What a dialect knows of calls and results.

    Results are parts of `ONE_MESSAGE` (Messages), or messages themselves. `UNIQUE` ids are so in
    the whole history (Responses), others in their turn.
    """

    ONE_MESSAGE: bool
    UNIQUE: bool

    def piece(self, unit: Unit) -> Piece:
        """A message, or a turn of several items, read no further than its ids."""

    def voice(self, piece: Piece) -> frozenset[bytes]:
        """What the assistant says in it, reasoning and text; blank words are none."""

    def calls(self, piece: Piece) -> list[Part]:
        """Its calls; none where it cannot be taken apart."""

    def parts(self, piece: Piece) -> list[Part]:
        """All that it is made of; nothing where it cannot be taken apart."""

    def turn(self, pieces: Sequence[Piece], calls: Sequence[bytes]) -> tuple[bytes, ...]:
        """One turn that says what all of these say, and then makes these calls."""

    def call(self, raw: bytes, id: str) -> bytes:
        """The call, complete and under this id."""

    def result(self, raw: bytes, id: str) -> bytes:
        """The result under this id."""

    def missing(self, call: bytes, id: str) -> bytes:
        """The result of a call that has none."""

    def told(self, raw: bytes) -> list[bytes]:
        """A result in the user's words."""

    def placed(
        self, results: Sequence[bytes], rest: Sequence[tuple[Piece, list[bytes] | None]]
    ) -> list[bytes]:
        """The messages behind a turn: these results, then what else there is.

        That is each piece with what is left of its parts, None where it has not been touched.
        """


def units(history: History, at: int = 0) -> list[tuple[int, int]]:
    """Where each unit starts and ends, from that item on, on a wire where a turn is several items.

    There another turn begins, or what is in none.
    """
    found: list[tuple[int, int]] = []
    first = bisect_left(history.assistants, at)
    for start, stop in zip(history.assistants[first:], history.stops[first:], strict=True):
        found += [(place, place + 1) for place in range(at, start)]
        found.append((start, stop))
        at = stop
    return found + [(place, place + 1) for place in range(at, len(history.messages))]


def pieces_of(history: History, wire: Wire, at: int = 0) -> list[Piece]:
    """The pieces of a history from that message on; a look at each has told most of them."""
    looks = history.looks
    if history.dialect is not Dialect.RESPONSES:
        return [_told(look, wire) for look in looks[at:]]
    return [_unit(history, start, looks[start:stop], wire) for start, stop in units(history, at)]


def _unit(history: History, start: int, looks: Sequence[Look], wire: Wire) -> Piece:
    if looks[0].role != "assistant":
        return _told(looks[0], wire)
    items = history.messages[start : start + len(looks)]
    turn = history.turn(bisect_left(history.assistants, start))
    if turn is None or len(turn.calls) != [look.plain for look in looks].count(True):
        return wire.piece(Unit("assistant", items))
    return Piece(items, True, turn.calls)


def _told(look: Look, wire: Wire) -> Piece:
    if not look.plain:
        return wire.piece(Unit(look.role, (look.raw,)))
    turn = look.turn
    if turn is None:
        return Piece((look.raw,), results=look.results)
    return Piece((look.raw,), True, turn.calls, turn=turn)


def placed(
    results: Sequence[bytes], rest: Sequence[tuple[Piece, list[bytes] | None]]
) -> list[bytes]:
    """The results, where each is a message or an item, and after them the rest."""
    left = (piece.items if parts is None else parts for piece, parts in rest)
    return [*results, *(raw for each in left for raw in each)]


def having(raw: bytes, members: Mapping[str, bytes]) -> bytes:
    """The object with these members; the same bytes where it has them already."""
    return raw if spans.members(raw) == members else spans.build_object(members)


def text(value: Any) -> str:
    """An id as it can be sent; empty for anything but a text."""
    return value if isinstance(value, str) else ""


def is_blank(raw: bytes) -> bool:
    """Whether a member that should hold words holds none."""
    if raw in (b"", b"null", b'""', b"[]"):
        return True
    value = spans.value(raw)
    return isinstance(value, str) and not value.strip()


def retold(content: bytes, kind: str) -> list[bytes]:
    """The content of a result as parts of this kind, behind words that say what it is."""
    words, rest = ORPHAN, spans.items(content) or []
    if not rest and not is_blank(content):
        value = spans.value(content)
        words += "\n" + (value if isinstance(value, str) else content.decode("utf-8", "replace"))
    return [spans.encode({"type": kind, "text": words}), *rest]
