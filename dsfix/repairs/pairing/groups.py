"""Which calls belong together: those of one answer are one turn.

An agent that runs parallel calls one by one, or stores each in a message of its own, sends one
answer as several (NousResearch/hermes-agent#29148). Memory knows what was one answer. So do
DeepSeek's own ids, which carry the call's number in it (`call_00_...`, `call_01_...`,
tinkerindustries/agent-harness, 2026-08-09). Calls of which neither knows anything stay apart, as
long as each is answered before the next is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from dsfix.protocol.turns import Turn
from dsfix.repairs.pairing.shape import Piece, Wire

# What one answer was: each of its calls, with all of them.
Answers = Mapping[str, frozenset[str]]
_NUMBERED = re.compile(r"call_(\d\d)_\w{16,}")
_FIRST, _LONG = "call_00_", 24  # how the first one's begins, and how long it is at least


@dataclass(slots=True)
class Group:
    """One turn of the assistant's in all its pieces, and what stands behind each of them.

    The first group of a history has no turn. `calls` and `results` are the ids of all of them.
    """

    turn: list[Piece] = field(default_factory=list)
    after: list[Piece] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)

    def add(self, piece: Piece) -> None:
        """Take in a piece, the assistant's or another's."""
        (self.turn if piece.assistant else self.after).append(piece)
        self.calls += piece.calls
        self.results += piece.results

    def is_waited_for(self, answered: Set[str]) -> bool:
        """Whether any of these ids answers a call that has no result yet."""
        if self.results == self.calls or not answered:
            return False
        return not answered.isdisjoint(set(self.calls).difference(self.results))


def usual(
    pieces: Sequence[Piece],
    wire: Wire,
    before: Set[str] = frozenset(),
    answers: Answers | None = None,
) -> list[int]:
    """Where rounds end, as far as all is as DeepSeek gives it and as it wants it.

    That is: ids that tell that another answer begins, and results in the order of the calls, with
    nothing between. Of other ids `answers` says what is known; None where nobody was asked.
    `before` are the ids of calls in front. If all pieces are so, the last end is behind them.
    """
    ends: list[int] = []
    calls: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    taken = set(before)
    heard = False
    for at, piece in enumerate(pieces):
        if not piece.sound or (calls != results and (piece.assistant or not piece.results)):
            return ends
        if piece.assistant:
            if heard:
                ends.append(at)
            if made := piece.calls:
                if not _apart(made, taken) or not _begins(made[0], calls, answers):
                    return ends
                if wire.UNIQUE:
                    taken.update(made)
            calls, results = made, ()
        elif answered := piece.results:
            if calls == results:
                return ends
            results += answered
            if wire.ONE_MESSAGE and calls != results:
                return ends
        heard = not piece.assistant
    return [*ends, len(pieces)] if pieces and calls == results else ends


def grouped(pieces: Sequence[Piece], wire: Wire, answers: Answers) -> list[Group]:
    """The history turn by turn, each turn as one group."""
    found = [Group()]
    for piece, coming in zip(pieces, _coming(pieces), strict=True):
        if piece.assistant and not _joins(found[-1], piece, coming, wire, answers):
            found.append(Group())
        found[-1].add(piece)
    return found


def doubtful(pieces: Sequence[Piece], wire: Wire) -> list[str]:
    """Ids of calls that could be of one answer with the turn before: memory may know them."""
    found: list[str] = []
    last: Piece | None = None
    for piece in pieces:
        if not piece.assistant:
            continue
        calling = last and last.calls and piece.calls
        if last and calling and not _both_begin(last, piece) and _repeats(piece, last, wire):
            found += (last.calls[-1], piece.calls[0])
        last = piece
    return found


def rounds(groups: Sequence[Group]) -> Iterator[list[Group]]:
    """The groups, those that follow each other with nothing between as one list."""
    found: list[Group] = []
    for group in groups:
        found.append(group)
        if group.after:
            yield found
            found = []
    if found:
        yield found


def _joins(group: Group, piece: Piece, coming: Set[str], wire: Wire, answers: Answers) -> bool:
    """Whether the assistant's piece goes on with the group's turn.

    `coming` are the ids that are answered behind it, before the assistant speaks again: where it
    makes a call of the same id itself, that is the one that is answered.
    """
    if not group.calls:
        return False
    known = _same_answer(group.calls, piece.calls[0], answers) if piece.calls else None
    if known is False:
        return False
    waiting = group.is_waited_for(coming - set(piece.calls))
    if group.after and not waiting and not known:
        return False
    if waiting and not group.after:
        return True
    said = frozenset[bytes]().union(*map(wire.voice, group.turn))
    if not wire.voice(piece) <= said:
        return False
    return bool(known) or all(each.results or each.ignored for each in group.after)


def _apart(calls: Sequence[str], taken: Set[str]) -> bool:
    """Whether these ids can be told from each other, and from those that are taken."""
    if len(calls) == 1:
        return calls[0] != "" and calls[0] not in taken
    own = set(calls)
    return len(own) == len(calls) and "" not in own and own.isdisjoint(taken)


def _begins(call: str, last: Sequence[str], answers: Answers | None) -> bool:
    """Whether the answer that makes this call is surely another than the one with the last."""
    if answers is None:
        return call.startswith(_FIRST) and len(call) >= _LONG and call.isidentifier()
    number = _number(call)
    return number in (0, None) and not (last and _same_answer(last, call, answers))


def _same_answer(calls: Sequence[str], call: str, answers: Answers) -> bool | None:
    """Whether a call was made in one answer with these; None where nobody knows."""
    for one, other in ((call, calls[-1]), (calls[-1], call)):
        if one in answers:
            return other in answers[one]
    number = _number(call)
    if number is None:
        return None
    numbers = set(map(_number, calls)) - {None}
    if number in numbers or (number == 0 and not numbers):
        return False
    return True if number - 1 in numbers else None


def _number(call: str) -> int | None:
    """Which call of its answer this is, by DeepSeek's own ids."""
    match = _NUMBERED.fullmatch(call) if call.startswith("call_") else None
    return int(match[1]) if match else None


def _both_begin(last: Piece, piece: Piece) -> bool:
    """Whether each makes calls that are numbered from an answer's first on."""
    return _number(last.calls[0]) == 0 == _number(piece.calls[0])


def _repeats(piece: Piece, last: Piece, wire: Wire) -> bool:
    """Whether the assistant says nothing in the piece that it has not said in the last."""
    if piece.turn and last.turn:
        return _words(piece.turn) <= _words(last.turn)
    return wire.voice(piece) <= wire.voice(last)


def _words(turn: Turn) -> set[str]:
    thoughts = turn.reasoning.blocks if turn.reasoning else ()
    return {words for words in (*turn.texts, *(text for text, _ in thoughts)) if words.strip()}


def _coming(pieces: Sequence[Piece]) -> list[Set[str]]:
    """For each of the assistant's pieces, the ids that are answered before it has spoken again."""
    found: list[Set[str]] = []
    answered: set[str] = set()
    speaking = False
    for piece in reversed(pieces):
        if not piece.assistant:
            answered = set() if speaking else answered
            answered.update(piece.results)
        speaking = piece.assistant
        found.append(answered)
    return found[::-1]
