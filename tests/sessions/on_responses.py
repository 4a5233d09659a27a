"""A conversation as agents write it on Responses."""

from __future__ import annotations

import json
from typing import Any

from tests.sessions.habits import Habits
from tests.sessions.truth import Note, Prompt, Reply, Result, Thread

Item = dict[str, Any]


def written(habits: Habits, thread: Thread) -> dict[str, Any]:
    """What the wire has of its own in a body: input, instructions."""
    said: list[Item] = []
    for entry in thread.history:
        match entry:
            case Prompt(text=text):
                said.append(_message("user", "input_text", text))
            case Note(text=text):
                said.append(_message("developer", "input_text", text))
            case Result(call=call, text=text):
                said.append({"type": "function_call_output", "call_id": call, "output": text})
            case Reply():
                said += _items(habits, entry)
    return {"input": said, "instructions": "You are an agent."}


def tool(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A tool as it is offered."""
    return {"type": "function", "name": name, "parameters": schema}


def _message(role: str, kind: str, text: str) -> Item:
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


def _items(habits: Habits, reply: Reply) -> list[Item]:
    text = f"{reply.reasoning}{reply.text}" if reply.leaks else reply.text
    calls = [
        {
            "type": "function_call",
            "call_id": each.id,
            "name": each.name,
            "arguments": json.dumps(habits.arguments(each)),
        }
        for each in reply.calls
    ]
    return [
        *_thought(reply),
        *([_message("assistant", "output_text", text)] if text else []),
        *calls,
    ]


def _thought(reply: Reply) -> list[Item]:
    """The reasoning as the agent shows it."""
    item: Item = {"type": "reasoning", "summary": []}
    if reply.reasoning is None or reply.leaks:
        return []
    if reply.shown in ("kept", "foreign", "unsigned"):
        return [{**item, "content": [{"type": "reasoning_text", "text": reply.reasoning}]}]
    return [{**item, "encrypted_content": "abc"}] if reply.shown in ("blank", "redacted") else []
