"""The registry at work: a request prepared, an answer put right as it passes.

A repair that raises is recorded as a failed change and what it was given goes on; under strict
rules (DSFIX_STRICT=1) it raises. Nothing here does I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from dsfix.protocol import offered, reading, sse
from dsfix.protocol.answer import Answer
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import History, root
from dsfix.protocol.turns import Turn, digest
from dsfix.repairs.base import (
    Answering,
    AnswerRepair,
    Change,
    Context,
    Repair,
    Rules,
    Stage,
    Stages,
    Step,
    Stream,
    guarded,
)
from dsfix.repairs.recall import Length, Memory, history_of
from dsfix.repairs.thinking_mode import is_disabled

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request as it goes upstream, and what is known of it.

    `body` is as the agent sent it, and so is `history`, but for calls and results that were put
    in order; both are None where the body is no request that can be taken apart: then `data` is
    what came in. `conversation` names its thread, `session` is the agent's own name for its
    session, and `carried` are the turns that it sent with their reasoning. `renamed` are replaced
    tool names: by the name that is sent, the agent's own; `freeform` are tools that take plain
    text and are sent as functions. `thinks` is whether the model is left to think. `stages` are
    what each repair that changed anything made of it, in order.
    """

    dialect: Dialect
    data: bytes
    asked: str = ""
    sent: str = ""
    stream: bool = False
    body: Body | None = None
    history: History | None = None
    conversation: str = ""
    step: Step = Step.NONE
    changes: tuple[Change, ...] = ()
    replayed: int = 0
    placeholders: int = 0
    session: str = ""
    carried: tuple[tuple[int, Turn], ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    freeform: Set[tuple[str, str]] = frozenset()
    thinks: bool = True
    stages: tuple[Stage, ...] = ()


def prepare(
    dialect: Dialect,
    data: bytes,
    repairs: Sequence[Repair],
    rules: Rules,
    memory: Memory,
    step: Callable[[str], Step],
    session: str = "",
    length: Callable[[str], Length] = lambda conversation: Length(),
    read: Callable[[Dialect, bytes], Body | None] = Body.read,
) -> Outgoing:
    """The request with every repair applied, byte-identical where none had to.

    `step` tells how far recovery has gone for a conversation; `session` is the agent's own name
    for its session, and `length` tells what the upstream said of a conversation's length. `read`
    takes the body apart.
    """
    changes: list[Change] = []
    stages: Stages = []
    body = read(dialect, data)
    if body is None:
        data = _mended(data, repairs, dialect, changes, stages)
        body = Body.read(dialect, data) if changes else None
    if body is None:
        return Outgoing(dialect, data, changes=tuple(changes), stages=tuple(stages))
    conversation = root(dialect, body.messages)
    conversation = digest(session, conversation) if session else conversation
    history = history_of(body, memory, conversation, "history")
    at = step(conversation)
    quiet = is_disabled(body) or rules.thinking == "off" or at is Step.OFF
    context = Context(rules, memory, history, conversation, session, quiet, at, changes, stages)
    context.length = length(conversation)
    mended = _repaired(body, context, repairs)
    return Outgoing(
        dialect,
        mended.encode(),
        asked=_name(body),
        sent=_name(mended),
        stream=body.get("stream") is True,
        body=body,
        history=context.history,
        conversation=conversation,
        step=at,
        changes=tuple(changes),
        replayed=context.replayed,
        placeholders=context.placeholders,
        session=session,
        carried=tuple(context.carried),
        renamed=context.renamed,
        freeform=context.freeform,
        thinks=not is_disabled(mended),
        stages=tuple(stages),
    )


def _repaired(body: Body, context: Context, repairs: Sequence[Repair]) -> Body:
    for repair in repairs:
        if repair.request is not None and body.dialect in repair.dialects:
            call, before = partial(repair.request, body, context), body
            body = guarded(repair.name, context.changes, call, body, context.rules.strict)
            if body is not before:
                context.stages.append(Stage(repair.name, before, body))
                if repair.regroups:
                    name = f"history after {repair.name}"
                    context.history = history_of(body, context.memory, context.conversation, name)
    return body


def _mended(
    data: bytes, repairs: Sequence[Repair], dialect: Dialect, changes: list[Change], stages: Stages
) -> bytes:
    for repair in repairs:
        if repair.text is not None and dialect in repair.dialects:
            new, count = repair.text(data)
            if count:
                changes.append(Change(repair.name, "lone surrogates replaced", count))
                stages.append(Stage(repair.name, data, new))
                data = new
    return data


def _name(body: Body) -> str:
    model = body.get("model")
    return model if isinstance(model, str) else ""


@dataclass(slots=True)
class Reply:
    """An answer on its way to the agent: bytes in, bytes out, and read while it passes."""

    dialect: Dialect
    repairs: Sequence[Repair]
    answering: Answering
    strict: bool = False
    answer: Answer = field(default_factory=Answer)
    _relay: sse.Relay = field(default_factory=sse.Relay)
    _active: tuple[tuple[str, AnswerRepair], ...] = ()
    _streams: tuple[tuple[str, Stream], ...] = ()
    _read_out: bool = False
    _marks: tuple[bytes, ...] = ()

    @classmethod
    def to(cls, outgoing: Outgoing, repairs: Sequence[Repair], rules: Rules) -> Reply:
        """The reply to that request."""
        answering = Answering(
            outgoing.dialect,
            outgoing.asked,
            renamed=outgoing.renamed,
            freeform=outgoing.freeform,
            tools=partial(offered.names, outgoing.dialect, outgoing.data),
            thinks=outgoing.thinks,
        )
        active = tuple(
            (repair.name, of_dialect)
            for repair in repairs
            if (of_dialect := repair.answer.get(outgoing.dialect)) and of_dialect.wanted(answering)
        )
        reply = cls(outgoing.dialect, repairs, answering, rules.strict)
        reply._active = active
        reply._streams = tuple(
            (name, repair.stream(answering)) for name, repair in active if repair.stream
        )
        if any(repair.long for _, repair in active):
            reply._relay = sse.Relay(hold=sse.LONGEST)
        reply._marks = tuple({mark for _, repair in active for mark in repair.marks})
        return reply

    def feed(self, data: bytes) -> bytes:
        """A chunk of the event stream; gives what goes to the agent now."""
        head, long, events = self._relay.feed(data)
        if head:
            head = self._passed(self._kept_back()) + head
        if long:
            self._observe(long)
        for name, stream in self._streams:
            events = self._guarded(name, partial(stream.feed, events), events)
        events = self._passed(events)
        return head + events if head else events

    def end(self) -> bytes:
        """The end of the stream; gives what was held back, of an unfinished event as well."""
        return self._passed(self._kept_back()) + self._relay.rest()

    @property
    def lost(self) -> bool:
        """Whether a part of the answer has passed that was too long to be read."""
        return self._relay.lost

    def whole(self, data: bytes) -> bytes:
        """An answer that came as one JSON document."""
        for name, repair in self._active:
            before = data
            data = self._guarded(name, partial(repair.whole, data, self.answering), data)
            if data is not before:
                self.answering.edited(name, before, [data])
        self._read(partial(reading.observe_json, self.dialect, self.answer, data))
        self._tell()
        return data

    def error(self, status: int, data: bytes) -> bytes:
        """The body of a refusal."""
        for repair in self.repairs:
            if repair.error is not None and self.dialect in repair.dialects:
                fix, before = partial(repair.error, status, data, self.answering), data
                data = self._guarded(repair.name, fix, data)
                if data is not before:
                    self.answering.edited(repair.name, before, [data])
        return data

    def _kept_back(self) -> bytes:
        return b"".join(self._guarded(name, stream.rest, b"") for name, stream in self._streams)

    def _passed(self, events: bytes) -> bytes:
        """Events as the agent gets them."""
        if events:
            for mark in self._marks:
                if mark in events:
                    events = self._edited(events)
                    break
            self._observe(events)
        return events

    def _edited(self, events: bytes) -> bytes:
        return b"".join(map(self._edited_event, sse.split(events)))

    def _edited_event(self, event: bytes) -> bytes:
        active = [(name, r) for name, r in self._active if any(m in event for m in r.marks)]
        if not active:
            return event
        payload = sse.data_of(event)
        payloads = [payload]
        for name, repair in active:
            payloads = [
                new
                for old in payloads
                for new in self._made(name, partial(repair.event, old, self.answering), old)
            ]
        if len(payloads) == 1 and payloads[0] == payload:
            return event
        return b"".join(reading.framed(self.dialect, new) for new in payloads)

    def _made(self, name: str, call: Callable[[], list[bytes]], payload: bytes) -> list[bytes]:
        made = self._guarded(name, call, [payload])
        if made != [payload]:
            self.answering.edited(name, payload, made)
        return made

    def _observe(self, events: bytes) -> None:
        self._read(partial(reading.observe, self.dialect, self.answer, events))
        if self.answer.done:
            self._tell()

    def _read(self, read: Callable[[], None]) -> None:
        self._guarded("reader", read, None)
        if self.answering.served:  # what the upstream said before it was rewritten
            self.answer.served = self.answering.served

    def _tell(self) -> None:
        """Tell the repairs what the answer said, once it is complete."""
        for name, repair in () if self._read_out else self._active:
            if repair.read is not None:
                self._guarded(name, partial(repair.read, self.answer, self.answering), None)
        self._read_out = True

    def _guarded(self, name: str, call: Callable[[], T], otherwise: T) -> T:
        return guarded(name, self.answering.changes, call, otherwise, self.strict)
