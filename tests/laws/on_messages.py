"""A conversation as agents write it on the Messages dialect."""

from __future__ import annotations

from typing import Any

from tests.laws.conversation import Answered, Call, History, Noted, Part, Said
from tests.laws.habits import FOREIGN_MARK, PIXEL, SCHEMA, STAND_IN, TOOLS, Habits

Message = dict[str, Any]


def messages(history: History, habits: Habits) -> list[Message]:
    """The messages of a request."""
    out: list[Message] = []
    for step in history.steps:
        match step:
            case Said(parts):
                _say(out, [_part(part) for part in parts], habits)
            case Noted(text):
                out.append({"role": "system", "content": text})
            case Answered():
                out.append({"role": "assistant", "content": _answer(step, habits)})
                results = [_result(call) for call in step.calls if call.result is not None]
                if results:
                    out.append({"role": "user", "content": results})
    if habits.markers:
        out[-2:] = [_marked(message) for message in out[-2:]]
    return out


def body(history: History, habits: Habits, number: int = 0) -> dict[str, Any]:
    """The whole request, the agent's `number`th."""
    billing = f"x-anthropic-billing-header: cc_version=2.1.197.{number:03x}; cc_entrypoint=cli;"
    system = [{"type": "text", "text": "You are an agent."}]
    if habits.billing:
        system.insert(0, {"type": "text", "text": billing})
    return {
        "model": history.model,
        "max_tokens": 32000,
        "system": system,
        "tools": [{"name": name, "input_schema": SCHEMA} for name in TOOLS],
        "messages": messages(history, habits),
    }


def _say(out: list[Message], blocks: list[Any], habits: Habits) -> None:
    after_results = bool(out) and out[-1]["role"] == "user"
    if habits.joined and after_results and isinstance(out[-1]["content"], list):
        out[-1] = {**out[-1], "content": [*out[-1]["content"], *blocks]}
    elif len(blocks) == 1 and blocks[0]["type"] == "text" and not habits.blocks:
        out.append(habits.said({"role": "user", "content": blocks[0]["text"]}))
    else:
        out.append(habits.said({"role": "user", "content": blocks}))


def _answer(step: Answered, habits: Habits) -> Any:
    texts = [{"type": "text", "text": step.text}] if step.text else []
    calls = [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments}
        for call in step.calls
    ]
    first, last = _thinking(step)
    blocks = [*first, *texts, *calls, *last]
    if len(blocks) == 1 and texts and not habits.blocks:
        return step.text
    return blocks


def _thinking(step: Answered) -> tuple[list[Any], list[Any]]:
    """The blocks that show the reasoning: at the head, and at the end."""
    text, way = step.thought, step.shown
    if way == "redacted":
        return [{"type": "redacted_thinking", "data": "QUJD"}], []
    if way == "stand-in":
        text = STAND_IN
    elif way == "blank":
        text = ""
    elif way == "space":
        text = " "
    elif not text or way == "lost":
        return [], []
    elif way == "leaked":
        return [{"type": "text", "text": text}], []
    mark = {"foreign": FOREIGN_MARK, "unsigned": ""}.get(way, step.signature)
    block = {"type": "thinking", "thinking": text, "signature": mark}
    return ([], [block]) if way == "late" else ([block], [])


def _result(call: Call) -> Message:
    block: Message = {"type": "tool_result", "tool_use_id": call.id}
    assert call.result is not None
    if call.result.form == "text":
        block["content"] = call.result.parts[0].text
    elif call.result.form == "parts":
        block["content"] = [_part(part) for part in call.result.parts]
    return block


def _part(part: Part) -> Message:
    if part.kind == "text":
        return {"type": "text", "text": part.text}
    if part.kind == "image":
        source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
        return {"type": "image", "source": source}
    source = {"type": "text", "media_type": "text/plain", "data": part.text}
    return {"type": "document", "source": source, "title": "notes.txt"}


def _marked(message: Message) -> Message:
    """The message with a cache marker on its last block."""
    content = message["content"]
    if message["role"] == "system":
        return message
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    if not content or "thinking" in content[-1]["type"]:
        return message
    last = {**content[-1], "cache_control": {"type": "ephemeral"}}
    return {**message, "content": [*content[:-1], last]}
