"""A history put together again, round by round; what is well stays as it was, byte for byte.

A round is what the assistant says until it is answered, and the answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import NamedTuple

from dsfix.protocol.turns import UNNAMED
from dsfix.repairs.pairing.groups import Group, rounds
from dsfix.repairs.pairing.shape import Part, Piece, Wire

_JOINED = "calls of one answer put into one turn"
_MISSING = "calls without a result answered"
_ORPHANS = "results without a call turned into text"
_TWICE = "repeated calls and results dropped"
_RENAMED = "ids of calls made unique"
_PLACED = "results put right behind their calls"


@dataclass(slots=True)
class _Slot:
    """A call and the result it gets: as it is sent, under which id, and the one it came with."""

    raw: bytes
    id: str
    asked: str
    result: bytes | None = None


@dataclass(slots=True)
class _Heard:
    """A part of what stands behind the calls; `given` is whether it is some call's result."""

    part: Part
    given: bool = False

    def answer(self, waiting: list[_Slot]) -> None:
        """Become the result of the last of these calls, which waits no longer."""
        if waiting:
            waiting.pop().result, self.given = self.part.raw, True


class Round(NamedTuple):
    """A round that was put in order.

    It ends behind so many pieces, and was given in the messages from `begin` to `stop`, in whose
    place `out` goes. Its calls are sent under `ids`, `less` than were asked. `counts` is what has
    been done in the history so far.
    """

    end: int
    begin: int
    stop: int
    out: Sequence[bytes]
    ids: Sequence[str]
    less: int
    counts: Mapping[str, int]


def _taken(before: Sequence[Piece], mended: Sequence[Round]) -> set[str]:
    """The ids under which calls of these pieces are sent, of which these rounds were mended."""
    return {*_calls(before), *(id for each in mended for id in each.ids)}


class Names:
    """Ids that are taken: in the whole history where they must be unique there, else in a turn.

    `count` is how many calls there are before, for the names of those that have none.
    """

    def __init__(self, unique: bool, taken: set[str], count: int) -> None:
        self._unique = unique
        self._taken = taken
        self._numbers: dict[str, int] = {}  # the last one that was put behind a name
        self._count = count

    def begin(self) -> None:
        """A turn begins."""
        if not self._unique:
            self._taken.clear()
            self._numbers.clear()

    def taken_as_they_are(self, calls: Sequence[str]) -> bool:
        """Take all of these if they can be sent; else none of them."""
        own = set(calls)
        if "" in own or len(own) < len(calls) or not own.isdisjoint(self._taken):
            return False
        self._taken |= own
        self._count += len(calls)
        return True

    def take(self, asked: str) -> str:
        """The id for a call that came with this one."""
        self._count += 1
        name = id = asked or f"{UNNAMED}{self._count}"
        number = self._numbers.get(name, 1)
        while id in self._taken:
            number += 1
            id = f"{name}_{number}"
        self._numbers[name] = number
        self._taken.add(id)
        return id


def _calls(pieces: Iterable[Piece]) -> Iterator[str]:
    return chain.from_iterable(map(attrgetter("calls"), pieces))


