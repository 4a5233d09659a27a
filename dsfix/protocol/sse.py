"""Server-sent events as they travel: found in a byte stream and passed on as they are.

https://html.spec.whatwg.org/multipage/server-sent-events.html: an event ends at a blank line,
lines end in LF, CRLF or CR. Comments (`: keep-alive`) and blank lines are events of no data
here; they pass like any other. Nothing is split that nobody needs to look at: a run of complete
events stays one run of bytes.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from dsfix.protocol.spans import MARK

_END = re.compile(rb"\r\n\r\n|\n\n|\r\r|\n\r\n")
# An event that grows past this cannot be one that a repair edits (those are some hundred
# bytes), so its bytes go on before its end is there. Some repairs have to see a call with all
# that it was given: for them no event is let go before it is longer than any answer.
HOLD = 64 * 1024
LONGEST = 16 * 1024 * 1024
_BEGINS = re.compile(rb"(?:%s)?\s*(?:data|event|id|retry)?:" % MARK)
_LF = 10
_FEW = 4096  # bytes that are soon copied
_BEFORE = 3  # bytes of an event's end that may have come before the last one
# What has gone on of an event is kept until its end, to be read; no longer than this.
KEPT = 64 * 1024 * 1024


class Fed(NamedTuple):
    """What a chunk brought: bytes of a long event to pass on as they are, that event once it is
    complete (its bytes have gone on already), and the complete events to pass on after it."""

    head: bytes
    long: bytes
    events: bytes


class Relay:
    """Bytes in, whole events out; linear in the bytes fed, however they are cut.

    `lost` is whether an event was too long to be kept: it has gone on, and nobody has read it.
    """

    def __init__(self, hold: int = HOLD, kept: int = KEPT) -> None:
        self.lost = False
        self._hold, self._kept = hold, kept
        self._pending = _Pending()
        self._passed = 0

    @property
    def waits(self) -> bool:
        """Whether an event has begun that is not complete."""
        return self._pending.size > 0

    def feed(self, data: bytes) -> Fed:
        """Take a chunk; give what can go on."""
        pending = self._pending
        if not pending.size:
            end = _last_end(data, 0, len(data))
            if end == len(data):
                return Fed(b"", b"", data)
            pending.add(data[end:])
            return Fed(b"", b"", data[:end])
        if not (end := pending.end_with(data)):
            pending.add(data)
            return Fed(self._overlong(), b"", b"")
        start = max(0, pending.size - _BEFORE)
        pending.add(data[:end])
        events = pending.taken()
        if end < len(data):
            pending.add(data[end:])
        if not self._passed:
            return Fed(b"", b"", events)
        first = _END.search(events, start)
        long = events[: first.end()] if first else events
        head = long[self._passed :]
        self._passed = 0
        return Fed(head, long, events[len(long) :])

    def rest(self) -> bytes:
        """At the end of the stream: the unfinished event's bytes that have not gone on."""
        rest = self._pending.taken()[self._passed :]
        self._passed = 0
        return rest

    def _overlong(self) -> bytes:
        """What of the unfinished event goes on before its end is there."""
        pending = self._pending
        if pending.size - self._passed <= self._hold:
            return b""
        ready = pending.behind(self._passed)
        self._passed = pending.size
        if self._passed > self._kept:
            self.lost = True
            pending.add(pending.taken()[-_BEFORE:])  # an end may have begun
            self._passed = pending.size
        return ready


