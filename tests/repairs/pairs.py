"""Histories of calls and results, written once for all dialects."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import History
from dsfix.repairs.base import Change, Context
from dsfix.repairs.pairing.shape import INTERRUPTED
from dsfix.repairs.tool_pairing import TOOL_PAIRING
from dsfix.simulator import rules
from dsfix.simulator.rules import Ledger, Policy
from tests.repairs.support import RULES, USER, memory, request
from tests.simulator.support import HEADERS, PATHS

ALL = [Dialect.MESSAGES, Dialect.CHAT, Dialect.RESPONSES]
LENIENT = Policy(pass_back="lenient", names="any")
Messages = list[dict[str, Any]]
# One step of a history, in the dialect that it is asked for.
Step = Any


def calls(*ids: str | None, say: str = "", think: str = "") -> Step:
    """What the assistant says, and the calls it makes; an id may be missing."""

    def step(dialect: Dialect) -> Messages:
        if dialect is Dialect.MESSAGES:
            blocks: Messages = [{"type": "thinking", "thinking": think, "signature": "s"}]
            blocks = (blocks if think else []) + ([{"type": "text", "text": say}] if say else [])
            blocks += [
                _named({"type": "tool_use", "name": "f", "input": {}}, "id", id) for id in ids
            ]
            return [{"role": "assistant", "content": blocks}]
        if dialect is Dialect.CHAT:
            function = {"name": "f", "arguments": "{}"}
            made = [_named({"type": "function", "function": function}, "id", id) for id in ids]
            message: dict[str, Any] = {"role": "assistant", "content": say}
            message |= {"reasoning_content": think} if think else {}
            return [message | ({"tool_calls": made} if made else {})]
        parts = [{"type": "reasoning_text", "text": think}]
        items: Messages = [{"type": "reasoning", "summary": [], "content": parts}] if think else []
        content = [{"type": "output_text", "text": say}]
        items += [{"type": "message", "role": "assistant", "content": content}] if say else []
        call = {"type": "function_call", "name": "f", "arguments": "{}"}
        return items + [_named(call, "call_id", id) for id in ids]

    return step


def results(*ids: str | None, content: Any = "ok") -> Step:
    """The results of these calls, on Messages in one message."""

    def step(dialect: Dialect) -> Messages:
        if dialect is Dialect.MESSAGES:
            block = {"type": "tool_result", "content": content}
            return [{"role": "user", "content": [_named(block, "tool_use_id", id) for id in ids]}]
        if dialect is Dialect.CHAT:
            tool = {"role": "tool", "content": content}
            return [_named(tool, "tool_call_id", id) for id in ids]
        output = {"type": "function_call_output", "output": content}
        return [_named(output, "call_id", id) for id in ids]

    return step


def some(*groups: Step) -> Step:
    """Several lots of results as one: on Messages they share a message."""

    def step(dialect: Dialect) -> Messages:
        found = [message for each in groups for message in each(dialect)]
        if dialect is not Dialect.MESSAGES:
            return found
        return [{"role": "user", "content": [b for each in found for b in each["content"]]}]

    return step


def interrupted(*ids: str) -> Step:
    """What stands in for the results of these calls."""
    return results(*ids, content=INTERRUPTED)


def said(role: str, text: str) -> Step:
    """A message of a role that makes no calls."""
    return lambda dialect: [{"role": role, "content": text}]


def bodied(dialect: Dialect, steps: Sequence[Step]) -> dict[str, Any]:
    """A request with these steps after a first prompt."""
    messages = [USER, *(message for step in steps for message in step(dialect))]
    body: dict[str, Any] = request(*messages, dialect=dialect)
    return body


def listed(body: dict[str, Any]) -> Messages:
    """The messages of a request, or its items."""
    found: Messages = body.get("messages", body.get("input"))
    return found


def mended(
    dialect: Dialect, body: dict[str, Any], known: Any = None
) -> tuple[dict[str, Any], list[Change]]:
    """What pairing makes of a request, and what it notes; it must be done in one go."""
    before = Body.read(dialect, json.dumps(body).encode())
    assert before is not None and TOOL_PAIRING.request is not None
    context = Context(RULES, known or memory(), History.of(before))
    after = TOOL_PAIRING.request(before, context)
    assert (after is before) is not bool(context.changes)
    again = Context(RULES, known or memory(), History.of(after))
    assert TOOL_PAIRING.request(after, again) is after, "it is not idempotent"
    whole: dict[str, Any] = json.loads(after.encode())
    return whole, context.changes


def refused_by(dialect: Dialect, body: dict[str, Any], ledger: Ledger | None = None) -> str:
    """The rule of the simulator that refuses a request, empty for none."""
    raw = json.dumps(body).encode()
    request = rules.read(
        "POST", PATHS[dialect], HEADERS, raw, policy=LENIENT, ledger=ledger or Ledger()
    )
    refusal = rules.refusal(request)
    return refusal[0].name if refusal else ""


def _named(value: dict[str, Any], name: str, id: str | None) -> dict[str, Any]:
    return value if id is None else {**value, name: id}
