"""Lone surrogates become U+FFFD.

A tool's output cut in the middle of an emoji leaves half of a pair, and the upstream refuses
the whole body: "lone leading surrogate in hex escape" (esengine/DeepSeek-Reasonix#1906, #1933;
VicBilibily/oai-compatible-copilot#206). It works on the bytes, because such a body is no JSON
that could be taken apart: a backslash occurs in strings only, so the escapes are exactly the
ones found here, in tool inputs and keys as well.
"""

from __future__ import annotations

import re

from dsfix.repairs.base import ALL, Repair

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_REPLACEMENT = rb"\ufffd"


def mended(data: bytes) -> tuple[bytes, int]:
    """The body with each lone surrogate escape replaced, and how many there were."""
    out: list[bytes] = []
    done = count = 0
    pair_end = -1
    for match in _SURROGATE.finditer(data):
        start = match.start()
        if start == pair_end or _escaped(data, start):
            continue
        high = data[start + 3 : start + 4] in b"89abAB"
        low = _SURROGATE.match(data, match.end())
        if high and low and data[low.start() + 3 : low.start() + 4] not in b"89abAB":
            pair_end = low.start()
            continue
        out += (data[done:start], _REPLACEMENT)
        done = match.end()
        count += 1
    if not count:
        return data, 0
    return b"".join((*out, data[done:])), count


def _escaped(data: bytes, start: int) -> bool:
    """Whether the backslash at `start` is itself escaped."""
    before = start
    while before and data[before - 1] == 0x5C:
        before -= 1
    return (start - before) % 2 == 1


ENCODING = Repair(
    "encoding", "Replaces lone surrogates, which no upstream can parse", ALL, text=mended
)
