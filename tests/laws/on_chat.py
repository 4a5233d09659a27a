"""A conversation as agents write it on the Chat Completions dialect."""

from __future__ import annotations

import json
from typing import Any

from tests.laws.conversation import Answered, Call, History, Noted, Part, Said
from tests.laws.habits import PIXEL, SCHEMA, STAND_IN, TOOLS, Habits

Message = dict[str, Any]


def messages(history: History, habits: Habits) -> list[Message]:
    """The messages of a request."""
    out: list[Message] = [{"role": habits.note, "content": "You are an agent."}]
    for step in history.steps:
        match step:
            case Said(parts):
                out.append(habits.said({"role": "user", "content": _content(parts, habits)}))
            case Noted(text):
                out.append({"role": habits.note, "content": text})
            case Answered():
                out.append(_answer(step, habits))
                out += [_result(call, habits) for call in step.calls if call.result is not None]
    return out


def body(history: History, habits: Habits, number: int = 0) -> dict[str, Any]:
    """The whole request; its number is told nowhere."""
    functions = [{"name": name, "parameters": SCHEMA} for name in TOOLS]
    return {
        "model": history.model,
        "max_tokens": 32000,
        "messages": messages(history, habits),
        "tools": [{"type": "function", "function": function} for function in functions],
    }


def _answer(step: Answered, habits: Habits) -> Message:
    text = step.text
    if step.shown == "leaked" and step.thought:
        text = step.thought + text
    message: Message = {"role": "assistant", "content": text}
    if step.calls:
        message["tool_calls"] = [_call(call) for call in step.calls]
        if not text and habits.blocks:
            message["content"] = None
    return {**message, **_reasoning(step)}


def _reasoning(step: Answered) -> Message:
    ways: dict[str, Any] = {
        "blank": "",
        "leaked": "",
        "space": " ",
        "redacted": None,
        "stand-in": STAND_IN,
    }
    if step.shown == "lost" or (not step.thought and step.shown not in ways):
        return {}
    return {"reasoning_content": ways.get(step.shown, step.thought)}


def _call(call: Call) -> Message:
    arguments = json.dumps(call.arguments)
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": arguments},
    }


def _result(call: Call, habits: Habits) -> Message:
    assert call.result is not None
    content: Any = call.result.parts[0].text if call.result.form == "text" else ""
    if call.result.form == "parts":
        content = [_part(part) for part in call.result.parts]
    return {"role": "tool", "tool_call_id": call.id, "content": content}


def _content(parts: tuple[Part, ...], habits: Habits) -> Any:
    if len(parts) == 1 and parts[0].kind == "text" and not habits.blocks:
        return parts[0].text
    return [_part(part) for part in parts]


def _part(part: Part) -> Message:
    if part.kind == "text":
        return {"type": "text", "text": part.text}
    if part.kind == "image":
        return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    return {"type": "file", "file": {"filename": "notes.txt", "file_data": part.text}}
