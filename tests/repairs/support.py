"""Small histories and the chain with nothing behind it, for the tests of the repairs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dsfix.memory import OriginMemory, Store
from dsfix.protocol.body import Dialect
from dsfix.repairs import REPAIRS
from dsfix.repairs.base import Repair, Rules, Step
from dsfix.repairs.chain import Outgoing, prepare
from dsfix.upstreams import named
from dsfix.upstreams.base import Model

FIXTURES = Path(__file__).parent.parent / "fixtures" / "conversations"
MODELS = {
    "deepseek-v4-pro": Model("deepseek-v4-pro", 1_048_576, 393_216),
    "deepseek-v4-flash": Model("deepseek-v4-flash", 1_048_576, 393_216, vision=True),
}
RULES = Rules(
    "deepseek-v4-pro",
    "deepseek-v4-flash",
    MODELS.get,
    efforts=named("deepseek").efforts,
    server_tools=named("deepseek").server_tools,
    strict=True,
)
TOOLS = {
    Dialect.MESSAGES: [{"name": "f", "input_schema": {"type": "object", "properties": {}}}],
    Dialect.CHAT: [
        {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    ],
    Dialect.RESPONSES: [{"type": "function", "name": "f", "parameters": {"type": "object"}}],
}
USER = {"role": "user", "content": "x"}


@dataclass(frozen=True)
class At:
    """A place in a conversation, told by its keys."""

    previous: str = "p"
    chain: str = "c"
    session: str = ""
    renames: bool = False

    def has(self, key: str, previous: str) -> bool:
        """Nothing else is in this conversation."""
        return False

    def holds(self, key: str, chain: str) -> bool:
        """Nothing else is in this conversation."""
        return False


def memory() -> OriginMemory:
    """An empty memory in RAM."""
    return OriginMemory(Store(None), "https://upstream.example")


def sent(
    dialect: Dialect,
    body: Any,
    *,
    to: OriginMemory | None = None,
    rules: Rules = RULES,
    step: Step = Step.NONE,
    repairs: tuple[Repair, ...] = REPAIRS,
) -> tuple[Any, Outgoing]:
    """What goes upstream for a body, decoded, and the whole outcome."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    out = prepare(dialect, data, repairs, rules, to or memory(), lambda _: step)
    return json.loads(out.data), out


def call(
    ident: str, *before: dict[str, Any], dialect: Dialect = Dialect.MESSAGES
) -> dict[str, Any]:
    """An assistant's message that calls the tool `f`."""
    if dialect is Dialect.MESSAGES:
        block = {"type": "tool_use", "id": ident, "name": "f", "input": {}}
        return {"role": "assistant", "content": [*before, block]}
    if dialect is Dialect.RESPONSES:
        return {"type": "function_call", "call_id": ident, "name": "f", "arguments": "{}"}
    function = {"name": "f", "arguments": "{}"}
    calls = [{"id": ident, "type": "function", "function": function}]
    return {"role": "assistant", "content": "", "tool_calls": calls}


def result(ident: str, dialect: Dialect = Dialect.MESSAGES) -> dict[str, Any]:
    """The result of that call."""
    if dialect is Dialect.MESSAGES:
        block = {"type": "tool_result", "tool_use_id": ident, "content": "ok"}
        return {"role": "user", "content": [block]}
    if dialect is Dialect.RESPONSES:
        return {"type": "function_call_output", "call_id": ident, "output": "ok"}
    return {"role": "tool", "tool_call_id": ident, "content": "ok"}


def request(*messages: dict[str, Any], dialect: Dialect = Dialect.MESSAGES, **more: Any) -> Any:
    """A request with these messages and one tool."""
    if dialect is Dialect.RESPONSES:
        base = {"model": "deepseek-v4-pro", "max_output_tokens": 64, "tools": TOOLS[dialect]}
        return {**base, "input": list(messages), **more}
    base = {"model": "deepseek-v4-pro", "max_tokens": 64, "tools": TOOLS[dialect]}
    return {**base, "messages": list(messages), **more}
