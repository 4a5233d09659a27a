"""Histories written by hand, and what a case of a rule is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.simulator.support import SCHEMA, TOOLS, USER, body

OCTETS = "application/octet-stream"
JSON = "application/json"
CHAT_PASS_BACK = "The `reasoning_content` in the thinking mode must be passed back to the API."
PASS_BACK = "The `content[].thinking` in the thinking mode must be passed back to the API."
THOUGHT = {"type": "thinking", "thinking": "t", "signature": "x"}


def use(*ids: str) -> list[dict[str, Any]]:
    """Blocks of calls."""
    return [{"type": "tool_use", "id": id, "name": "f", "input": {}} for id in ids]


def result(*ids: str) -> dict[str, Any]:
    """A user message with results."""
    blocks = [{"type": "tool_result", "tool_use_id": id, "content": "ok"} for id in ids]
    return {"role": "user", "content": blocks}


def assistant(*blocks: Any) -> dict[str, Any]:
    """An assistant message on Messages."""
    return {"role": "assistant", "content": list(blocks)}


def calls(*ids: str, **members: Any) -> dict[str, Any]:
    """An assistant message with calls on Chat."""
    function = {"name": "f", "arguments": "{}"}
    made = [{"id": id, "type": "function", "function": function} for id in ids]
    return {"role": "assistant", "content": "", "tool_calls": made} | members


def tool(id: str) -> dict[str, Any]:
    """A result on Chat."""
    return {"role": "tool", "tool_call_id": id, "content": "ok"}


def chat(*messages: Any, **members: Any) -> dict[str, Any]:
    """A request on Chat after a first prompt."""
    return body(messages=[USER, *messages], tools=TOOLS["chat"], **members)


def messages(*turns: Any, **members: Any) -> dict[str, Any]:
    """A request on Messages after a first prompt."""
    return body(messages=[USER, *turns], tools=TOOLS["messages"], **members)


def named(dialect: str, name: str, schema: Any = SCHEMA) -> dict[str, Any]:
    """A request with one tool."""
    function = {"name": name, "parameters": schema}
    if dialect == "chat":
        return body(tools=[{"type": "function", "function": function}])
    return body(tools=[{"name": name, "input_schema": schema}])


def patterned(pattern: str) -> dict[str, Any]:
    """A schema with one text of that pattern, in a list of texts."""
    inside = {"type": "array", "items": {"type": "string", "pattern": pattern}}
    return {"type": "object", "properties": {"name": {"anyOf": [inside]}}}


@dataclass(frozen=True)
class Case:
    """A rule, a body that it refuses and how, and a neighbour that passes."""

    rule: str
    dialect: str
    refused: Any
    accepted: Any
    text: str
    status: int = 400
    content_type: str | None = OCTETS
    policy: dict[str, Any] = field(default_factory=dict)
