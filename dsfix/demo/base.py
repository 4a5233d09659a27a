"""What is played: scenes, who plays them, and what was said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from dsfix.simulator.options import Options

KEY = "sk-demo-0000000000000000"  # nobody's key: the simulator takes any


class Kind(StrEnum):
    """Who or what says a line."""

    USER = "user"
    REASONING = "reasoning"
    CALL = "call"
    RESULT = "result"
    ANSWER = "answer"
    LOST = "lost"
    ERROR = "error"


class Line(NamedTuple):
    """One thing that was said."""

    kind: Kind
    text: str


class Step(NamedTuple):
    """One run of the agent: a process of its own that works on one prompt."""

    prompt: str
    model: str
    goes_on: bool = False


class Scene(NamedTuple):
    """A conversation, why it fails, and how the simulator behaves in it."""

    title: str
    why: str
    steps: tuple[Step, ...]
    options: Options


@dataclass(frozen=True, slots=True)
class Player:
    """An agent that can play scenes.

    `command` is what must be on PATH, empty for one that comes with dsfix. `argv` gives the
    command line of a step (its folder is the conversation's own), `direct` the variables that
    lead it straight to a URL, as its user would set them. `lines` reads its output. `limit` is
    in seconds for one step.
    """

    name: str
    scenes: tuple[Scene, ...]
    argv: Callable[[Step, Path], Sequence[str]]
    direct: Callable[[str, str], Mapping[str, str]]
    lines: Callable[[str], Iterable[Line]]
    command: str = ""
    install: str = ""
    env: Mapping[str, str] | None = None
    limit: float = 20.0


class Run(NamedTuple):
    """What one process said and how it ended; `code` is None when it ran out of time."""

    lines: tuple[Line, ...]
    code: int | None


class Side(NamedTuple):
    """A scene as it went on one side.

    `refusals` counts the requests that the upstream refused for lack of reasoning; `summaries`
    are what dsfix said about its runs.
    """

    runs: tuple[Run, ...]
    refusals: int
    summaries: tuple[Mapping[str, Any], ...] = ()

    @property
    def answered(self) -> bool:
        """Whether the last prompt got its answer."""
        last = self.runs[-1]
        return last.code == 0 and bool(last.lines) and last.lines[-1].kind is Kind.ANSWER


class Played(NamedTuple):
    """One scene, both ways."""

    scene: Scene
    direct: Side
    through: Side

    @property
    def as_expected(self) -> bool:
        """Without dsfix it was refused and ended there, with dsfix it was answered."""
        refused = bool(self.direct.refusals) and not self.direct.answered
        return refused and self.through.answered


class Done(NamedTuple):
    """What dsfix did in some scenes, from its own summaries: times by repair, and reasoning."""

    repairs: Mapping[str, int]
    replayed: int
    placeholders: int

    @classmethod
    def of(cls, scenes: Iterable[Played]) -> Done:
        """The sum over these scenes."""
        repairs: Counter[str] = Counter()
        replayed = placeholders = 0
        for summary in (each for played in scenes for each in played.through.summaries):
            repairs.update({each["name"]: each["count"] for each in summary["repairs"]})
            replayed += summary["reasoning"]["replayed"]["count"]
            placeholders += summary["reasoning"]["placeholders"]["count"]
        return cls(dict(repairs.most_common()), replayed, placeholders)
