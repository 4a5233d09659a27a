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

from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import History, role_of
from dsfix.repairs.base import ALL, Context, Repair
from dsfix.repairs.pairing import chat, messages, responses
from dsfix.repairs.pairing.groups import doubtful, grouped
from dsfix.repairs.pairing.mending import Mending
from dsfix.repairs.pairing.shape import Piece, Unit, Wire, units
from dsfix.repairs.recall import Seen
from dsfix.repairs.unchanged import each, same

WIRES: Mapping[Dialect, Wire] = {
    Dialect.MESSAGES: messages,
    Dialect.CHAT: chat,
    Dialect.RESPONSES: responses,
}
_ROUNDS = "tool-pairing's rounds"


def paired(body: Body, context: Context) -> Body:
    """The body with its calls and results in groups and pairs."""
    wire = WIRES[body.dialect]
    pieces = _pieces(context, context.history_of(body), wire)
    if not any(piece.calls or piece.results for piece in pieces):
        return body
    ends = _settled(context, pieces)
    done = ends[-1] if ends else 0
    before, rest = pieces[:done], pieces[done:]
    asked = doubtful(rest, wire)
    known = context.memory.together(asked) if asked else {}
    mending = Mending(wire, before)
    out = mending.messages(grouped(rest, wire, known))
    _settle(context, pieces, [*ends, *(done + end for end in accumulate(mending.well))])
    kept = body.messages[: sum([len(piece.items) for piece in before])]
    if tuple(out) == body.messages[len(kept) :]:
        return body
    for what, count in sorted(mending.counts.items()):
        context.note(TOOL_PAIRING.name, what, count)
    return body.saying((*kept, *out))


def _pieces(context: Context, history: History, wire: Wire) -> tuple[Piece, ...]:
    """The whole history, as it is known from the last request where it stayed the same."""
    if history.dialect is Dialect.RESPONSES:
        return tuple(each(context, TOOL_PAIRING.name, units(history), wire.piece))

    def piece(raw: bytes) -> Piece:
        return wire.piece(Unit(role_of(raw), (raw,)))

    return tuple(each(context, TOOL_PAIRING.name, history.messages, piece))


def _settled(context: Context, pieces: tuple[Piece, ...]) -> list[int]:
    """Where the rounds ended that were well in the last request, and that nothing can change now.

    What comes now may belong to the last round that has stayed the same, and tells by its results
    whether that round goes on with the one before.
    """
    last = context.memory.seen(context.conversation).get(_ROUNDS)
    if last is None or last.under != context.history.dialect:
        return []
    return list(last.values[: max(0, bisect_right(last.values, same(last.keys, pieces)) - 2)])


def _settle(context: Context, pieces: tuple[Piece, ...], ends: Sequence[int]) -> None:
    seen = context.memory.seen(context.conversation)
    seen[_ROUNDS] = Seen(context.history.dialect, pieces, tuple(ends))


TOOL_PAIRING = Repair(
    "tool-pairing",
    "Keeps the calls of an answer in one turn, each answered right behind it",
    ALL,
    request=paired,
    regroups=True,
)
