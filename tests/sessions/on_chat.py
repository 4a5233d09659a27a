"""A conversation as agents write it on Chat."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.sessions.habits import Habits
from tests.sessions.truth import Called, Note, Prompt, Reply, Result, Thread

Message = dict[str, Any]


def written(habits: Habits, thread: Thread) -> dict[str, Any]:
    """What the wire has of its own in a body: messages, limit."""
    said: list[Message] = [{"role": "system", "content": "You are an agent."}]
    for entry in thread.history:
        match entry:
            case Prompt(text=text):
                content = text if habits.plain else [{"type": "text", "text": text}]
                said.append({"role": "user", "content": content})
            case Note(text=text):
                said.append({"role": "system", "content": text})
            case Result(call=call, text=text):
                said.append({"role": "tool", "tool_call_id": call, "content": text})
            case Reply():
                said += _messages(habits, entry)
    if habits.splits:
        said = _interleaved(said)
    return {"messages": said, "max_tokens": 8_000}


def tool(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A tool as it is offered."""
    return {"type": "function", "function": {"name": name, "parameters": schema}}


def _messages(habits: Habits, reply: Reply) -> list[Message]:
    thought, text = _thought(reply), reply.text
    if reply.leaks:
        text = f"{reply.reasoning}{text}"
    calls = [_call(habits, each) for each in reply.calls]
    if habits.splits_up(reply):
        again = thought if habits.splits == "each" else {}
        first = {"role": "assistant", "content": text, **thought, "tool_calls": calls[:1]}
        other = {"role": "assistant", "content": "", **again}
        return [first, *({**other, "tool_calls": [call]} for call in calls[1:])]
    if calls:
        content = text or ("" if habits.plain else None)
        return [{"role": "assistant", "content": content, **thought, "tool_calls": calls}]
    return [{"role": "assistant", "content": text, **thought}]


def _thought(reply: Reply) -> Message:
    """The reasoning as the agent shows it."""
    if reply.reasoning is None or reply.leaks:
        return {}
    if reply.shown in ("kept", "foreign", "unsigned"):
        return {"reasoning_content": reply.reasoning}
    shown = {"blank": {"reasoning_content": ""}, "redacted": {"reasoning": ""}}
    return shown.get(reply.shown, {})


def _call(habits: Habits, call: Called) -> dict[str, Any]:
    function = {"name": call.name, "arguments": json.dumps(habits.arguments(call))}
    return {"id": call.id, "type": "function", "function": function}


def _interleaved(said: list[Message]) -> list[Message]:
    """Each call's result right behind the message with the call; what has none stays last."""
    out: list[Message] = []
    at = 0
    while at < len(said):
        calling, at = _run(said, at, lambda each: bool(each.get("tool_calls")))
        results, at = _run(said, at, lambda each: each["role"] == "tool") if calling else ([], at)
        for message in calling:
            out.append(message)
            for call in message["tool_calls"]:
                own = next((r for r in results if r["tool_call_id"] == call["id"]), None)
                if own is not None:
                    out.append(own)
                    results = [each for each in results if each is not own]
        out += results
        if not calling:
            out.append(said[at])
            at += 1
    return out


def _run(
    said: list[Message], at: int, fits: Callable[[Message], bool]
) -> tuple[list[Message], int]:
    """The messages from there on that fit, and where they end."""
    end = next((n for n in range(at, len(said)) if not fits(said[n])), len(said))
    return said[at:end], end
