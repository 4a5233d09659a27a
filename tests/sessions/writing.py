"""A request as an agent writes it."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

from tests.sessions import on_chat, on_messages, on_responses
from tests.sessions.habits import Habits
from tests.sessions.truth import Thread
from tests.support.talk import SHELL

WIRES: dict[str, ModuleType] = {
    "messages": on_messages,
    "chat": on_chat,
    "responses": on_responses,
}
TOOLS = ("Bash", "Read", "Edit")
_OFF = {
    "messages": {"thinking": {"type": "disabled"}},
    "chat": {"thinking": {"type": "disabled"}},
    "responses": {"reasoning": {"effort": "none"}},
}
_FORCED = {"messages": {"type": "any"}, "chat": "required", "responses": "required"}


def said_in(dialect: str) -> str:
    """The member of a body that has the conversation."""
    return "input" if dialect == "responses" else "messages"


def body(habits: Habits, thread: Thread) -> bytes:
    """The request for the next answer."""
    wire = WIRES[thread.dialect]
    written: dict[str, Any] = wire.written(habits, thread)
    said = {(name := said_in(thread.dialect)): written.pop(name)}
    if thread.tools:
        written["tools"] = [wire.tool(name, SHELL) for name in TOOLS]
    if thread.thinking == "off":
        written |= _OFF[thread.dialect]
    elif thread.thinking == "forced" and thread.tools:
        written["tool_choice"] = _FORCED[thread.dialect]
    written["stream"] = habits.streams
    first = {"model": thread.model}
    whole = {**first, **written, **said} if habits.last else {**first, **said, **written}
    separators = (", ", ": ") if habits.spaced else (",", ":")
    return json.dumps(whole, separators=separators, ensure_ascii=habits.escaped).encode()


def headers(habits: Habits, thread: Thread) -> dict[str, str]:
    """The headers that say whose request it is."""
    named = {habits.session: thread.session, "x_claude_code_agent_id": thread.agent}
    return {name: value for name, value in named.items() if value}
