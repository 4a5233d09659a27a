"""A conversation between a user, an agent and a model, told without any dialect.

It is a list of steps. What the agent sends at some moment is what is left of the steps before:
compaction drops the old ones, and a switch of the model makes agents show their reasoning in
another way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

# How an agent shows the reasoning of a turn. The first five are what agents do when all is well,
# after a switch of the model, and with OpenCode's, pi's, Hermes' and Claude Code's readings of a
# block that is not signed; the others have been seen in histories of other vendors' models.
SHOWN = (
    "kept",
    "lost",
    "blank",
    "space",
    "leaked",
    "late",
    "unsigned",
    "redacted",
    "foreign",
    "stand-in",
)
# Those in which the reasoning is there.
_THERE = ("kept", "late", "unsigned", "foreign")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of content: `text`, or an `image` or `document` with a name of its own."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool gave: one text (`form` is `text`), several parts, or nothing at all."""

    parts: tuple[Part, ...] = ()
    form: str = "text"


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call; without a result it was interrupted."""

    id: str
    name: str
    arguments: Any
    result: Result | None


@dataclass(frozen=True, slots=True)
class Said:
    """The user's words."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Noted:
    """A message of the agent itself in the middle: `system`, or `developer` where there is that."""

    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A turn of the model. `passed`: through dsfix, which has seen its reasoning.

    `shown` is how the agent shows the reasoning when it sends the turn back.
    """

    thought: str
    text: str
    calls: tuple[Call, ...]
    passed: bool
    shown: str = "kept"
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Switched:
    """From here on another model answers, and turns before are shown in this way."""

    model: str
    shown: str


@dataclass(frozen=True, slots=True)
class Compacted:
    """From here on a summary and the last turn stand for all that was before."""

    summary: str


Step = Said | Noted | Answered | Switched | Compacted


@dataclass(frozen=True, slots=True)
class Conversation:
    """All steps of a conversation, and the name that the agent gives its session."""

    steps: tuple[Step, ...]
    session: str = ""
    model: str = "deepseek-v4-pro"

    def requests(self) -> Iterator[int]:
        """After how many steps the agent asks the model, each time."""
        for count in range(1, len(self.steps) + 1):
            step, following = self.steps[count - 1], self.steps[count : count + 1]
            if isinstance(step, (Said, Noted)):
                # What the agent notes goes out together with what stands before it.
                asks = not (following and isinstance(following[0], Noted))
            else:
                asks = isinstance(step, Answered) and bool(step.calls)
                asks = asks and bool(following) and isinstance(following[0], Answered)
            if asks:
                yield count

    def at(self, count: int) -> History:
        """What the agent sends after so many steps."""
        model, kept = self.model, list[Step]()
        for step in self.steps[:count]:
            if isinstance(step, Switched):
                model = step.model
                kept = [_shown(each, step.shown) for each in kept]
            elif isinstance(step, Compacted):
                kept = [Said((Part("text", step.summary),)), *_last_turn(kept)]
            else:
                kept.append(step)
        return History(tuple(kept), model)


@dataclass(frozen=True, slots=True)
class History:
    """What the agent sends: user's, agent's and model's steps, and the model's name."""

    steps: tuple[Step, ...]
    model: str = field(default="deepseek-v4-pro")

    def showing(self, ways: list[str]) -> History:
        """The history with its turns' reasoning shown in these ways, in order."""
        left = list(ways)
        return replace(
            self,
            steps=tuple(
                replace(step, shown=left.pop(0)) if isinstance(step, Answered) and left else step
                for step in self.steps
            ),
        )

    @property
    def answers(self) -> list[Answered]:
        """The model's turns."""
        return [step for step in self.steps if isinstance(step, Answered)]


def _shown(step: Step, way: str) -> Step:
    """The step as it is shown from now on: what an agent has lost it does not find again."""
    if not isinstance(step, Answered) or way == "kept" or step.shown not in _THERE:
        return step
    return replace(step, shown=way)


def _last_turn(steps: list[Step]) -> list[Step]:
    """The last turn of the model and what came after it."""
    for place in range(len(steps) - 1, -1, -1):
        if isinstance(steps[place], Answered):
            return steps[place:]
    return []