class _Pending:
    """The bytes of an event that is not complete, in the pieces that came: none is moved for the
    next one, and what is small is put together.
    """

    def __init__(self) -> None:
        self.size = 0
        self._pieces: list[bytes | bytearray] = []
        self._last = b""

    def add(self, data: bytes) -> None:
        """More of it."""
        pieces = self._pieces
        if len(data) > _FEW or not pieces:
            pieces.append(data)
        elif isinstance(pieces[-1], bytearray) and len(pieces[-1]) < HOLD:
            pieces[-1] += data
        else:
            pieces.append(bytearray(data))
        self.size += len(data)
        self._last = (self._last + data[-_BEFORE:])[-_BEFORE:]

    def end_with(self, data: bytes) -> int:
        """Where in these bytes, which come next, the last complete event ends; 0 for nowhere."""
        seam = self._last + data[:_BEFORE]
        begun = _last_end(seam, 0, len(seam)) - len(self._last)
        return max(0, begun, _last_end(data, 0, len(data)))

    def behind(self, place: int) -> bytes:
        """What came behind that place."""
        at, start = len(self._pieces), self.size
        while start > place:
            at -= 1
            start -= len(self._pieces[at])
        return b"".join(self._pieces[at:])[place - start :]

    def taken(self) -> bytes:
        """All of it, which is forgotten here."""
        whole = b"".join(self._pieces)
        self.size, self._pieces, self._last = 0, [], b""
        return whole


def begins(data: bytes) -> bool:
    """Whether it begins as events do, and as no document does."""
    return _BEGINS.match(data) is not None


def _last_end(data: bytes | bytearray, start: int, stop: int) -> int:
    """Offset behind the last complete event, 0 when there is none between these."""
    if data.endswith(b"\n\n", start, stop):
        return stop
    ends: tuple[bytes, ...] = (b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\r\n")
    if data.find(b"\r", start, stop) < 0:  # a look for one byte is the quickest
        if data.find(b"\n", start, stop) < 0:
            return 0
        ends = ends[:1]
    return max(at + len(end) if (at := data.rfind(end, start, stop)) >= 0 else 0 for end in ends)


def middle(events: bytes) -> int:
    """Where the first half of a run of complete events ends; 0 where there is no such place."""
    return _last_end(events, 0, len(events) // 2)


def first_end(data: bytes) -> int:
    """Where the first event ends; 0 where it has not."""
    end = _END.search(data)
    return end.end() if end else 0


def split(events: bytes) -> list[bytes]:
    """A run of complete events as single ones, ends included."""
    out, start = [], 0
    for match in _END.finditer(events):
        out.append(events[start : match.end()])
        start = match.end()
    if start < len(events):
        out.append(events[start:])
    return out


def event_at(events: bytes, place: int) -> bytes:
    """The event of a run of complete ones in which that place is, its end included."""
    end = _END.search(events, place)
    return events[_last_end(events, 0, place) : end.end() if end else len(events)]


def lines(events: bytes) -> list[bytes]:
    """The payload of every `data:` line in a run of events, in order."""
    return parted(events)[0]


def parted(events: bytes) -> tuple[list[bytes], bytes]:
    """The same, and what stands beside them, each thing once: names, comments, ends of lines."""
    if b"\r" in events:
        events = events.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if len(events) < _FEW and (one := _only(events)) is not None:
        return [one], events[: events.find(b"data:")]
    found, beside, last = [], set[bytes](), 0
    first = len(MARK) if events.startswith(MARK) else 0
    at = events.find(b"data:")
    while at >= 0:
        end = at + 5
        if at == first or events[at - 1] == _LF:  # else it stands within a line
            beside.add(events[last:at])
            start = end + 1 if events.startswith(b" ", end) else end
            end = events.find(b"\n", start)
            last = end = len(events) if end < 0 else end
            found.append(events[start:end].strip())
        at = events.find(b"data:", end)
    return found, b"".join((*beside, events[last:]))


def data_of(event: bytes) -> bytes:
    """The payload of one event; lines of a payload in several parts are joined."""
    return b"\n".join(lines(event))


def _only(events: bytes) -> bytes | None:
    """The payload of a single event that is in one part, as nearly all come."""
    head, _, rest = events.partition(b"data:")
    payload, _, more = rest.partition(b"\n")
    return payload.strip() if more == b"\n" and (not head or head[-1] == _LF) else None


def encode(data: bytes, name: str = "") -> bytes:
    """One event as bytes; a payload of several lines in as many parts."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + data.replace(b"\n", b"\ndata: ") + b"\n\n"
