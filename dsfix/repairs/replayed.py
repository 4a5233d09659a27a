"""A conversation as it was sent, from which the next request goes on."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, field

from dsfix.protocol.body import Dialect
from dsfix.repairs.recall import Decision, Kind, Sent

# A turn's place, and its messages as they were given.
At = tuple[int, tuple[bytes, ...]]


@dataclass(slots=True)
class Replayed:
    """A conversation as it was sent, up to the end of the assistant's last turn.

    The next request brings all but the last turns back, and goes on from here. What is `known`
    are decisions for turns at their places. `out` is what became of the first `done` messages.
    `counts` is what was put into how many turns, and `seen` how often there was a key. `open` are
    the turns that are decided again once memory has learnt more of what has their names; without
    names they are each time. `learnt` is how much it had learnt when all were as they are.
    """

    dialect: Dialect
    known: dict[At, Decision]
    messages: tuple[bytes, ...] = ()
    done: int = 0
    out: list[bytes] = field(default_factory=list)
    turns: list[Sent] = field(default_factory=list)
    counts: Counter[Kind | None] = field(default_factory=Counter)
    seen: dict[str, int] = field(default_factory=dict)
    open: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    learnt: int = 0

    def add(self, turns: Sequence[tuple[At, Decision | None]]) -> None:
        """Send more turns, and what stands before each."""
        given, out, seen, kinds, done = self.messages, self.out, self.seen, [], self.done
        for (place, items), decision in turns:
            out += given[done:place]
            done = place + len(items)
            count, at = 0, len(out)
            if decision is None:
                out += items
            else:
                out += decision.items
                kinds.append(decision.kind)
                if key := decision.turn:
                    count = seen.get(key, 0)
                    seen[key] = count + 1
            self.turns.append(Sent(place, at, items, decision, count))
        self.done = done
        self.counts.update(kinds)

    def back_to(self, nth: int) -> None:
        """Forget that turn and all after it."""
        for sent in self.turns[nth:]:
            if sent.decision is not None:
                self.counts[sent.decision.kind] -= 1
                if sent.decision.turn:
                    self.seen[sent.decision.turn] -= 1
        self.done = end = 0
        if nth:
            last = self.turns[nth - 1]
            items = last.items if last.decision is None else last.decision.items
            self.done, end = last.place + len(last.items), last.at + len(items)
        del self.turns[nth:], self.out[end:], self.open[bisect_left(self.open, (nth,)) :]

    def before(self, key: str, nth: int) -> int:
        """How many turns before the nth have that key."""
        if nth == len(self.turns):
            return self.seen.get(key, 0)
        sent = self.turns[nth]
        if sent.decision is not None and sent.decision.turn == key:
            return sent.earlier
        return [each.decision.turn for each in self.turns[:nth] if each.decision].count(key)

    def undecided(self, placed: Sequence[At]) -> list[int]:
        """The turns that come next, at these places, of which nothing is known."""
        return [nth for nth, at in enumerate(placed, len(self.turns)) if at not in self.known]

    def doubtful(self, learnt: Set[str] | None) -> list[int]:
        """The open turns from the first one on of which memory has learnt more; None: of all."""
        for count, (_, names) in enumerate(self.open):
            if not names or learnt is None or not learnt.isdisjoint(names):
                return [nth for nth, _ in self.open[count:]]
        return []
