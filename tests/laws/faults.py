"""What can be wrong with a history, and how a test picks a place for it.

A fault gets the messages of a request and gives them back with one thing broken. Messages that it
does not touch are the same objects afterwards; so a test can tell them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
Message = dict[str, Any]
History = list[Message]


class Nowhere(Exception):
    """The history has no place for this fault."""


@dataclass(frozen=True, slots=True)
class Pick:
    """Chooses places and ways."""

    draw: st.DrawFn

    def of(self, choices: Sequence[T]) -> T:
        """One of these; raises Nowhere when there is none."""
        if not choices:
            raise Nowhere
        return self.draw(st.sampled_from(choices))

    def flag(self) -> bool:
        """Yes or no."""
        return self.draw(st.booleans())

    def order(self, values: Sequence[T]) -> list[T]:
        """The same values in any order."""
        return list(self.draw(st.permutations(values)))


Break = Callable[[Pick, History], History]


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault. `repairs` are the entries of the registry that it needs."""

    name: str
    broken: Break
    repairs: frozenset[str]


def fault(name: str, broken: Break, *repairs: str) -> Fault:
    """A fault that these repairs put right."""
    return Fault(name, broken, frozenset(repairs))


def replaced(messages: History, at: int, *instead: Message) -> History:
    """The messages with others in one's place."""
    return [*messages[:at], *instead, *messages[at + 1 :]]


def inserted(messages: History, at: int, *more: Message) -> History:
    """The messages with more of them before one."""
    return [*messages[:at], *more, *messages[at:]]


def noted(*roles: str) -> Break:
    """A message of one of these roles anywhere."""

    def broken(pick: Pick, messages: History) -> History:
        note = {"role": pick.of(roles), "content": "a note"}
        return inserted(messages, pick.of(range(len(messages) + 1)), note)

    return broken


def changed(holder: Message, name: str, value: Any) -> Message:
    """The object with that member set last; `...` takes it away."""
    rest = {key: each for key, each in holder.items() if key != name}
    return rest if value is ... else {**rest, name: value}


def gone(pick: Pick, messages: History) -> History:
    """A message is lost."""
    if len(messages) < 2:
        raise Nowhere
    at = pick.of(range(len(messages)))
    return messages[:at] + messages[at + 1 :]


def twice(pick: Pick, messages: History) -> History:
    """A message is there twice."""
    at = pick.of(range(len(messages)))
    return inserted(messages, at, messages[at])


def swapped(pick: Pick, messages: History) -> History:
    """Two neighbours stand in the wrong order."""
    at = pick.of(range(len(messages) - 1))
    return [*messages[:at], messages[at + 1], messages[at], *messages[at + 2 :]]


def cut(pick: Pick, messages: History) -> History:
    """The history ends early, wherever that is."""
    return messages[: pick.of(range(1, len(messages) + 1))]


def beheaded(pick: Pick, messages: History) -> History:
    """The history begins late, as after a clumsy compaction."""
    return messages[pick.of(range(len(messages))) :]


COMMON = (
    fault("message lost", gone, "tool-pairing"),
    fault("message twice", twice, "tool-pairing"),
    fault("messages swapped", swapped, "tool-pairing"),
    fault("history cut", cut, "tool-pairing"),
    fault("history beheaded", beheaded, "tool-pairing"),
)
