"""What this server has produced: the only state that rules look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Minted:
    """One answer: for which key, under which message id, with which reasoning.

    `context` stands for the messages before it, so that a text turn can be recognised.
    """

    id: str
    key: str
    reasoning: str
    text: str
    context: str
    calls: tuple[str, ...] = ()


@dataclass(slots=True)
class Ledger:
    """All answers so far, found by tool-call id or by text and what stood before it."""

    refused_once: bool = False
    _ids: set[str] = field(default_factory=set)
    _by_call: dict[str, Minted] = field(default_factory=dict)
    _thoughts: set[str] = field(default_factory=set)
    _by_text: dict[tuple[str, str], list[Minted]] = field(default_factory=dict)

    def add(self, turn: Minted) -> None:
        """Remember an answer."""
        self._ids.add(turn.id)
        self._thoughts.add(turn.reasoning)
        for call in turn.calls:
            self._by_call[call] = turn
        if not turn.calls:
            self._by_text.setdefault((turn.text, turn.context), []).append(turn)

    def knows(self, id: str) -> bool:
        """Whether an answer went out under this id, which is its signature too."""
        return id in self._ids

    def thought(self, text: str) -> bool:
        """Whether this is the reasoning of any answer, delivered in whole or not."""
        return text in self._thoughts

    def of_calls(self, ids: Iterable[str]) -> list[Minted]:
        """The answers in which these calls were made, each once."""
        found = {turn.id: turn for id in ids if (turn := self._by_call.get(id))}
        return list(found.values())

    def of_text(self, text: str, context: str) -> list[Minted]:
        """The answers with exactly this text at this place."""
        return self._by_text.get((text, context), [])

    def minted_together(self, ids: tuple[str, ...], key: str) -> bool:
        """Whether these are all calls of one answer, given to this key."""
        turns = self.of_calls(ids)
        return len(turns) == 1 and turns[0].key == key and set(turns[0].calls) == set(ids)
