"""What a repair is: a pure function that makes a request or an answer valid.

Laws, tested over the whole registry: a repair never mutates, is idempotent, and gives back the
same object when nothing is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar

from dsfix.changes import Change as Change
from dsfix.changes import Step as Step
from dsfix.protocol.answer import Answer
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import History
from dsfix.protocol.turns import Turn
from dsfix.repairs.recall import Length, Memory, Sent, history_of

T = TypeVar("T")
_change = lru_cache(1024)(Change)  # a session keeps those of all its exchanges, and most are alike
NOTES = 100  # what is told of one answer: it may name another model in each of its events
EDITS = 4  # events of one answer that are kept for each repair: there may be thousands alike


class Stage(NamedTuple):
    """What a repair was given and what it made of it: bytes while the body was no JSON yet."""

    repair: str
    before: Body | bytes
    after: Body | bytes

    def without_source(self) -> Stage:
        """The same with the spans of bodies alone."""
        before, after = (
            each.without_source() if isinstance(each, Body) else each
            for each in (self.before, self.after)
        )
        return Stage(self.repair, before, after)


Stages: TypeAlias = list[Stage]


class Edit(NamedTuple):
    """An event of an answer, or the JSON document, and the ones that took its place."""

    before: bytes
    after: list[bytes]


class Limits(Protocol):
    """What a model takes; sizes in tokens."""

    @property
    def context(self) -> int:
        """The longest prompt and answer together."""

    @property
    def output(self) -> int:
        """The longest answer, reasoning included."""

    @property
    def vision(self) -> bool:
        """Whether it sees images."""


class Stand(NamedTuple):
    """How the user wants placeholders.

    `mode`: never (`off`), where the real text is not known (`fallback`), or instead of it as well
    (`always`). `text`: the words, empty for our own. `field`: which member of a Chat message
    holds reasoning upstream, real or not: `reasoning_content`, `reasoning` or `both`.
    """

    mode: str = "fallback"
    text: str = ""
    field: str = "reasoning_content"


@dataclass(frozen=True, slots=True)
class Rules:
    """What the repairs are told about the upstream and the user's wishes.

    `limits` gives what a model takes, None for a name that the upstream does not serve; `main`
    and `small` stand in for those. `thinking` is `on`, `off` or `agent`. `tool_choice` is what
    gives way where a tool is forced: `disable-thinking` or `auto`. `small_calls` are the tokens
    of answer up to which a request without tools does not think, 0 for never. `images` are sent
    as the model takes them (`auto`), always (`keep`) or never (`text`). `efforts` says by each
    word for an effort what is sent for it; if there are any, no other is. `effort_alone` is whether
    Chat refuses an effort beside `thinking`. `server_tools` are those that the upstream runs, by
    how their types begin, for each dialect. Under `strict` rules a repair's exception is raised
    instead of recorded.
    """

    main: str
    small: str
    limits: Callable[[str], Limits | None]
    thinking: str = "agent"
    tool_choice: str = "disable-thinking"
    small_calls: int = 4096
    images: str = "auto"
    efforts: Mapping[str, str] = field(default_factory=dict)
    effort_alone: bool = False
    server_tools: Mapping[str, Sequence[str]] = field(default_factory=dict)
    placeholder: Stand = field(default_factory=Stand)
    strict: bool = False


@dataclass(slots=True)
class Context:
    """What a repair may look at besides the body, and where it says what it did.

    `history` is the conversation as the agent sent it, in the order that a repair which
    `regroups` gave it: keys of turns are taken from there, so that no other repair can change
    them. `conversation` is what decisions are kept under: the first user turn, within the
    agent's session where it names one. `quiet` is true when the agent or the user turned
    thinking off: then nothing new is invented for a turn. `carried` are the turns (and their
    messages' places) that the agent itself sends with reasoning: what was sent once must be sent
    again, so memory learns them. `renamed` are the tool names that were replaced: by the name
    that is sent, the agent's own. `freeform` are tools that take plain text and are sent as
    functions: namespace, or nothing, and the agent's own name; `searches_tools` is whether its
    search for tools is sent as one. `stages` are what the repairs that changed anything made of the
    body. `turns` are those of the assistant's as `thinking-replay` sends them, `length` is what is
    known of the prompt's, and `seen` is what repairs found out about the conversation's last
    request.
    """

    rules: Rules
    memory: Memory
    history: History
    conversation: str = ""
    session: str = ""
    quiet: bool = False
    step: Step = Step.NONE
    changes: list[Change] = field(default_factory=list)
    stages: Stages = field(default_factory=list)
    replayed: int = 0
    placeholders: int = 0
    carried: list[tuple[int, Turn]] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    freeform: set[tuple[str, str]] = field(default_factory=set)
    searches_tools: bool = False
    turns: Sequence[Sent] = ()
    length: Length = field(default_factory=Length)
    seen: dict[str, Any] = field(default_factory=dict)
    _histories: list[History] = field(default_factory=list)

    def history_of(self, body: Body) -> History:
        """The conversation in this body: as the agent sent it, while no repair has changed it."""
        for history in (self.history, *self._histories[-1:]):
            if body.messages is history.messages:
                return history
        name = f"history changed {len(self._histories)}"
        self._histories.append(history_of(body, self.seen, name, self.history))
        return self._histories[-1]

    def note(self, repair: str, detail: str, count: int = 1) -> None:
        """Say what a repair did."""
        self.changes.append(_change(repair, detail, count))


def guarded(
    name: str, changes: list[Change], call: Callable[[], T], otherwise: T, strict: bool
) -> T:
    """The call's result, or `otherwise` where it raised."""
    try:
        return call()
    except Exception as error:  # a failing repair must never break the conversation
        if strict:
            raise
        changes.append(Change(name, type(error).__name__, failed=True))
        return otherwise


@dataclass(slots=True)
class Answering:
    """What a repair of the answer may look at: the request's side, and its own notes.

    `asked` is the model name as the agent wrote it, `served` the one the upstream answered
    under. `renamed` are the request's replaced tool names: by the name that was sent, the
    agent's own; `freeform` are its tools that take plain text and were sent as functions, by
    namespace and the agent's own name, and `searches_tools` is whether its search for tools was.
    `tools` gives the functions that it offered, by the names that were sent, and `thinks` is
    whether the model was asked to think. `state` belongs to the repair that fills it, one mapping
    for each answer. `edits` has the first events, or the document, that each repair changed, and
    what it made of them.
    """

    dialect: Dialect
    asked: str
    served: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)
    freeform: Set[tuple[str, str]] = frozenset()
    searches_tools: bool = False
    tools: Callable[[], Set[str]] = frozenset
    thinks: bool = True
    changes: list[Change] = field(default_factory=list)
    state: dict[str, str] = field(default_factory=dict)
    edits: dict[str, list[Edit]] = field(default_factory=dict)

    def note(self, repair: str, detail: str) -> None:
        """Say what a repair did, once for each answer."""
        change = _change(repair, detail)
        if len(self.changes) < NOTES and change not in self.changes:
            self.changes.append(change)

    def edited(self, repair: str, before: bytes, after: list[bytes]) -> None:
        """Keep what a repair made of one event, or of the document."""
        kept = self.edits.setdefault(repair, [])
        if len(kept) < EDITS:
            kept.append(Edit(before, after))


