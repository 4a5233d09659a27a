"""What has to hold of each request that arrives upstream, held against what was really said."""

from __future__ import annotations

from collections import Counter

from tests.sessions.agent import Request
from tests.sessions.fault import Fault, parting
from tests.sessions.habits import Habits, Scene
from tests.sessions.prefixes import Prefixes
from tests.sessions.reasonings import Reasonings
from tests.sessions.truth import Reply
from tests.sessions.unchanged import check_rest
from tests.sessions.upstream import TOLD


class Judge:
    """Judges one session; `left` counts what was let pass, by why."""

    def __init__(self, habits: Habits, scene: Scene) -> None:
        self._habits, self._scene = habits, scene
        self.left: Counter[str] = Counter()
        self._reasonings = Reasonings(scene, self.left)
        self._prefixes = Prefixes(self._reasonings.doubtful, self.left)

    def check(self, asked: Request, anew: bytes | None) -> None:
        """Raise Fault for what does not hold; `anew` is what a new process would have sent."""
        if not asked.came:
            raise Fault("no request", f"status {asked.status} {asked.data[:300]!r}")
        if wrong := next((each for each in asked.came if each.rule not in ("", TOLD)), None):
            raise Fault("refused", f"{wrong.rule}: {wrong.text}")
        told = any(each.rule for each in asked.came)
        if asked.status >= 400 and not told:
            raise Fault("status", f"{asked.status} {asked.data[:300]!r}")
        if asked.status < 400 and anew is not None:
            _check_anew(asked, anew)
        if asked.status < 400 and asked.is_whole:
            _check_answer(asked)
        if len(asked.came) == 1 and not told and not self._is_split(asked):
            self._reasonings.check(asked)
            check_rest(self._habits, self._scene, asked)
            if not self._scene.refusals and not self._scene.density:
                self._prefixes.check(asked)

    def _is_split(self, asked: Request) -> bool:
        """Whether calls of one answer came as several, whose ids tell nobody that they were one."""
        split = any(map(self._habits.splits_up, asked.thread.replies))
        if split and self._scene.counted:
            self.left["counted ids that the agent splits into single calls"] += 1
            return True
        return False

    def learn(self, asked: Request, reply: Reply) -> None:
        """Know from now on what was answered."""
        self._reasonings.learn(asked, reply)


def _check_anew(asked: Request, anew: bytes) -> None:
    """What is sent does not depend on what the process has seen: it may be a new one."""
    live = asked.came[0].raw
    if anew != live:
        at = parting(anew, live)
        around = slice(max(0, at - 120), at + 160)
        raise Fault("anew", f"at {at} it is {anew[around]!r} anew, {live[around]!r} live")


def _check_answer(asked: Request) -> None:
    """The agent gets the words and the calls that the model made."""
    made = asked.plan.text, [*asked.plan.ids]
    if asked.arrived != made:
        raise Fault("answer", f"{made} arrived as {asked.arrived}")
