"""Tool calls that leaked into an answer's text become calls again.

Now and then V4 writes a call in its own notation and the server hands it on as text: nothing is
run, and the user sees markup (fastclaw-ai/fastclaw#58; TokenRhythm/opensquilla#985, 2026-08-04;
cline/cline#13348, 2026-08-19). It is taken for a call only where nothing is left to doubt: it is
the end of an answer that ended by itself and called nothing, every tag is in its place, and each
name is a tool that this request offers. So an answer that talks about the notation passes: there,
something follows it. Every other leak is told in the record and passes as it is.

In a stream, events wait from the one on whose text may end in such calls, for as long as it may,
and 64K letters at most; if it was none, they go on byte for byte as they came. Comments and pings
never wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from dsfix.protocol import dsml, reading, spans, sse
from dsfix.protocol.body import Dialect
from dsfix.protocol.turns import digest
from dsfix.repairs.base import ALL, Answering, AnswerRepair, Repair
from dsfix.repairs.leaks import chat, messages, responses
from dsfix.repairs.leaks.shape import ANGLES, Leak, Part, Said

_WIRES = {
    Dialect.MESSAGES: messages.WIRE,
    Dialect.CHAT: chat.WIRE,
    Dialect.RESPONSES: responses.WIRE,
}
LONGEST = 64 * 1024


class _Watch:
    """An answer's events, of which those wait that may be the beginning of calls."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._wire = _WIRES[answering.dialect]
        self._held: list[bytes] = []
        self._text = ""
        self._place = 0
        self._id = ""

    def passes(self, texts: Sequence[str]) -> bool:
        """Whether events that add no more than these texts need not be fed."""
        if self._held:
            return False
        if not any(["<" in text for text in texts]):
            return True
        text = "".join(texts)
        return dsml.begins_at(text) is None and not dsml.stands_in(text)

    def feed(self, events: bytes) -> bytes:
        """A run of complete events; gives those that go on now."""
        if not self._held and not any([angle in events for angle in ANGLES]):
            self._name(events)
            return events
        return b"".join(map(self._event, sse.split(events)))

    def _name(self, events: bytes) -> None:
        """Keep the answer's id, of which those of its calls are made."""
        opening = self._wire.opening
        if opening and (place := events.find(opening)) >= 0:
            event = sse.event_at(events, place)
            self._id = self._wire.said(sse.data_of(event)).id or self._id

    def rest(self) -> bytes:
        """What still waits, once nothing more comes."""
        if dsml.stands_in(self._text):
            self._answering.note(DSML.name, "tool calls in the text left as they are")
        held, self._held, self._text, self._place = b"".join(self._held), [], "", 0
        return held

    def _event(self, event: bytes) -> bytes:
        payload = sse.data_of(event)
        said = self._wire.said(payload) if payload else Said(Part.ASIDE)
        self._id = said.id or self._id
        if said.part is Part.ASIDE or not (self._held or said.text):
            return event
        before = len(self._text)
        self._held.append(event)
        self._text += said.text
        begins = dsml.begins_at(self._text[self._place :])
        if begins is None or said.part is Part.OTHER or len(self._text) > LONGEST:
            return self.rest()
        self._place += begins
        freed = self._freed(before) if self._place >= before else b""
        return freed + (self._decided() if said.part is Part.END else b"")

    def _freed(self, letters: int) -> bytes:
        """What waits but for the last event: the letters before it are no beginning of calls."""
        last, text, place = self._held.pop(), self._text[letters:], self._place - letters
        self._text = self._text[:letters]
        freed = self.rest()
        self._held, self._text, self._place = [last], text, place
        return freed

    def _decided(self) -> bytes:
        """The answer's end with what waits before it, as calls if that is what it says."""
        leak = _leak(self._answering, self._text, self._id)
        if leak is None:
            return self.rest()
        payloads = self._wire.called(list(map(sse.data_of, self._held)), leak)
        self._answering.edited(DSML.name, spans.encode(leak.text), payloads)
        self._held, self._text, self._place = [], "", 0
        return b"".join(reading.framed(self._answering.dialect, each) for each in payloads)


def _leak(answering: Answering, text: str, answer: str) -> Leak | None:
    """The calls at the end of a text, None where it has none or they are not sure."""
    place = dsml.begins_at(text)
    calls = dsml.calls(text[place:]) if place is not None else None
    if place is None or not calls or not answering.tools() >= {call.name for call in calls}:
        return None
    answering.note(DSML.name, "tool calls in the text made calls")
    leaked = text[place:]
    ids = (f"call_{nth:02}_{digest(answer, leaked, str(nth))[:24]}" for nth in range(len(calls)))
    return Leak(place, leaked, tuple(zip(ids, calls, strict=True)))


def _whole(data: bytes, answering: Answering) -> bytes:
    """A JSON answer with its calls."""
    if b"DSML" not in data:
        return data
    new = _WIRES[answering.dialect].whole(data, partial(_leak, answering))
    if new is data and dsml.stands_in(data.decode("utf-8", "replace")):
        answering.note(DSML.name, "tool calls in the text left as they are")
    return new


DSML = Repair(
    "dsml",
    "Makes calls of tool calls that the model wrote into its text",
    ALL,
    answer={dialect: AnswerRepair(whole=_whole, stream=_Watch) for dialect in Dialect},
)
