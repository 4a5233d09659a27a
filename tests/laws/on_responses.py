"""A conversation as agents write it on the Responses dialect."""

from __future__ import annotations

import json
from typing import Any

from tests.laws.conversation import Answered, Call, History, Noted, Part, Said
from tests.laws.habits import PIXEL, SCHEMA, STAND_IN, TOOLS, Habits

Item = dict[str, Any]


def messages(history: History, habits: Habits) -> list[Item]:
    """The items of a request's input."""
    out: list[Item] = []
    for step in history.steps:
        match step:
            case Said(parts):
                out.append(habits.said(_message("user", parts, habits)))
            case Noted(text):
                out.append(_message(habits.note, (Part("text", text),), habits))
            case Answered():
                out += _answer(step, habits)
                out += [_output(call, habits) for call in step.calls if call.result is not None]
    return out


def body(history: History, habits: Habits, number: int = 0) -> dict[str, Any]:
    """The whole request; its number is told nowhere."""
    return {
        "model": history.model,
        "instructions": "You are an agent.",
        "input": messages(history, habits),
        "tools": [{"type": "function", "name": n, "parameters": SCHEMA} for n in TOOLS],
        "store": False,
        "include": ["reasoning.encrypted_content"],
    }


def _answer(step: Answered, habits: Habits) -> list[Item]:
    out = _reasoning(step)
    if step.shown == "leaked" and step.thought:
        out.append(_said(step.thought))
    if step.text or not (step.calls or out):
        out.append(_said(step.text))
    return [*out, *map(_call, step.calls)]


def _said(text: str) -> Item:
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"type": "message", "status": "completed", "role": "assistant", "content": [part]}


def _reasoning(step: Answered) -> list[Item]:
    ways: dict[str, list[Any]] = {
        "blank": [],
        "space": [{"type": "reasoning_text", "text": " "}],
        "redacted": [],
        "stand-in": [{"type": "reasoning_text", "text": STAND_IN}],
    }
    if step.shown in ("lost", "leaked") or (not step.thought and step.shown not in ways):
        return []
    item: Item = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "..."}]}
    if step.shown == "redacted":
        return [{**item, "encrypted_content": "gAAAA"}]
    content = ways.get(step.shown, [{"type": "reasoning_text", "text": step.thought}])
    return [{**item, "content": content, "encrypted_content": None}]


def _call(call: Call) -> Item:
    named = {"call_id": call.id, "name": call.name, "arguments": json.dumps(call.arguments)}
    return {"type": "function_call", **named}


def _output(call: Call, habits: Habits) -> Item:
    assert call.result is not None
    output: Any = call.result.parts[0].text if call.result.form == "text" else ""
    if call.result.form == "parts":
        output = [_part(part) for part in call.result.parts]
    return {"type": "function_call_output", "call_id": call.id, "output": output}


def _message(role: str, parts: tuple[Part, ...], habits: Habits) -> Item:
    content: Any = [_part(part) for part in parts]
    if len(parts) == 1 and parts[0].kind == "text" and not habits.blocks:
        content = parts[0].text
    return {"type": "message", "role": role, "content": content}


def _part(part: Part) -> Item:
    if part.kind == "text":
        return {"type": "input_text", "text": part.text}
    if part.kind == "image":
        return {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}"}
    return {"type": "input_file", "filename": "notes.txt", "file_data": part.text}
