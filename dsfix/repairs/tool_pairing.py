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
from typing import NamedTuple

from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import History
from dsfix.protocol.turns import Look
from dsfix.repairs.base import ALL, Context, Repair
from dsfix.repairs.pairing import chat, messages, responses
from dsfix.repairs.pairing.groups import doubtful, grouped, usual
from dsfix.repairs.pairing.mending import Mending
from dsfix.repairs.pairing.shape import Piece, Unit, Wire, units
from dsfix.repairs.unchanged import agreed

WIRES: Mapping[Dialect, Wire] = {
    Dialect.MESSAGES: messages,
    Dialect.CHAT: chat,
    Dialect.RESPONSES: responses,
}


class _Paired(NamedTuple):
    """The last request of a conversation.

    The rounds that were well, up to the first that was not, ended behind the pieces numbered
    `ends`.
    """

    dialect: Dialect
    messages: tuple[bytes, ...]
    pieces: list[Piece]
    ends: list[int]


def paired(body: Body, context: Context) -> Body:
    """The body with its calls and results in groups and pairs."""
    wire = WIRES[body.dialect]
    seen = context.seen
    last: _Paired | None = seen.get(TOOL_PAIRING.name)
    if last is None or last.dialect is not body.dialect:
        last = _Paired(body.dialect, (), [], [])
    pieces, count = _read(context.history_of(body), wire, last)
    ends = _settled(last.ends, count)
    seen[TOOL_PAIRING.name] = _Paired(body.dialect, body.messages, pieces, ends)
    if not any(piece.calls or piece.results for piece in pieces):
        return body
    done = ends[-1] if ends else 0
    found = [done + end for end in usual(pieces[done:], wire, pieces[:done])]
    if found[-1:] == [len(pieces)]:
        ends += found
        return body
    ends += found[:-2]
    done = ends[-1] if ends else 0
    rest = pieces[done:]
    asked = doubtful(rest, wire)
    known = context.memory.together(asked) if asked else {}
    found = [done + end for end in usual(rest, wire, pieces[:done], known)]
    if found[-1:] == [len(pieces)]:
        ends += found
        return body
    mending = Mending(wire, pieces[:done])
    out = mending.messages(grouped(rest, wire, known))
    ends += (done + end for end in accumulate(mending.well))
    given = len(body.messages) - sum(len(piece.items) for piece in rest)
    if tuple(out) == body.messages[given:]:
        return body
    for what, times in sorted(mending.counts.items()):
        context.note(TOOL_PAIRING.name, what, times)
    return body.saying((*body.messages[:given], *out))


def _read(history: History, wire: Wire, last: _Paired) -> tuple[list[Piece], int]:
    """The pieces, and how many of them are as in the last request."""
    same = agreed(last.messages, history)
    if history.dialect is not Dialect.RESPONSES:
        new = [_piece(look, wire) for look in history.looks[same:]]
        return [*last.pieces[:same], *new], same
    stops = [0, *accumulate(len(piece.items) for piece in last.pieces)]
    count = max(0, bisect_right(stops, same) - 2)  # a last turn may go on
    new = list(map(wire.piece, units(history, stops[count])))
    return [*last.pieces[:count], *new], count


def _piece(look: Look, wire: Wire) -> Piece:
    if not look.plain:
        return wire.piece(Unit(look.role, (look.raw,)))
    turn = look.turn
    if turn is None:
        return Piece((look.raw,), results=look.results)
    return Piece((look.raw,), True, turn.calls, turn=turn)


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