class Mending:
    """Puts a history in order, and counts what that took.

    `before` are the pieces in front of it, which are in order but for the rounds that were
    `mended`; those that are mended now are added. `ends` are those of all rounds, in pieces.
    """

    def __init__(
        self, wire: Wire, before: Sequence[Piece] = (), mended: Sequence[Round] = ()
    ) -> None:
        self._wire = wire
        count = len(list(_calls(before))) - sum(each.less for each in mended)
        self._names = Names(wire.UNIQUE, _taken(before, mended) if wire.UNIQUE else set(), count)
        self._end, self._at = len(before), sum(len(piece.items) for piece in before)
        self.counts = Counter(mended[-1].counts if mended else {})
        self.mended = list(mended)
        self.ends: list[int] = []

    def go_on(self, groups: Sequence[Group], messages: Sequence[bytes]) -> None:
        """Put these in order; a round in which all is well stays as it is in the messages."""
        for each in rounds(groups):
            pieces = [piece for group in each for piece in (*group.turn, *group.after)]
            given = [item for piece in pieces for item in piece.items]
            begin, self._at = self._at, self._at + len(given)
            self._end += len(pieces)
            self.ends.append(self._end)
            if self._is_well(each):
                continue
            before = self.counts.total()
            made, ids = self._mended(each)
            if made != given and self.counts.total() == before:
                self.counts[_PLACED] += 1
            if made == list(messages[begin : self._at]):
                continue
            less = len(list(_calls(pieces))) - len(ids)
            counts = dict(self.counts)
            self.mended.append(Round(self._end, begin, self._at, made, ids, less, counts))

    def _is_well(self, groups: Sequence[Group]) -> bool:
        """Whether a round can be sent as it is: no upstream minds the order of results."""
        last = groups[-1]
        if len(last.turn) > 1 or any(group.calls for group in groups[:-1]):
            return False
        waiting, left = Counter(last.calls), len(last.calls)
        for piece in last.after:
            if piece.ignored or not (piece.results or left):
                continue
            if not piece.results or not piece.sound:
                return False
            waiting.subtract(piece.results)
            left -= len(piece.results)
            if any(waiting[each] < 0 for each in piece.results):
                return False
            if self._wire.ONE_MESSAGE and left:
                return False
        self._names.begin()
        if left or not all(piece.sound for piece in last.turn):
            return False
        return self._names.taken_as_they_are(last.calls)

    def _mended(self, groups: Sequence[Group]) -> tuple[list[bytes], list[str]]:
        """The messages of a round, and the ids of its calls."""
        slots = [self._slots(group) for group in groups]
        rest = self._matched([slot for each in slots for slot in each], groups[-1].after)
        out: list[bytes] = []
        for group, own in zip(groups, slots, strict=True):
            if own:
                out += self._wire.turn(group.turn, [slot.raw for slot in own])
            else:
                out += [item for piece in group.turn for item in piece.items]
            self.counts[_JOINED] += len(group.turn) > 1
            results = [self._result(slot) for slot in own]
            out += self._wire.placed(results, rest if group is groups[-1] else [])
        self.counts += Counter()  # forget what did not happen
        return out, [slot.id for own in slots for slot in own]

    def _slots(self, group: Group) -> list[_Slot]:
        """The calls of a turn; one that is there twice, byte for byte, is one call."""
        self._names.begin()
        found: list[_Slot] = []
        seen: set[Part] = set()
        for part in (part for piece in group.turn for part in self._wire.calls(piece)):
            if part.id and part in seen:
                self.counts[_TWICE] += 1
                continue
            seen.add(part)
            asked = part.id or ""
            id = self._names.take(asked)
            self.counts[_RENAMED] += id != asked
            found.append(_Slot(self._wire.call(part.raw, id), id, asked))
        return found

    def _result(self, slot: _Slot) -> bytes:
        if slot.result is None:
            self.counts[_MISSING] += 1
            return self._wire.missing(slot.raw, slot.id)
        return self._wire.result(slot.result, slot.id)

    def _matched(
        self, slots: Sequence[_Slot], after: Sequence[Piece]
    ) -> list[tuple[Piece, list[bytes] | None]]:
        """Give the results to their calls; what is left of the pieces in which they stood.

        A result without an id answers the first call that no other result answers.
        """
        parts = [
            [_Heard(part) for part in self._wire.parts(piece)] if piece.results else []
            for piece in after
        ]
        results = [each for piece in parts for each in piece if each.part.id is not None]
        waiting: dict[str, list[_Slot]] = {}
        for slot in reversed(slots):
            waiting.setdefault(slot.asked, []).append(slot)
        for each in results:
            if each.part.id:
                each.answer(waiting.get(each.part.id, []))
        unanswered = [slot for slot in reversed(slots) if slot.result is None]
        for each in results:
            if not each.part.id:
                each.answer(unanswered)
        taken = {slot.result for slot in slots}
        return [
            (piece, self._left(each, taken) if each else None)
            for piece, each in zip(after, parts, strict=True)
        ]

    def _left(self, parts: Iterable[_Heard], taken: Set[bytes | None]) -> list[bytes]:
        """The parts that are no calls' results; such as could be nobody's are told as text."""
        left: list[bytes] = []
        for each in parts:
            part = each.part
            if part.id is None:
                left.append(part.raw)
            elif part.raw in taken:
                self.counts[_TWICE] += not each.given
            else:
                self.counts[_ORPHANS] += 1
                left += self._wire.told(part.raw)
        return left
