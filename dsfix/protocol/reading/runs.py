"""A run of deltas that differ in their text alone, put together before it is decoded.

A stream without pause brings hundreds of them in a chunk, each some hundred bytes around a few
letters. Together they cost a thirtieth of what reading each one does.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import repeat
from typing import NamedTuple

# What holds a piece of text in any dialect.
_TEXT = re.compile(
    rb'"(?:text|thinking|signature|partial_json|content|reasoning_content|reasoning|arguments|delta)"'
    rb': ?"'
)
_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+"')
# Text as JSON spells it, without markup, however escaped, and without halves of a letter.
_PLAIN = rb'[^"\\<\x00-\x1f]*+'
_ESCAPED = rb'\\(?:[bfnrt"/\\]|u(?!003[cC]|[dD][89a-fA-F])[0-9a-fA-F]{4})'
_WORDS = re.compile(_PLAIN + rb"(?:" + _ESCAPED + _PLAIN + rb")*+")
_END = re.compile(rb"\r\n\r\n|\n\n")
# Events of Responses are numbered, and nobody here needs to know; as both layouts write it.
_NUMBERS = {
    member: re.compile(member + rb"[0-9]+(?=[,}])")
    for member in (b',"sequence_number":', b', "sequence_number": ')
}
_LOOK = 4096  # bytes in which the first delta has to begin
# Deltas for which it is not worth the look, bytes of one that is soon decoded for its length, and
# bytes in which there cannot be so many.
_FEW, _LONG = 8, 1024
SHORT = 256 * _FEW
_VAIN = 4  # deltas, one behind the other, that begin no run: those that follow begin none either
# Bytes of what stands between two texts by which it is found; few are the quickest to look for.
_MARK = 5


class Form(NamedTuple):
    """What stands before and behind the text of a delta."""

    opening: bytes
    closing: bytes

    @classmethod
    def of(cls, event: bytes) -> Form | None:
        """The form of an event; None where it is no delta, or more than one event."""
        begin, opening = _opening(event)
        closing = _closing(event, len(opening)) if opening and not begin else b""
        return cls(opening, closing) if closing and event.endswith(closing) else None

    def fits(self, event: bytes) -> bool:
        """Whether an event has this form."""
        return event.startswith(self.opening) and event.endswith(self.closing)

    def inside(self, event: bytes) -> bytes | None:
        """The text of an event of this form, as JSON spells it.

        None for any other event, and where there may be more to the text than words: markup,
        however it is escaped, or half of a letter.
        """
        if not self.fits(event):
            return None
        found = _WORDS.fullmatch(event, len(self.opening), len(event) - len(self.closing))
        return found[0] if found else None

    def saying(self, texts: list[bytes]) -> bytes:
        """One event of this form with all these texts; each in its own where one is no UTF-8."""
        opening, closing = self
        text = b"".join(texts)
        try:
            text.decode()
        except UnicodeDecodeError:
            text = (closing + opening).join(texts)
        return b"".join((opening, text, closing))


def alike(events: bytes) -> bytes:
    """The first of these complete events, where all are deltas that differ in their text alone.

    Told without taking them apart, for who wants to know no more. Empty where they may be anything
    else, or a text may hold markup or an escape.
    """
    begin, opening = _opening(events)
    if begin or not opening or b"<" in events or b"\\" in events:
        return b""
    quote = events.find(b'"', len(opening))
    closing = events[quote : events.find(b"\n\n", quote) + 2]
    if not closing or not events.endswith(closing) or _TEXT.search(closing):
        return b""
    apart = closing + opening
    # All ends of lines are of those that part them: none is left for another event.
    lines = (events.count(apart) + 1) * apart.count(b"\n")
    return events[:quote] + closing if events.count(b"\n") == lines else b""


class Part(NamedTuple):
    """Some complete events, and the same with a run of deltas among them as one delta."""

    events: bytes
    together: bytes


def merged(events: bytes) -> bytes:
    """The events with such a run as one delta; the same object where there is none."""
    if len(events) < SHORT:
        return events
    alike, _ = _unnumbered(events)
    made = _together(alike)
    return events if made is alike else made


def parts(events: bytes) -> list[Part]:
    """The events cut where a run begins or ends: one part where all is a run, or none is.

    Events of fewer bytes than `SHORT` hold none that is worth the look.
    """
    alike, numbered = _unnumbered(events)
    made = _together(alike)
    if made is not alike or not (ends := _ends(alike)):
        return [Part(events, made)]
    cuts = [*_numbered_again(events, numbered, ends), len(events)]
    pairs = zip((0, *ends), (*ends, len(alike)), (0, *cuts), cuts, strict=False)
    return [Part(events[at:to], _together(alike[start:stop])) for start, stop, at, to in pairs]


def _unnumbered(events: bytes) -> tuple[bytes, re.Pattern[bytes] | None]:
    """The events without their numbers, and what these look like."""
    for member, numbered in _NUMBERS.items():
        if events.find(member, 0, _LOOK) >= 0:
            return numbered.sub(b"", events), numbered
    return events, None


def _ends(events: bytes) -> list[int]:
    """Where runs of deltas begin and end, but for the beginning and the end of all."""
    ends, at, vain = [], 0, 0
    while at < len(events) and vain < _VAIN:
        begin, opening = _opening(events, at)
        closing = _closing(events, begin + len(opening)) if opening else b""
        if not closing:
            break
        at, many = _run(events, begin, opening, closing)
        vain = 0 if many else vain + 1
        if many:
            ends += [begin, at]
    return sorted({end for end in ends if 0 < end < len(events)})


def _run(events: bytes, begin: int, opening: bytes, closing: bytes) -> tuple[int, bool]:
    """Where the run that begins there ends, and whether it is worth it to be put together."""
    count, end = 0, begin
    while events.startswith(opening, end):
        found = events.find(closing, end + len(opening))
        if found < 0:
            break
        end = found + len(closing)
        count += 1
    return end, count >= _FEW


def _numbered_again(
    events: bytes, numbered: re.Pattern[bytes] | None, places: list[int]
) -> list[int]:
    """Places in events without their numbers, as they are in the events."""
    if numbered is None:
        return places
    before, gone = list[int](), [0]
    for found in numbered.finditer(events):
        before.append(found.start() - gone[-1])
        gone.append(gone[-1] + len(found[0]))
    return [place + gone[bisect_left(before, place)] for place in places]


def _together(events: bytes) -> bytes:
    begin, opening = _opening(events)
    closing = _closing(events, begin + len(opening)) if opening else b""
    mark = closing[:_MARK]
    if not mark or events.count(mark, begin, begin + _FEW * _LONG) < _FEW:
        return events
    first, *others, last = events[begin:].split(mark)
    rest = closing[len(mark) :]
    between = rest + opening
    pieces = [first[len(opening) :], *map(bytes.removeprefix, others, repeat(between))]
    text = b"".join(pieces)
    # What stands between two texts was taken off each time, or there is more than text.
    size = len(opening) + len(text) + len(others) * len(mark + between) + len(mark + last)
    if begin + size != len(events) or not last.startswith(rest) or not _are_strings(text, pieces):
        return events
    return b"".join((events[:begin], opening, text, mark, last))


def _are_strings(text: bytes, pieces: list[bytes]) -> bool:
    """Whether each piece of this text is sure to be the inside of a string of JSON.

    Each quote is escaped, and no escape is left open, so that it is for the quote behind it.
    """
    if b"\n" in text:
        return False
    if b"\\" not in text:
        return b'"' not in text
    text = b"\n".join((*pieces, b"")).replace(b"\\\\", b"")
    # What is left of a row of backslashes escapes what follows.
    return b"\\\n" not in text and text.count(b'"') == text.count(b'\\"')


def _opening(events: bytes, start: int = 0) -> tuple[int, bytes]:
    """Where the next delta begins, and its bytes up to its text; empty where none is one."""
    for found in _TEXT.finditer(events, start, start + _LOOK):
        head = _END.split(events[start : found.end()])[-1]
        if b"delta" in head[: found.start() - found.end()]:
            return found.end() - len(head), head
    return 0, b""


def _closing(events: bytes, start: int) -> bytes:
    """What follows the text that begins there; empty where it is long, or more text follows."""
    quote = _STRING.match(events, start, start + _LONG)
    end = _END.search(events, quote.end() - 1) if quote else None
    closing = events[quote.end() - 1 : end.end()] if quote and end else b""
    return b"" if _TEXT.search(closing) else closing
