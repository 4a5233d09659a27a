"""Whether each turn goes upstream with the reasoning that it was given.

A placeholder may stand only where nobody can know. What is known and left is let pass by name.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

from dsfix.repairs.placeholder import is_ours
from tests.sessions.agent import Request
from tests.sessions.fault import Fault
from tests.sessions.habits import Scene
from tests.sessions.model import LONG
from tests.sessions.truth import Place, Reply, Thread, place_of
from tests.support.strict_base import Turn
from tests.support.strict_rules import WIRES, turns


class Reasonings:
    """Knows what was given and where. `doubtful` are placeholders for what may have been known before."""

    def __init__(self, scene: Scene, left: Counter[str]) -> None:
        self._scene, self._left = scene, left
        self.doubtful: set[str] = set()
        self._stood_in: dict[tuple[str, str, str], int] = {}
        # The replies that were given, or have stood, at a place.
        self._at: defaultdict[Place, list[Reply]] = defaultdict(list)

    def learn(self, asked: Request, reply: Reply) -> None:
        """Know from now on what was answered."""
        self._at[asked.thread.place].append(reply)

    def check(self, asked: Request) -> None:
        """Raise Fault for a turn with another's reasoning, and for a placeholder without need."""
        thread, received = asked.thread, asked.came[0]
        replies = thread.replies
        if not thread.tools and not any(reply.calls for reply in replies):
            return
        found = turns(received.dialect, received.body)
        if len(found) != len(replies):
            raise Fault("turns", f"{len(found)} upstream, {len(replies)} given")
        off = WIRES[received.dialect].is_off(received.body)
        stand_ins: list[str] = []
        for index, reply in enumerate(thread.history):
            if isinstance(reply, Reply):
                turn, place = found.pop(0), place_of(thread, index)
                if not off or (turn.reasoning or "").strip():
                    self._check(thread, place, reply, turn, stand_ins)
                self._at[place].append(replace(reply))
        if len(set(stand_ins)) != len(stand_ins):
            raise Fault("distinct", f"one placeholder on several turns: {stand_ins}")

    def _check(
        self, thread: Thread, place: Place, reply: Reply, turn: Turn, stand_ins: list[str]
    ) -> None:
        said = turn.reasoning or ""
        if not said.strip():
            raise Fault("none", f"no reasoning on {reply}")
        if said == reply.reasoning:
            return
        if reply.is_shown and reply.reasoning and not self._scene.refusals:
            raise Fault("changed", f"{reply} had its own, sent was {said[:60]!r}")
        if is_ours(said) or (self._scene.stand_in and said.startswith(self._scene.stand_in)):
            stand_ins.append(said)
            self._check_stand_in(thread, place, reply, said)
        elif not reply.certain:
            if not (reply.reasoning or "").startswith(said):
                # Of an answer that was cut only text is kept, and it may be like another's.
                self._left["a cut answer has another's reasoning"] += 1
        elif place != reply.place and said in self._twins(place, reply):
            self._left["a moved turn has its twin's reasoning"] += 1
        else:
            where = "here" if place == reply.place else "moved"
            raise Fault("another's", f"{reply} ({where}) has {said[:30]!r}")

    def _twins(self, place: Place, reply: Reply) -> set[str | None]:
        """What was thought in what nobody can tell from a reply that has moved.

        That is what stood there before and says the same; and of a text that came from another
        session and stood behind something else, what this session has said in the same words.
        """
        was = reply.place
        if was is None or reply.calls or was.session == place.session or was[1:] == place[1:]:
            return self._alike(place, reply)
        said = (
            each for at, known in self._at.items() if at.session == place.session for each in known
        )
        return {each.reasoning for each in said if each.key == reply.key}

    def _alike(self, place: Place, reply: Reply) -> set[str | None]:
        """What was thought in all that may be this reply."""
        return {each.reasoning for each in self._at[place] if _may_be(reply, each)}

    def _check_stand_in(self, thread: Thread, place: Place, reply: Reply, said: str) -> None:
        alike = self._alike(place, reply)
        name = place.session, place.root, said.rpartition(": ")[2]
        # What was sent for a turn once is sent again, for what comes under the same name too.
        if len(alike) > 1 or name in self._stood_in:
            self.doubtful.add(said)
        if self._stood_in.setdefault(name, reply.number) != reply.number:
            self._left["a placeholder that was sent before"] += 1
            return
        if reply.reasoning is None or not reply.certain:
            return
        if self._scene.refusals or self._scene.density:  # then a placeholder is what helps
            return
        if reply.calls and not self._scene.counted:
            raise Fault("lost", f"{reply} has random ids, sent was {said}")
        if _is_behind_a_leak(thread, reply):
            self._left["a turn behind reasoning shown as text"] += 1
            self.doubtful.add(said)
            return
        if place == reply.place and alike == {reply.reasoning}:
            raise Fault("lost", f"{reply} stands where it was given, sent was {said}")
        # A wrong reasoning is worse than a placeholder, so what is not certain gets none.
        self._left["a turn that moved, or is like another"] += 1


def _may_be(reply: Reply, known: Reply) -> bool:
    """Whether nothing tells it from a known one: calls may have been dropped, or nobody knows."""
    same = reply.text.strip() == known.text.strip()
    ids = {call.id for call in reply.calls} <= {call.id for call in known.calls}
    return not known.certain or (same and ids and bool(reply.calls) == bool(known.calls))


def _is_behind_a_leak(thread: Thread, reply: Reply) -> bool:
    """Whether other words stand before it than did, and it has no name or words of its own."""
    before = thread.history[: thread.history.index(reply)]
    leaked = any(isinstance(each, Reply) and each.leaks for each in before)
    return leaked and (bool(reply.calls) or not reply.text.startswith(LONG))
