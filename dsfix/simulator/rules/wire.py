"""The history of a request, read once for the rules and the model. Nothing of it is shared
with the proxy's own reading of the wire."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from dsfix.simulator.rules.items import responses_turns
from dsfix.simulator.rules.turn import Call, Dialect, Turn, mapping, parsed

__all__ = ["Call", "Dialect", "Turn", "context", "turns"]


def turns(body: Mapping[str, Any], dialect: Dialect) -> tuple[Turn, ...]:
    """All messages of a request whose form is valid."""
    if dialect == "responses":
        return responses_turns(body)
    read = _messages_turn if dialect == "messages" else _chat_turn
    return tuple(read(index, message) for index, message in enumerate(body["messages"]))


def context(history: Sequence[Turn]) -> str:
    """A digest of what was said: not of arguments and reasoning, which agents rewrite."""
    said = [
        (turn.role, turn.text.strip(), turn.ids, turn.results)
        for turn in history
        if turn.role not in ("system", "developer") and not turn.silent
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _messages_turn(index: int, message: Mapping[str, Any]) -> Turn:
    content = message["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    thoughts = [block["thinking"] for block in blocks if block["type"] == "thinking"]
    calls = tuple(
        Call(block["id"], block["name"], mapping(block["input"]))
        for block in blocks
        if block["type"] == "tool_use"
    )
    results = tuple(block["tool_use_id"] for block in blocks if block["type"] == "tool_result")
    leading = []
    for block in blocks:
        if block["type"] != "tool_result":
            break
        leading.append(block["tool_use_id"])
    return Turn(
        index=index,
        role=message["role"],
        text="\n".join(block["text"] for block in blocks if block["type"] == "text"),
        reasoning="".join(thoughts) if thoughts else None,
        calls=calls,
        results=results,
        leading=tuple(leading),
    )


def _chat_turn(index: int, message: Mapping[str, Any]) -> Turn:
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    text = "\n".join(part["text"] for part in parts if part["type"] == "text")
    calls = tuple(
        Call(call["id"], call["function"]["name"], parsed(call["function"].get("arguments")))
        for call in message.get("tool_calls") or ()
    )
    results = (message["tool_call_id"],) if message["role"] == "tool" else ()
    return Turn(
        index=index,
        role=message["role"],
        text=content if isinstance(content, str) else text,
        reasoning=message.get("reasoning_content"),
        calls=calls,
        results=results,
        leading=results,
    )
