"""What the repairs ask memory, and what they decide for a turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

import msgspec

from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import History
from dsfix.protocol.turns import Reasoning, Turn


class Found(msgspec.Struct, frozen=True, gc=False):
    """What memory knows of a turn: its reasoning, and its visible texts where they had leaked.

    `texts` is None unless the agent shows the reasoning as visible text. `here` is whether it was
    given at this very place, as which there is no other where an id or a text is a common one.
    """

    reasoning: Reasoning
    texts: tuple[str, ...] | None = None
    here: bool = False


class Kind(StrEnum):
    """What was put into an assistant's message; the value is how the record words it."""

    REAL = "real reasoning replayed"
    LEAKED = "real reasoning replayed, and taken out of the visible text"
    PLACEHOLDER = "placeholder, reasoning not known"
    FORM = "reasoning put into the form the upstream reads"


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What is sent for one assistant turn: its messages, and what was put into them if anything.

    `turn` is the key of the turn. The decision holds `until` memory learns a turn of one of these
    names; without names it is made for each request, and None is for good.
    """

    items: tuple[bytes, ...]
    kind: Kind | None = None
    turn: str = ""
    until: tuple[str, ...] | None = None


class Sent(msgspec.Struct, frozen=True, gc=False):
    """A turn of the assistant's as it is sent.

    It begins at `place` in what was given and at `at` in what is sent. `items` are its messages as
    they were given, `decision` is None where they are of no known shape. There are `earlier`
    turns of the decision's key.
    """

    place: int
    at: int
    items: tuple[bytes, ...]
    decision: Decision | None
    earlier: int


class Length(NamedTuple):
    """What the upstream said of the length of a conversation's prompt.

    `density` is tokens to a byte, as it counted the last request (0 while it has not), and
    `shed` the bytes of replayed reasoning that must go, because it found this one too long.
    """

    density: float = 0.0
    shed: int = 0


class Place(msgspec.Struct, frozen=True):
    """Where an assistant's turn stands in a conversation; read no further than is asked for.

    `index` is its message, or the number of messages for the answer still to come. `session` is
    the agent's own name for its session, which survives resuming and compaction; empty if it
    gives none.
    """

    history: History
    index: int
    session: str = ""

    @property
    def previous(self) -> str:
        """Key of the user's turn before."""
        return self.history.previous(self.index)

    @property
    def chain(self) -> str:
        """Key of all that stands before."""
        return self.history.chain(self.index)

    @property
    def renames(self) -> bool:
        """Whether calls are sent under other ids where theirs come again: then those are places."""
        return self.history.dialect is Dialect.RESPONSES

    def holds(self, key: str, chain: str) -> bool:
        """Whether the turn of that key stands in the history, behind all that it stood behind."""
        nth = self.history.behind(chain)
        return nth is not None and (turn := self.history.turn(nth)) is not None and turn.key == key

    def has(self, key: str, previous: str) -> bool:
        """Whether another turn of that key stands in the history, behind that user's turn."""
        return any(
            self.history.previous(index) == previous
            for nth, index in enumerate(self.history.assistants)
            if index != self.index and (turn := self.history.turn(nth)) and turn.key == key
        )


class Memory(Protocol):
    """Reasoning by turn, as the repairs see it. Never raises; what it does not know is None."""

    def recall(self, turn: Turn, place: Place) -> Found | None:
        """The reasoning of exactly this turn; None when unknown or ambiguous."""

    def knows(self, turn: Turn, place: Place) -> bool:
        """Whether this turn need not be learnt at this place."""

    def sent(self, conversation: str) -> Mapping[str, Reasoning]:
        """The placeholders once sent in that conversation, by turn."""

    def prefetch(self, turns: Sequence[tuple[Turn, Place]]) -> Set[str]:
        """Be ready for `recall` of these turns at their places, in one look-up; what is known.

        That is told by names: the first call of a turn, or its key or that of the user's turn
        before it.
        """

    def answers(self, calls: Sequence[str]) -> Mapping[str, Turn | None]:
        """The answers known to have made these calls, less their texts, in one look-up.

        Of random ids, and with its reasoning not in the text, it is what `recall` finds. None where
        there are several, which `recall` tells apart.
        """

    def together(self, calls: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """For each of these calls that is known for sure, all calls of the answer that made it."""

    def learnt(self, since: int) -> tuple[int, Set[str] | None]:
        """What has been kept since: how many turns there were in all, and what names the new ones.

        A turn is named by its calls; without any, by its key and the user's turn before it; and by
        the chain before it. None where that is longer ago than anybody remembers.
        """

    def decided(self, conversation: str) -> dict[tuple[int, tuple[bytes, ...]], Decision]:
        """What was decided in this conversation for a turn at a place; kept by the caller."""

    def seen(self, conversation: str, messages: tuple[bytes, ...]) -> dict[str, Any]:
        """What repairs found out about the last request that these messages go on from.

        It is kept by the caller; of one conversation there may be several that grow.
        """

    def remember_sent(self, conversation: str, placeholders: Mapping[str, Reasoning]) -> None:
        """Keep what was sent for these turns, so that it is sent again byte for byte."""


def history_of(body: Body, seen: dict[str, Any], name: str, near: History | None = None) -> History:
    """The history that a body carries; it goes on from the one `seen` last under that name.

    Sub-agents with one prompt may be one conversation: then it goes on as far as they agree. Most
    of its messages are those of one `near` it.
    """
    history = seen[name] = History.of(body, seen.get(name), near)
    return history
