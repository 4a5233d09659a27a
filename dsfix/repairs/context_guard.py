"""Reasoning that was put back must not overflow the model's context.

The agent counts without it: it compacts by its own window, and the prompt that dsfix sends is
longer (JohnnyZ93/oai-compatible-copilot#98: re-injected thinking overflowed the context, "This
model's maximum context length is N tokens"). Near the limit the oldest replayed texts shrink to
placeholders. What has shrunk stays so, because each time voids the prompt cache from there on:
hence more is taken than is needed at once. Tokens are not guessed: how many a byte makes is what
the upstream counted for the conversation's last request, and if it refuses the length all the
same, its own numbers tell how much must go (`recovery`).
"""

from __future__ import annotations

import math

from dsfix.protocol.body import Body
from dsfix.protocol.history import WIRES
from dsfix.protocol.turns import Reasoning
from dsfix.repairs.base import ALL, Context, Repair
from dsfix.repairs.max_tokens import asked_tokens
from dsfix.repairs.placeholder import numbered, placeholder
from dsfix.repairs.recall import Decision, Kind, Sent
from dsfix.repairs.thinking_replay import THINKING_REPLAY

NEAR = 0.98  # of the context: what is new since the last count may be denser
FILL = 0.85  # of the context: what is left full when room had to be made


def within_context(body: Body, context: Context) -> Body:
    """The body with the oldest replayed reasoning as placeholders, where it would not fit."""
    if not context.replayed or context.rules.placeholder.mode == "off":
        return body
    excess = max(context.length.shed, _excess(body, context))
    if excess <= 0:
        return body
    return _shrunk(body, context, excess)


def _excess(body: Body, context: Context) -> int:
    """Bytes that must go; none while prompt and answer fit the model's context."""
    limits = context.rules.limits(str(body.get("model")))
    density = context.length.density
    if limits is None or not density:
        return 0
    room = limits.context - min(asked_tokens(body) or 0, limits.output)
    size = sum(map(len, body.messages)) + sum(map(len, body.members.values()))
    return math.ceil(size - room * FILL / density) if size * density > room * NEAR else 0


def _shrunk(body: Body, context: Context, excess: int) -> Body:
    out = list(body.messages)
    known = context.memory.decided(context.conversation)
    sent: dict[str, Reasoning] = {}
    gone = moved = 0
    for turn in context.turns:
        if turn.decision is None or turn.decision.kind is not Kind.REAL:
            continue
        old = turn.decision.items
        name, text, items = _stand_in(body, context, turn, turn.decision.turn)
        gain = sum(map(len, old)) - sum(map(len, items))
        if gone >= excess or gain <= 0:
            continue
        at = turn.at + moved
        out[at : at + len(old)] = items
        moved += len(items) - len(old)
        gone += gain
        sent[name] = text
        if (turn.place, turn.items) in known:
            decision = Decision(items, Kind.PLACEHOLDER, turn.decision.turn)
            known[turn.place, turn.items] = decision
    if not sent:
        return body
    context.memory.remember_sent(context.conversation, sent)
    context.seen.pop(THINKING_REPLAY.name, None)
    context.replayed -= len(sent)
    context.placeholders += len(sent)
    context.note(CONTEXT_GUARD.name, "oldest reasoning shrunk, the context is full", len(sent))
    return body.saying(out)


def _stand_in(
    body: Body, context: Context, sent: Sent, key: str
) -> tuple[str, Reasoning, tuple[bytes, ...]]:
    """What is put in place of a replay: under which name it is kept, its text, its messages."""
    wire = WIRES[body.dialect]
    turn = wire.turn(sent.items)
    assert turn is not None  # it was read to be replayed
    text = placeholder(turn, key, sent.earlier, context.rules.placeholder.text)
    return numbered(key, sent.earlier), text, wire.with_reasoning(sent.items, text, None)


CONTEXT_GUARD = Repair(
    "context-guard",
    "Shrinks the oldest replayed reasoning before the context overflows",
    ALL,
    request=within_context,
)
