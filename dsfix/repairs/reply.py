"""The registry at work on an answer: put right as it passes, and read meanwhile.

Nearly all of a stream is deltas of text that nobody has to change. They are told from what they
say, which has to be read anyway; only what is more than that is searched and taken apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from dsfix.protocol import offered, reading, sse
from dsfix.protocol.answer import Answer
from dsfix.protocol.body import Dialect
from dsfix.protocol.reading import runs
from dsfix.protocol.reading.late import MANY, Late
from dsfix.repairs.base import Answering, AnswerRepair, Repair, Rules, Stream, guarded
from dsfix.repairs.chain import Outgoing

T = TypeVar("T")
# Bytes of events beyond which the one that has to be changed is looked for by halves.
SMALL = 4096


@dataclass(slots=True)
class Reply:
    """An answer on its way to the agent: bytes in, bytes out, and read while it passes.

    `beside` is what the last chunk gave, less most of what the model said.
    """

    dialect: Dialect
    repairs: Sequence[Repair]
    answering: Answering
    strict: bool = False
    answer: Answer = field(default_factory=Answer)
    beside: bytes = b""
    _relay: sse.Relay = field(default_factory=sse.Relay)
    _active: tuple[tuple[str, AnswerRepair], ...] = ()
    _streams: tuple[tuple[str, Stream], ...] = ()
    _read_out: bool = False
    _marks: tuple[bytes, ...] = ()
    _delta_marks: tuple[bytes, ...] = ()
    _late: Late = field(default_factory=Late)

    @classmethod
    def to(cls, outgoing: Outgoing, repairs: Sequence[Repair], rules: Rules) -> Reply:
        """The reply to that request."""
        answering = Answering(
            outgoing.dialect,
            outgoing.asked,
            renamed=outgoing.renamed,
            freeform=outgoing.freeform,
            searches_tools=outgoing.searches_tools,
            tools=partial(offered.names, outgoing.dialect, outgoing.pieces),
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
        reply._delta_marks = tuple(
            {mark for _, repair in active if repair.deltas for mark in repair.marks}
        )
        return reply

    def feed(self, data: bytes) -> bytes:
        """A chunk of the event stream; gives what goes to the agent now."""
        self.beside = b""
        if self._late.takes(data):
            if self._late.waiting == MANY:
                self.catch_up()
            return data
        self.catch_up()
        head, long, events = self._relay.feed(data)
        if head:
            self.beside += head
            head = self._passed(self._kept_back()) + head
        if long:
            self._observe(long)
        ready = self._ready(events)
        return head + ready if head else ready

    def look(self) -> None:
        """Let nothing that comes go on unread because it looks like what has come."""
        self._late.stop()

    def end(self) -> bytes:
        """The end of the stream; gives what was held back, of an unfinished event as well."""
        self.catch_up()
        return self._passed(self._kept_back()) + self._relay.rest()

    @property
    def behind(self) -> bool:
        """Whether something has gone on that is still to be read."""
        return bool(self._late.waiting)

    def catch_up(self) -> None:
        """Read what has gone on unread."""
        if unread := self._late.together():
            self._observe(unread)

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

    def _ready(self, events: bytes) -> bytes:
        """Complete events; gives those that go on now."""
        if len(events) < runs.SHORT:
            return self._part(events, events)
        if self.answer.overlong and self._guarded("reader", partial(self._says_on, events), False):
            return events
        return b"".join([self._part(*part) for part in runs.parts(events)])

    def _says_on(self, events: bytes) -> bool:
        """Whether these are nothing but more text, of an answer of which no more is kept."""
        first = runs.alike(events)
        if not first or any([mark in first for mark in self._delta_marks]):
            return False
        known = reading.texts(self.dialect, first, self.answering.asked)
        return known is not None and all([stream.passes(known.said) for _, stream in self._streams])

    def _part(self, events: bytes, together: bytes) -> bytes:
        if self._goes_by(events, together):
            if self._relay.waits:
                self._late.stop()
            else:
                self._late.follow(events)
            return events
        self._late.stop()
        if len(events) > SMALL and (middle := sse.middle(events)):
            return self._ready(events[:middle]) + self._ready(events[middle:])
        for name, stream in self._streams:
            events = self._guarded(name, partial(stream.feed, events), events)
        return self._passed(events)

    def _goes_by(self, events: bytes, together: bytes) -> bool:
        """Whether these events are nothing but text that nobody waits for; then they are read."""
        return self._guarded("reader", partial(self._told_texts, events, together), False)

    def _told_texts(self, events: bytes, together: bytes) -> bool:
        if any([mark in events for mark in self._delta_marks]):
            return False
        texts = reading.texts(self.dialect, together, self.answering.asked)
        if texts is None:
            return False
        for _, stream in self._streams:
            if not stream.passes(texts.said):
                return False
        self.beside += texts.beside
        texts.tell(self.answer)
        self._name_served()
        return True

    def _passed(self, events: bytes) -> bytes:
        """Events as the agent gets them."""
        if events:
            if self._is_marked(events):
                events = b"".join(map(self._edited, sse.split(events)))
            self._observe(events)
            self.beside += events
        return events

    def _is_marked(self, events: bytes) -> bool:
        return any([mark in events for mark in self._marks])

    def _edited(self, event: bytes) -> bytes:
        if not self._is_marked(event):
            return event
        active = [(n, r) for n, r in self._active if any([mark in event for mark in r.marks])]
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
        self._name_served()

    def _name_served(self) -> None:
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
