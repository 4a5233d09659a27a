"""A conversation as agents write it on Messages."""

from __future__ import annotations

from typing import Any

from tests.sessions.habits import Habits
from tests.sessions.truth import Note, Prompt, Reply, Result, Thread

Block = dict[str, Any]
CACHED = {"cache_control": {"type": "ephemeral"}}


def written(habits: Habits, thread: Thread) -> dict[str, Any]:
    """What the wire has of its own in a body: messages, system, limit."""
    said: list[Block] = []
    for entry in thread.history:
        match entry:
            case Prompt(text=text):
                _add_words(habits, said, text)
            case Note(text=text):
                said.append({"role": "system", "content": text})
            case Result(call=call, text=text):
                _add_result(said, {"type": "tool_result", "tool_use_id": call, "content": text})
            case Reply():
                said += _messages(habits, entry)
    _mark(said, habits.marks)
    system = {"type": "text", "text": "You are an agent.", **CACHED}
    return {"messages": said, "system": [system], "max_tokens": 32_000}


def tool(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A tool as it is offered."""
    return {"name": name, "description": "A tool.", "input_schema": schema}


def _add_words(habits: Habits, said: list[Block], text: str) -> None:
    block = {"type": "text", "text": text}
    if habits.joins and _is_open(said):
        said[-1]["content"].append(block)
    else:
        said.append({"role": "user", "content": text if habits.plain else [block]})


def _add_result(said: list[Block], block: Block) -> None:
    if _is_open(said):
        said[-1]["content"].append(block)
    else:
        said.append({"role": "user", "content": [block]})


def _is_open(said: list[Block]) -> bool:
    """Whether the user's last message takes another block."""
    return bool(said) and said[-1]["role"] == "user" and isinstance(said[-1]["content"], list)


def _messages(habits: Habits, reply: Reply) -> list[Block]:
    thought = _thought(reply)
    text = [{"type": "text", "text": reply.text}] if reply.text else []
    calls = [
        {"type": "tool_use", "id": each.id, "name": each.name, "input": habits.arguments(each)}
        for each in reply.calls
    ]
    if habits.splits_up(reply):
        again = thought if habits.splits == "each" else []
        contents = [[*(again if nth else [*thought, *text]), c] for nth, c in enumerate(calls)]
    elif reply.leaks:
        contents = [[{"type": "text", "text": reply.reasoning}, *text, *calls]]
    elif reply.form == "late":
        contents = [[*text, *thought, *calls]]
    elif habits.plain and text and not calls and not thought:
        return [{"role": "assistant", "content": reply.text}]
    else:
        contents = [[*thought, *text, *calls]]
    return [{"role": "assistant", "content": content} for content in contents]


def _thought(reply: Reply) -> list[Block]:
    """The reasoning as the agent shows it."""
    said = reply.reasoning
    if said is None:
        return []
    shown: dict[str, Block] = {
        "kept": {"type": "thinking", "thinking": said, "signature": reply.signature},
        "unsigned": {"type": "thinking", "thinking": said},
        "foreign": {"type": "thinking", "thinking": said, "signature": "E" * 300},
        "blank": {"type": "thinking", "thinking": "", "signature": ""},
        "redacted": {"type": "redacted_thinking", "data": "abc"},
    }
    return [shown[reply.shown]] if reply.shown in shown else []


def _mark(said: list[Block], count: int) -> None:
    """Cache markers on the last messages."""
    for message in [each for each in said if each["role"] != "system"][-count:] if count else ():
        if isinstance(message["content"], str):
            message["content"] = [{"type": "text", "text": message["content"]}]
        message["content"][-1] |= CACHED
