"""The part of a text in which words were found, in one line, with the words told apart."""

from __future__ import annotations

import re
from collections.abc import Sequence

BEFORE, AFTER = 40, 120  # characters around the first word


def snippet(text: str, words: Sequence[str]) -> list[tuple[str, bool]]:
    """Pieces of the line around the first of the words, and whether each is one of them."""
    pattern = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))), re.I)
    first = pattern.search(text)
    at = first.start() if first else 0
    begin, end = max(0, at - BEFORE), min(len(text), at + AFTER)
    line = re.sub(r"\s+", " ", text[begin:end]).strip()
    line = f"{'…' if begin else ''}{line}{'…' if end < len(text) else ''}"
    pieces: list[tuple[str, bool]] = []
    done = 0
    for found in pattern.finditer(line):
        pieces += [(line[done : found.start()], False), (found.group(), True)]
        done = found.end()
    return [piece for piece in (*pieces, (line[done:], False)) if piece[0]]
