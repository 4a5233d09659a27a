"""Tool calls and their results stand as the upstream wants them: in groups, and in pairs.

Every call is answered right behind its turn, and every result answers one: else "An assistant
message with 'tool_calls' must be followed by tool messages" (NousResearch/hermes-agent#29148;
gptme/gptme#3421), "`tool_use` ids were found without `tool_result` blocks immediately after"
(agentscope-ai/agentscope#1892; farion1231/cc-switch#6044) or "No tool output found for tool call"
(deepseek-ai/awesome-deepseek-integration#740). Histories break these rules after an interruption
or a compaction, where an agent puts a message in between, and where it splits parallel calls. On
Responses a split answer is refused as if its reasoning were missing, with or without thinking
(lidge-jun/opencodex#1534; Kohaku-Lab/KohakuTerrarium#322).

So the calls of one answer become one turn, its results follow, and what stood between goes behind
them. A call without a result gets one that says so; a result without a call becomes text. An id
that is missing or there twice is replaced only where it is refused: reasoning is found by ids.
Left alone is what nobody refuses: results in another order than the calls, which the upstream
sorts itself, and what a tool was given, JSON or not (deepseek-ai/deepseek-recipe, 2026-09).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from operator import attrgetter
from typing import NamedTuple

from msgspec.structs import replace

from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import History
from dsfix.protocol.turns import Turn, is_random
from dsfix.repairs.base import ALL, Context, Repair
from dsfix.repairs.pairing import chat, messages, responses
from dsfix.repairs.pairing.groups import Answers, doubtful, grouped, usual
from dsfix.repairs.pairing.mending import Mending, Names, Round
from dsfix.repairs.pairing.shape import Piece, Wire, pieces_of
from dsfix.repairs.unchanged import agreed

WIRES: Mapping[Dialect, Wire] = {
    Dialect.MESSAGES: messages,
    Dialect.CHAT: chat,
    Dialect.RESPONSES: responses,
}


class _Paired(NamedTuple):
    """The last request of a conversation.

    Its rounds ended behind the pieces numbered `ends`, and those that were not well were `mended`.
    `made` are the ids of the calls in the first so many pieces, where they must be unique.
    """

    dialect: Dialect
    messages: tuple[bytes, ...]
    pieces: list[Piece]
    ends: list[int]
    mended: list[Round]
    made: tuple[int, frozenset[str]] = (0, frozenset())

    def made_before(self, place: int) -> tuple[int, frozenset[str]]:
        """The ids of the calls in the pieces before that place; those that are known stay so."""
        known, ids = self.made if self.made[0] <= place else (0, frozenset[str]())
        more = (call for piece in self.pieces[known:place] for call in piece.calls)
        return place, ids.union(more)


def paired(body: Body, context: Context) -> Body:
    """The body with its calls and results in groups and pairs."""
    wire = WIRES[body.dialect]
    seen = context.seen
    last: _Paired | None = seen.get(TOOL_PAIRING.name)
    if last is None or last.dialect is not body.dialect:
        last = _Paired(body.dialect, (), [], [], [])
    pieces, count = _read(context.history_of(body), wire, last)
    ends = _settled(last.ends, count)
    mended = last.mended[: bisect_right(last.mended, _last(ends), key=attrgetter("end"))]
    now = _Paired(body.dialect, body.messages, pieces, ends, mended, last.made)
    if wire.UNIQUE:
        now = now._replace(made=now.made_before(_last(ends)))
    if any(piece.calls or piece.results for piece in pieces):
        _go_on(body, context, now)
    seen[TOOL_PAIRING.name] = now
    if not mended:
        return body
    for what, times in sorted(mended[-1].counts.items()):
        context.note(TOOL_PAIRING.name, what, times)
    out: list[bytes] = []
    at = 0
    for each in mended:
        out += (*body.messages[at : each.begin], *each.out)
        at = each.stop
    return body.saying((*out, *body.messages[at:]))


def coming_back(turn: Turn, history: History) -> Turn:
    """The turn behind that history, under the ids that its calls are sent with from then on."""
    calls, unique = turn.calls, WIRES[history.dialect].UNIQUE
    apart = "" not in calls and len({*calls}) == len(calls)
    if (apart and not unique) or all(map(is_random, calls)):
        return turn
    before = history.turns(range(len(history.assistants))).values()
    made = [call for each in before for call in each.calls]
    names = Names(True, set(made) if unique else set(), len(made))
    return replace(turn, calls=tuple(map(names.take, calls)))


def _go_on(body: Body, context: Context, now: _Paired) -> None:
    """Find the rounds behind those that are known, and put in order those that are not well."""
    wire, pieces, ends = WIRES[body.dialect], now.pieces, now.ends
    found, whole = _usual(wire, now)
    ends += found if whole else found[:-2]
    if whole:
        return
    asked = doubtful(pieces[_last(ends) :], wire)
    known = context.memory.together(asked) if asked else {}
    found, whole = _usual(wire, now, known)
    if whole:
        ends += found
        return
    mending = Mending(wire, pieces[: _last(ends)], now.mended)
    mending.go_on(grouped(pieces[_last(ends) :], wire, known), body.messages)
    ends += mending.ends
    now.mended[:] = mending.mended


def _usual(wire: Wire, now: _Paired, known: Answers | None = None) -> tuple[list[int], bool]:
    """Where the next rounds end, as far as they are as usual, and whether all are."""
    done = _last(now.ends)
    before = frozenset[str]()
    if wire.UNIQUE:
        before = now.made_before(done)[1].union(id for each in now.mended for id in each.ids)
    found = [done + end for end in usual(now.pieces[done:], wire, before, known)]
    return found, found[-1:] == [len(now.pieces)]


def _last(ends: Sequence[int]) -> int:
    return ends[-1] if ends else 0


def _read(history: History, wire: Wire, last: _Paired) -> tuple[list[Piece], int]:
    """The pieces, and how many of them are as in the last request."""
    same = agreed(last.messages, history)
    if history.dialect is not Dialect.RESPONSES:
        return [*last.pieces[:same], *pieces_of(history, wire, same)], same
    stops = [0, *accumulate(len(piece.items) for piece in last.pieces)]
    count = max(0, bisect_right(stops, same) - 2)  # a last turn may go on
    return [*last.pieces[:count], *pieces_of(history, wire, stops[count])], count


def _settled(ends: Sequence[int], count: int) -> list[int]:
    """Where the rounds ended that were well, and that nothing can change now.

    What comes now may belong to the last round that has stayed the same, and tells by its results
    whether that round goes on with the one before.
    """
    return list(ends[: max(0, bisect_right(ends, count) - 2)])


TOOL_PAIRING = Repair(
    "tool-pairing",
    "Keeps the calls of an answer in one turn, each answered right behind it",
    ALL,
    request=paired,
    regroups=True,
)
