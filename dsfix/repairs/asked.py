"""The turns that are decided for now: how each is named, and what memory has of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set

from dsfix.protocol.history import History
from dsfix.protocol.turns import Turn, digest
from dsfix.repairs.recall import Memory, Place


class Asked:
    """Some of the assistant's turns in a conversation, by number, but for those of no known shape.

    `sure` are those that their calls' ids tell from any other. `stored` are the names of turns of
    which memory has something, `answers` what made the calls of those that lack their reasoning.
    """

    def __init__(
        self,
        history: History,
        nths: Iterable[int],
        place: Callable[[int], Place],
        memory: Memory,
    ) -> None:
        self.turns = history.turns(nths)
        self.sure = {nth for nth, turn in self.turns.items() if turn.has_random_ids}
        self.stored: Set[str] = frozenset()
        self.answers: Mapping[str, Turn | None] = {}
        self._place, self._memory = place, memory
        texts = {nth: turn.key for nth, turn in self.turns.items() if not turn.calls}
        self._texts = {nth: (key, place(nth).previous) for nth, key in texts.items()}

    def look_up(self, nths: Set[int]) -> None:
        """Have memory ready for these, all in one go."""
        if nths:
            asked = [(self.turns[nth], self._place(nth)) for nth in nths]
            self.stored |= self._memory.prefetch(asked)

    def look_at_answers(self) -> Set[int]:
        """Learn what made the calls of turns that lack their reasoning; which turns these are."""
        lacking = {nth for nth in self.sure if self.turns[nth].reasoning is None}
        if lacking:
            self.answers = self._memory.answers([self.turns[nth].calls[0] for nth in lacking])
            self.stored |= self.answers.keys()
        return lacking

    def names(self, nth: int) -> tuple[str, ...]:
        """By which memory tells that it has learnt more of such turns."""
        return self.turns[nth].calls or self._texts[nth]

    def key(self, nth: int) -> str:
        """Its name among the placeholders sent; a common id means nothing by itself."""
        turn = self.turns[nth]
        if nth in self.sure:
            return turn.key
        if not turn.calls:
            return digest(*self._texts[nth])
        return digest(turn.key, self._place(nth).chain, turn.text, *sorted(turn.names))
