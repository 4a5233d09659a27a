"""What was stored or looked up last, by name, so that the disk is not asked again."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Iterable, Set
from itertools import takewhile

import msgspec

from dsfix.memory.recall import Stored

# Bytes of a place in the cache, and of a turn without its reasoning (CPython 3.11, 64 bits).
_ENTRY, _TURN = 200, 1000
ALIKE = 64  # turns under one name of which the latest are looked at: users repeat themselves


class _Kept(msgspec.Struct, frozen=True, gc=False):
    """The turns under a name, the bytes that they take, and after how many writes the disk has
    them all; whether these are `all` turns of that name."""

    found: tuple[Stored, ...]
    size: int
    writes: int
    all: bool


class Ram:
    """Turns by name, for about `room` bytes; what is named twice counts twice."""

    def __init__(self, room: int) -> None:
        self._room, self._size = room, 0
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._fresh: set[str] = set()

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those names of which the disk has to tell."""
        kept = self._kept
        return [name for name in names if (last := kept.get(name)) is None or not last.all]

    def get(self, name: str, *, anew: bool = False) -> tuple[Stored, ...] | None:
        """The turns under a name, the latest first; None where the disk has to tell.

        `anew`: it has to unless it has told since the last turn was kept here.
        """
        kept = self._kept.get(name)
        if kept is None or not kept.all or (anew and name not in self._fresh):
            return None
        self._kept.move_to_end(name)
        return kept.found

    def has(self, name: str) -> bool:
        """Whether any turns are kept under a name."""
        return name in self._kept

    def among(self, names: Iterable[str]) -> Set[str]:
        """Those names under which any turns are kept."""
        return self._kept.keys() & names

    def begun(self, names: Iterable[str]) -> list[str]:
        """Those names under which there are turns, of which the disk may have more."""
        kept = self._kept
        return [name for name in names if (last := kept.get(name)) is not None and not last.all]

    def put(self, name: str, found: tuple[Stored, ...], committed: int = 0) -> tuple[Stored, ...]:
        """Keep what the disk has under a name; all that there is, with what came meanwhile.

        So many writes were `committed` when it was asked: what they wrote is no news.
        """
        last, writes = self._kept.get(name), 0
        if last is not None:
            if last.writes > committed or not found:
                new = takewhile(lambda each: each not in found, last.found)
                found = (*new, *found)[:ALIKE]
            writes = last.writes
        self._fresh.add(name)
        self._put(name, _Kept(found, _size(name, found), writes, True))
        return found

    def push(self, name: str, stored: Stored, writes: int, *, first: bool) -> None:
        """Keep one more turn under a name, which will be on disk after so many writes.

        Where it is not the `first`, and no other is here, the disk may have more of them.
        """
        last = self._kept.get(name)
        if last is None:
            self._put(name, _Kept((stored,), _size(name, (stored,)), writes, first))
        elif stored not in last.found:
            found = (stored, *last.found[: ALIKE - 1])
            size = last.size + _bytes_of(stored) - sum(map(_bytes_of, last.found[ALIKE - 1 :]))
            self._put(name, _Kept(found, size, writes, last.all))

    def trim(self, committed: int) -> None:
        """Drop the least recent, but nothing that is not among the writes that are on disk."""
        self._fresh.clear()
        while self._size > self._room and len(self._kept) > 1:
            name, oldest = next(iter(self._kept.items()))
            if oldest.writes > committed:
                return
            del self._kept[name]
            self._size -= oldest.size

    def clear(self) -> None:
        """Forget all of it."""
        self._kept.clear()
        self._fresh.clear()
        self._size = 0

    def _put(self, name: str, kept: _Kept) -> None:
        before = self._kept.pop(name, None)
        self._size += kept.size - (before.size if before else 0)
        self._kept[name] = kept


def _size(name: str, found: Iterable[Stored]) -> int:
    return _ENTRY + sys.getsizeof(name) + sum(map(_bytes_of, found))


def _bytes_of(stored: Stored) -> int:
    size = _TURN
    for text, _ in stored.reasoning.blocks:
        size += sys.getsizeof(text)
    return size
