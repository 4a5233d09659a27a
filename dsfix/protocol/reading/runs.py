"""A run of deltas that differ in their text alone, put together before it is decoded.

A stream without pause brings hundreds of them in a chunk, each some hundred bytes around a few
letters. Together they cost a thirtieth of what reading each one does.
"""

from __future__ import annotations

import re

# What holds a piece of text in any dialect.
_TEXT = re.compile(
    rb'"(?:text|thinking|signature|partial_json|content|reasoning_content|reasoning|arguments|delta)"'
    rb': ?"'
)
_END = re.compile(rb"\r\n\r\n|\n\n")
_LOOK = 4096  # bytes in which the first delta has to begin
# Deltas for which it is not worth the look, and bytes of one that is soon decoded for its length.
_FEW, _LONG = 8, 1024


def merged(events: bytes) -> bytes:
    """The events with such a run as one delta; the same object where there is none."""
    opening = _opening(events)
    if not opening or events.count(opening, 0, _FEW * _LONG) < _FEW:
        return events
    first, *others, last = events.split(opening)
    end = _END.search(others[0])
    closing = others[0][others[0].find(b'"') : end.end() if end else 0]
    if not closing or _TEXT.search(closing):
        return events
    between = b"".join(others)
    text = between.replace(closing, b"")
    # What has a quote in its text, or stands between the deltas, is left to be read one by one.
    if len(between) - len(text) != len(closing) * len(others):
        return events
    if b'"' in text or b"\n" in text or b'\\"' in between:
        return events
    return b"".join((first, opening, text, closing, opening, last))


def _opening(events: bytes) -> bytes:
    """The first delta up to its text; empty where no event says that it is one."""
    for found in _TEXT.finditer(events, 0, _LOOK):
        head = _END.split(events[: found.end()])[-1]
        if b"delta" in head[: found.start() - found.end()]:
            return head
    return b""