class Stream(Protocol):
    """An answer's events as the upstream sent them, of which some may have to wait."""

    def passes(self, texts: Sequence[str]) -> bool:
        """Whether events that add no more than these texts need not be fed.

        After a yes, neither need those that go on with text in which there is no `<`.
        """

    def feed(self, events: bytes) -> bytes:
        """A run of complete events; gives those that go on now."""

    def rest(self) -> bytes:
        """What still waits, for nothing more comes or something else must go before it."""


def _same_event(data: bytes, answering: Answering) -> list[bytes]:
    return [data]


def _same(data: bytes, answering: Answering) -> bytes:
    return data


@dataclass(frozen=True, slots=True)
class AnswerRepair:
    """How an answer is put right.

    `marks` are bytes without which an event needs no look. `event` gets one event's payload
    and gives the payloads to send in its place, `whole` gets a JSON answer; both give back
    the same bytes where nothing is wrong. `wanted` says whether this answer needs it at all, and
    `long` whether it has to see events that are as long as what the model writes, and `deltas`
    whether it changes those that only go on with what is being said. `stream` is for
    what one event does not tell: it sees all of them, before any other repair. `read` is told what
    a complete answer said.
    """

    marks: tuple[bytes, ...] = ()
    event: Callable[[bytes, Answering], list[bytes]] = _same_event
    whole: Callable[[bytes, Answering], bytes] = _same
    wanted: Callable[[Answering], bool] = lambda answering: True
    long: bool = False
    deltas: bool = False
    stream: Callable[[Answering], Stream] | None = None
    read: Callable[[Answer, Answering], None] | None = None


@dataclass(frozen=True, slots=True)
class Repair:
    """One entry of the registry. `name` is stable: settings, records and docs use it.

    `request` works on a body, `answer` on what comes back, `error` on a refusal's body (status,
    body), and `text` on a body that is no JSON yet (giving the mended bytes and a count). What one
    that `regroups` makes of a history is what the conversation is from then on.
    """

    name: str
    summary: str
    dialects: frozenset[Dialect]
    request: Callable[[Body, Context], Body] | None = None
    answer: Mapping[Dialect, AnswerRepair] = field(default_factory=dict)
    error: Callable[[int, bytes, Answering], bytes] | None = None
    text: Callable[[bytes], tuple[bytes, int]] | None = None
    regroups: bool = False


MESSAGES = frozenset({Dialect.MESSAGES})
CHAT = frozenset({Dialect.CHAT})
BOTH = frozenset({Dialect.MESSAGES, Dialect.CHAT})
ALL = frozenset(Dialect)
