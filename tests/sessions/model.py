"""What the model will say: drawn from a seed, each reasoning another one."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from random import Random
from uuid import UUID

from tests.sessions.habits import Scene
from tests.sessions.upstream import Plan
from tests.sessions.writing import TOOLS

LONG = "Finished the long and winding task that was asked for here, number"
ENDS = 14  # events behind which a stream may break off


class Model:
    """Draws answers and other words for one session."""

    def __init__(self, random: Random, scene: Scene) -> None:
        self._random, self._scene = random, scene
        self._numbers, self._calls = itertools.count(1), itertools.count(1)

    def words(self, common: Sequence[str]) -> str:
        """Some words: those that everybody says, or others that nobody has said before."""
        number = next(self._numbers)
        if self._random.random() < self._scene.common:
            return self._random.choice(common)
        return f"{self._random.choice(['Working on it, part', LONG, 'é 思考'])} {number}"

    def plan(self, *, tools: bool) -> Plan:
        """The next answer."""
        random, scene = self._random, self._scene
        plan = Plan(next(self._numbers), str(UUID(int=random.getrandbits(128))))
        if tools and random.random() < 0.6:
            plan.names = tuple(random.choices(TOOLS, k=random.choice([1, 1, 1, 2, 3])))
            plan.ids = self._ids(len(plan.names))
            plan.lasting = not scene.counted
            if random.random() < 0.4:
                plan.text = self.words(["Let me look.", "OK."])
        elif tools:
            plan.text = self.words(["Done.", "OK.", "Yes."])
        else:
            plan.text = f"A title {plan.number}"
        if plan.text and random.random() < 0.1:
            plan.text += random.choice([" ", "\n\n"])
        if random.random() > 0.07:
            because = "because " * random.choice([0, 1, 30])
            plan.reasoning = f"thought {plan.number} {plan.id[:8]}: why\n{because}so."
        self._trouble(plan)
        return plan

    def _trouble(self, plan: Plan) -> None:
        """What may go wrong with it."""
        random, scene = self._random, self._scene
        if scene.cuts and random.random() < 0.1:
            plan.cut = random.randint(1, ENDS)
        if scene.cuts and random.random() < 0.06:
            plan.ending = "incomplete"
        if scene.refusals and random.random() < 0.1:
            plan.refusals = random.choice([1, 1, 1, 2, 3])

    def _ids(self, count: int) -> tuple[str, ...]:
        """Ids of calls, as they are made in this session."""
        made = []
        for nth in range(count):
            letters = UUID(int=self._random.getrandbits(128)).hex[:24]
            ways = {
                "own": f"call_{nth:02d}_{letters}",
                "toolu": f"toolu_01{letters}",
                "zero": f"call_{nth}",
                "kimi": f"functions.Bash:{nth}",
                "kimi on": f"functions.Bash:{next(self._calls)}",
                "none": "",
                "one": "call_x",
            }
            made.append(ways[self._scene.ids])
        return tuple(made)
