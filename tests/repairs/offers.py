"""Requests that offer tools, written once for all dialects, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from dsfix.protocol import sse
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import History
from dsfix.repairs import REPAIRS
from dsfix.repairs.base import Context, Repair, Step
from dsfix.repairs.chain import prepare
from dsfix.repairs.reply import Reply
from dsfix.simulator import rules
from dsfix.simulator.rules import Ledger, Policy
from tests.repairs.support import RULES, USER, memory, request, result
from tests.simulator.support import HEADERS, PATHS

MESSAGES, CHAT, RESPONSES = Dialect.MESSAGES, Dialect.CHAT, Dialect.RESPONSES
every = pytest.mark.parametrize("dialect", list(Dialect))
Thing = dict[str, Any]
SCHEMA: Thing = {"type": "object", "properties": {"name": {"type": "string"}}}


def function(dialect: Dialect, name: str = "f", schema: Any = SCHEMA, **more: Any) -> Thing:
    """A tool in the shape of its dialect; without a schema where that is `...`."""
    member = "input_schema" if dialect is MESSAGES else "parameters"
    inner = {"name": name, "description": f"does {name}", **more}
    inner |= {} if schema is ... else {member: schema}
    if dialect is CHAT:
        return {"type": "function", "function": inner}
    return inner if dialect is MESSAGES else {"type": "function", **inner}


def choice(dialect: Dialect, name: str) -> Thing:
    """A choice that names this tool."""
    if dialect is CHAT:
        return {"type": "function", "function": {"name": name}}
    return {"type": "tool" if dialect is MESSAGES else "function", "name": name}


def turn(dialect: Dialect, name: str, ident: str = "call_00_a1b2c3d4e5f6") -> list[Thing]:
    """A call of this tool, which was given a name as well, and its result."""
    given = {"name": "a b"}
    if dialect is MESSAGES:
        thought = {"type": "thinking", "thinking": "t", "signature": "s"}
        block = {"type": "tool_use", "id": ident, "name": name, "input": given}
        made: list[Thing] = [{"role": "assistant", "content": [thought, block]}]
    elif dialect is CHAT:
        call = {"name": name, "arguments": json.dumps(given)}
        calls = [{"id": ident, "type": "function", "function": call}]
        made = [{"role": "assistant", "reasoning_content": "t", "tool_calls": calls}]
    else:
        text = {"type": "reasoning_text", "text": "t"}
        made = [
            {"type": "reasoning", "summary": [], "content": [text]},
            {"type": "function_call", "call_id": ident, "name": name, "arguments": "{}"},
        ]
    return [*made, result(ident, dialect)]


def offering(dialect: Dialect, tools: Any, *messages: Thing, **more: Any) -> Thing:
    """A request with these tools and, after a first prompt, these messages."""
    body: Thing = request(USER, *messages, dialect=dialect, tools=tools, **more)
    return body


def refusal(dialect: Dialect, body: Thing, **policy: Any) -> str:
    """The rule of the simulator that refuses a request, and its words; empty for none."""
    asked = rules.read(
        "POST",
        PATHS[dialect],
        HEADERS,
        json.dumps(body).encode(),
        policy=Policy(**{"forced_choice": "accept", **policy}),
        ledger=Ledger(),
    )
    found = rules.refusal(asked)
    return f"{found[0].name}: {found[1].body.decode()}" if found else ""


def mended(repair: Repair, dialect: Dialect, body: Thing) -> tuple[Thing, Context]:
    """What a repair makes of a request, in one go, and what it says of it."""
    before = Body.read(dialect, compact(body))
    assert before is not None and repair.request is not None
    context = Context(RULES, memory(), History.of(before))
    after = repair.request(before, context)
    assert (after is before) is not bool(context.changes), "it says what it did"
    again = Context(RULES, memory(), History.of(after))
    assert repair.request(after, again) is after, "it is not idempotent"
    whole: Thing = json.loads(after.encode())
    return whole, context


def compact(value: Any) -> bytes:
    """JSON as most clients write it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def reply_to(dialect: Dialect, body: Thing) -> Reply:
    """The reply to a request that went through all repairs."""
    out = prepare(dialect, compact(body), REPAIRS, RULES, memory(), lambda _: Step.NONE)
    return Reply.to(out, REPAIRS, RULES)


def stream(events: Sequence[Thing]) -> bytes:
    """Events as they come from upstream; those of Chat have no type."""
    return b"".join(sse.encode(compact(each), str(each.get("type", ""))) for each in events)


def fed(reply: Reply, data: bytes, size: int) -> list[Thing]:
    """What the agent gets of a stream that comes in pieces of this size."""
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    out = b"".join([reply.feed(piece) for piece in pieces] + [reply.end()])
    return [json.loads(data) for data in map(sse.data_of, sse.split(out)) if data]
