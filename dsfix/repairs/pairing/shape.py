"""A history as pairing looks at it: who speaks, which calls are made, which are answered.

The algorithm knows no dialect, and a dialect no algorithm: each dialect's module is a `Wire`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from dsfix.protocol import spans
from dsfix.protocol.history import History
from dsfix.protocol.turns import Turn

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


def units(history: History, at: int = 0) -> list[Unit]:
    """The history of a dialect whose turns are several items, unit by unit from that item on.

    There another turn begins, or what is in none.
    """
    found: list[Unit] = []
    for nth in range(bisect_left(history.assistants, at), len(history.assistants)):
        start = history.assistants[nth]
        found += map(_alone, history.roles[at:start], history.messages[at:start])
        found.append(Unit(history.roles[start], history.items(nth)))
        at = history.stops[nth]
    found += map(_alone, history.roles[at:], history.messages[at:])
    return found


def _alone(role: str, raw: bytes) -> Unit:
    return Unit(role, (raw,))


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


def is_text(raw: bytes) -> bool:
    """Whether a raw value is a string; a span still in its buffer will do."""
    return bytes(memoryview(raw)[:1]) == b'"'


def retold(content: bytes, kind: str) -> list[bytes]:
    """The content of a result as parts of this kind, behind words that say what it is."""
    words, rest = ORPHAN, spans.items(content) or []
    if not rest and not is_blank(content):
        value = spans.value(content)
        words += "\n" + (value if isinstance(value, str) else content.decode("utf-8", "replace"))
    return [spans.encode({"type": kind, "text": words}), *rest]
