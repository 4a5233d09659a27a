"""A session from its seed to its end, or to the first thing that does not hold."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.sessions.fault import Fault
from tests.sessions.habits import Habits, Scene
from tests.sessions.moves import MOVES
from tests.sessions.session import Session

STEPS = 40
RECENT = 4  # threads, of which one is gone on with


@dataclass
class Told:
    """What came of a session: its `log`, what was `left`, and the `fault` if there is one."""

    seed: int
    habits: Habits
    scene: Scene
    requests: int
    left: Counter[str]
    log: list[str]
    fault: str

    def __str__(self) -> str:
        return f"seed {self.seed}, {self.fault}\n  {self.scene}\n  {self.habits}"


def play(seed: int) -> Told:
    """Play that session."""
    with tempfile.TemporaryDirectory() as place:
        session = Session(seed, Path(place))
        fault = _fault(session)
    return Told(
        seed,
        session.habits,
        session.scene,
        len(session.upstream.requests),
        session.judge.left,
        session.log,
        fault,
    )


def _fault(session: Session) -> str:
    """The first thing that does not hold, empty where all does."""
    with session:
        session.begin()
        for step in range(STEPS):
            (move,) = session.random.choices([*MOVES], [*MOVES.values()])
            session.log.append(f"step {step}: {move.__name__}")
            try:
                move(session, session.random.choice(session.threads[-RECENT:]))
            except Fault as fault:
                return f"step {step} ({move.__name__}): {fault}"
            _end_with_a_prompt(session)
    return ""


def _end_with_a_prompt(session: Session) -> None:
    """A thread that ends with an answer cannot be sent."""
    for thread in session.threads:
        if thread.history[-1] in thread.replies:
            thread.history.append(session.prompt())
