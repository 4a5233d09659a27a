"""What was said in a session and by whom: the truth that every request is held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

# What tells a reply from others at its place: the ids of its calls, else its text.
Key: TypeAlias = frozenset[str] | str


class Called(NamedTuple):
    """One tool call of a reply."""

    id: str
    name: str
    arguments: dict[str, Any]


@dataclass
class Prompt:
    """Words of the user's."""

    number: int
    text: str

    def __str__(self) -> str:
        return f"user {self.number} {self.text[:16]!r}"


@dataclass
class Note:
    """Words of the agent's own, said as the system in the middle of a conversation."""

    number: int
    text: str

    def __str__(self) -> str:
        return f"note {self.number}"


@dataclass
class Result:
    """What a call came to."""

    number: int
    call: str
    text: str

    def __str__(self) -> str:
        return f"result of {self.call[-6:]}"


@dataclass
class Reply:
    """An answer of the model's, with the `reasoning` that it gave; None where it gave none.

    `place` is where it was given, None for words that no model gave. It is not `certain` where it broke off, so
    that nobody knows how much arrived. `shown` is what the agent makes of the reasoning from then
    on, and `form` what it makes of the whole turn.
    """

    number: int
    text: str
    calls: tuple[Called, ...] = ()
    reasoning: str | None = None
    signature: str = ""
    place: Place | None = None
    certain: bool = True
    shown: str = "kept"
    form: str = ""

    @property
    def key(self) -> Key:
        """What tells it from others."""
        return frozenset(call.id for call in self.calls) or self.text.strip()

    @property
    def leaks(self) -> bool:
        """Whether the agent shows the reasoning as if it had been said."""
        return self.form == "leaked" and bool(self.reasoning)

    @property
    def is_shown(self) -> bool:
        """Whether the agent sends the reasoning where it belongs."""
        return self.shown in ("kept", "foreign", "unsigned") and not self.form

    def __str__(self) -> str:
        calls = " ".join(call.id[-6:] for call in self.calls)
        way = "/".join(filter(None, (self.shown, self.form)))
        thought = (self.reasoning or "nothing thought")[:18]
        return f"reply {self.number} {self.text[:12]!r} [{calls}] {way}: {thought}"


Entry: TypeAlias = Prompt | Note | Result | Reply


@dataclass
class Thread:
    """One conversation as its agent holds it; `agent` is the name of a sub-agent.

    `thinking` is `off` or `forced` (a tool is asked for, which goes with no thinking) in a request
    that says so. `brought` is whether it began where there was no proxy.
    """

    dialect: str
    session: str
    history: list[Entry]
    model: str = "deepseek-v4-pro"
    tools: bool = True
    agent: str = ""
    thinking: str = ""
    brought: bool = False

    def copy(self, **changes: Any) -> Thread:
        """The same history, to go on otherwise."""
        return replace(self, history=[replace(each) for each in self.history], **changes)

    @property
    def name(self) -> str:
        """What a proxy sees of whose thread it is."""
        return f"{self.session} {self.agent}".strip()

    @property
    def replies(self) -> list[Reply]:
        """What the model said."""
        return [each for each in self.history if isinstance(each, Reply)]

    @property
    def is_orderly(self) -> bool:
        """Whether each reply's results follow it, all of them and in the order of its calls."""
        for nth, each in enumerate(self.history):
            if isinstance(each, Reply) and each.calls:
                behind = self.history[nth + 1 : nth + 1 + len(each.calls)]
                found = [entry.call for entry in behind if isinstance(entry, Result)]
                if found != [call.id for call in each.calls]:
                    return False
        return True

    @property
    def place(self) -> Place:
        """Where the next answer stands."""
        return place_of(self, len(self.history))


class Place(NamedTuple):
    """Where a reply stands, as far as anybody can tell who sees the requests alone."""

    session: str
    root: str
    before: tuple[Key, ...]
    asked: tuple[str, ...]


def place_of(thread: Thread, index: int) -> Place:
    """The place of what comes behind so many entries: last there are results, or words.

    A call that has no result is sent with one.
    """
    history = thread.history[:index]
    root = next((each.text for each in history if isinstance(each, Prompt)), "")
    replies = [each for each in history if isinstance(each, Reply)]
    asked = sorted(call.id for call in replies[-1].calls) if replies else []
    before = tuple(each.key for each in replies)
    return Place(thread.name, root, before, tuple(asked or _words(history)))


def _words(history: Sequence[Entry]) -> list[str]:
    """What the user has said since the last reply."""
    replies = [nth for nth, each in enumerate(history) if isinstance(each, Reply)]
    behind = history[replies[-1] + 1 if replies else 0 :]
    return [each.text for each in behind if isinstance(each, Prompt)]
