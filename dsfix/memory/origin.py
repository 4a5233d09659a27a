"""The memory of one upstream, as the repairs ask it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from dsfix.memory.ram import ALIKE
from dsfix.memory.recall import LONG, Stored, begins, chosen, is_another, unleaked
from dsfix.memory.rows import as_json
from dsfix.memory.store import Store
from dsfix.protocol.turns import Reasoning, Turn, is_random
from dsfix.repairs.base import Step
from dsfix.repairs.recall import Decision, Found, Place


@dataclass(frozen=True, slots=True)
class OriginMemory:
    """What `repairs.recall.Memory` asks for; reasoning never crosses to another upstream."""

    store: Store
    origin: str

    def recall(self, turn: Turn, place: Place) -> Found | None:
        """The reasoning of exactly this turn; None when unknown or ambiguous."""
        return self._by_calls(turn, place) if turn.calls else self._by_text(turn, place)

    def remember(self, turn: Turn, place: Place) -> None:
        """Keep a turn that the upstream answered with; one that says nothing is not kept.

        What else has its name is read now, while nobody waits: the next request asks for that.
        """
        if turn.calls or turn.text:
            self.prefetch([(turn, place)])
            self.store.add(self.origin, [Stored.of(turn, place)])

    def learn(self, turns: Sequence[tuple[Turn, Place]]) -> None:
        """Keep turns that the agent sent with reasoning of its own, but for those that are known.

        It was sent, so it must be sent again should the agent lose it later: reasoning from
        before dsfix was used, and known turns that compaction has put behind another message.
        """
        self.prefetch(turns)
        new = (Stored.of(turn, place) for turn, place in turns if not self.knows(turn, place))
        self.store.add(self.origin, new)

    def knows(self, turn: Turn, place: Place) -> bool:
        """Whether the turn is stored: one with random ids anywhere, any other at this place.

        One that says nothing never is, and need not be waited for.
        """
        if not turn.calls and not turn.text:
            return True
        if not turn.calls:
            key, here = turn.key, (place.previous, place.session)
            stored = self.store.candidates(self.origin, "key", key)
            if len(stored) >= ALIKE:  # it may be older
                stored += self.store.candidates(self.origin, "previous", place.previous)
            return any(each.key == key and (each.previous, each.session) == here for each in stored)
        if not turn.has_random_ids:
            return any(each.stood_at(place) for each in self._at(turn, place))
        return bool(self.store.candidates(self.origin, "call", turn.calls[0]))

    def prefetch(self, turns: Sequence[tuple[Turn, Place]]) -> Set[str]:
        """Read what `recall` looks at for these turns at their places; the names that are known.

        Of ids that are counted those behind the same chain are read; where there are none, all.
        """
        calls: list[str] = []
        counted: list[tuple[str, str]] = []
        texts: list[tuple[str, str]] = []
        for turn, place in turns:
            if turn.has_random_ids:
                calls.append(turn.calls[0])
            elif turn.calls:
                counted.append((turn.calls[0], place.chain))
            else:
                texts.append((turn.key, place.previous))
        placed = self.store.prefetch(self.origin, "chain", [chain for _, chain in counted])
        calls += [call for call, chain in counted if chain not in placed]
        keys = self.store.prefetch(self.origin, "key", [key for key, _ in texts])
        others = [previous for key, previous in texts if key not in keys]
        near = self.store.prefetch(self.origin, "previous", others)
        stored = self.store.prefetch(self.origin, "call", calls)
        here = (call for call, chain in counted if chain in placed)
        return {*keys, *near, *stored, *here}

    def answers(self, calls: Sequence[str]) -> Mapping[str, Turn | None]:
        """The answers that made these calls, less their texts; None where there are several."""
        return self.store.answers(self.origin, calls)

    def together(self, calls: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """For each of these calls that is known for sure, all calls of the answer that made it.

        An id that is no random one may be any answer's.
        """
        sure = [call for call in calls if is_random(call)]
        self.store.prefetch(self.origin, "call", sure)
        found = {call: self.store.candidates(self.origin, "call", call) for call in sure}
        return {
            call: frozenset(max(stored, key=lambda each: len(each.calls)).calls)
            for call, stored in found.items()
            if stored
        }

    def learnt(self, since: int) -> tuple[int, Set[str] | None]:
        """What has been kept since, whatever upstream it is of."""
        return self.store.learnt(since)

    def decided(self, conversation: str) -> dict[tuple[int, tuple[bytes, ...]], Decision]:
        """What was decided in this conversation, for as long as it is among the recent ones."""
        return self.store.recent.of(self._thread(conversation)).decided

    def seen(self, conversation: str, messages: tuple[bytes, ...]) -> dict[str, Any]:
        """What repairs found out about the last request of a thread in a conversation."""
        return self.store.recent.seen(self._thread(conversation), messages)

    def sent(self, conversation: str) -> Mapping[str, Reasoning]:
        """The placeholders once sent in that conversation, by turn."""
        return self.store.thread(self._thread(conversation)).sent

    def remember_sent(self, conversation: str, placeholders: Mapping[str, Reasoning]) -> None:
        """Keep what was sent for these turns, so that it is sent again byte for byte."""
        name, kept = self._thread(conversation), dict(placeholders)
        self.store.thread(name).sent.update(kept)
        # In one statement: the loop does not run while Python makes hundreds of them.
        self.store.write(
            "INSERT OR REPLACE INTO sent (conversation, turn, reasoning, used)"
            " SELECT ?, key, value, at FROM json_each(?), (SELECT ? AS at)",
            lambda: (name, as_json({turn: text.blocks for turn, text in kept.items()})),
        )

    def step(self, conversation: str) -> Step:
        """The recovery step at which this conversation's requests start."""
        return self.store.thread(self._thread(conversation)).step

    def remember_step(self, conversation: str, step: Step, *, kept: bool) -> None:
        """Go on at the step that worked; on disk only where the conversation has a sure name."""
        name = self._thread(conversation)
        self.store.thread(name).step = step
        if kept:
            self.store.write(
                "INSERT OR REPLACE INTO recovery (conversation, step, used) VALUES (?,?,?)",
                lambda: (name, int(step)),
            )

    def _thread(self, conversation: str) -> str:
        return f"{self.origin} {conversation}"

    def _known(self, by: str, value: str, place: Place) -> tuple[Stored, ...]:
        """The turns under that name: what is in RAM only where one stands at this very place.

        A conversation that one process has held may go on in another, which has asked for the same
        words or the same counted ids before.
        """
        found = self.store.candidates(self.origin, by, value)
        if not found:
            return found
        here = place.chain, place.session
        if any([(each.chain, each.session) == here for each in found]):
            return found
        return self.store.candidates(self.origin, by, value, anew=True)

    def _sure(self, by: str, value: str, place: Place) -> tuple[Stored, ...]:
        """Those of the turns under that name that can be the one meant.

        Where there are more than are looked at, it may be older: then only one at this very place.
        """
        found = self._known(by, value, place)
        if len(found) < ALIKE:
            return found
        placed = self._known("chain", place.chain, place)
        return tuple([each for each in placed if (by, value) in each.found_by])

    def _by_calls(self, turn: Turn, place: Place) -> Found | None:
        call = turn.calls[0]
        if is_random(call):
            one = _made(self.store.candidates(self.origin, "call", call), turn, place)
        else:
            one = _made(self._at(turn, place), turn, place)
            one = one or _made(self._known("call", call, place), turn, place)
        if one is None:
            return None
        here = not is_random(call) and self._in_session(one, place)
        return Found(one.reasoning, unleaked(turn, one), here)

    def _at(self, turn: Turn, place: Place) -> tuple[Stored, ...]:
        """The turns with these counted ids at this very place, of which there is mostly one."""
        found = self._known("chain", place.chain, place)
        return tuple([each for each in found if turn.calls[0] in each.calls])

    def _by_text(self, turn: Turn, place: Place) -> Found | None:
        if not turn.text:
            return None
        key, previous = turn.key, place.previous
        same = self._sure("key", key, place)
        exact = [e for e in same if e.previous == previous and not is_another(e, turn, place)]
        near = () if exact else self._known("previous", previous, place)
        if not exact:
            others = self._sure("previous", previous, place)
            exact = [e for e in others if e.key == key and not is_another(e, turn, place)]
        if exact:
            one = chosen(exact, turn, place)
            return Found(one.reasoning, None, self._in_session(one, place)) if one else None
        if not same and not near:  # of what nobody has seen, that is all
            return None
        leaked = {
            each: texts
            for each in near
            if not each.calls and (texts := unleaked(turn, each)) is not None
        }
        if one := chosen(list(leaked), turn, place):
            return Found(one.reasoning, leaked[one])
        return self._moved(turn, same, place) or self._cut(turn, near, place)

    def _in_session(self, one: Stored, place: Place) -> bool:
        """Whether the turn stood at this place, in this session or in one that this goes on from.

        A fork has a name of its own. What it brings along is kept under that as well: once moved,
        it would be taken for a later turn of the fork that says the same.
        """
        if one.stood_at(place):
            return True
        own = replace(one, session=place.session)
        if not place.session or not own.stood_at(place):
            return False
        self.store.add(self.origin, [own])
        return True

    def _moved(self, turn: Turn, same: tuple[Stored, ...], place: Place) -> Found | None:
        """The turn that now stands behind another message: by session, or by a text that is long.

        Compaction does that (Claude Code 2.1.197 keeps the last turn behind a summary, under the
        same session id; measured 2026-11-21), and so does a user who edits a prompt. What still
        stands where it was has not moved; of several nobody knows which it was, for the last one
        may have been taken back. What is found is kept for its new place.
        """
        named = [each for each in same if place.session and each.session == place.session]
        found = named or (list(same) if len(turn.text) >= LONG else [])
        found = [each for each in found if not place.has(turn.key, each.previous)]
        if len({each.reasoning for each in found}) != 1:
            return None
        moved = Stored.of(turn.reasoned(found[0].reasoning), place)
        self.store.add(self.origin, [moved])
        return Found(found[0].reasoning)

    def _cut(self, turn: Turn, near: tuple[Stored, ...], place: Place) -> Found | None:
        """The turn of which an interrupted agent kept no more than the beginning.

        It is the one at this place, or one of the session, if that has a name, that stands nowhere
        else: many begin with the same words.
        """
        begun = [each for each in near if not each.calls and begins(each, turn.text)]
        here = [each for each in begun if each.chain == place.chain]
        named = [each for each in begun if place.session and each.session == place.session]
        left = [each for each in named if not place.has(each.key, each.previous)]
        one = chosen(here or left, turn, place)
        return Found(one.reasoning) if one else None


def _made(found: tuple[Stored, ...], turn: Turn, place: Place) -> Stored | None:
    """The one that made these calls, all of them."""
    fits = found
    if any([each.calls != turn.calls for each in found]):
        wanted = set(turn.calls)
        fits = tuple([each for each in found if set(each.calls) == wanted])
        if not fits:  # a turn that was cut or split later
            fits = tuple([each for each in found if set(each.calls) > wanted])
    return chosen(fits, turn, place)
