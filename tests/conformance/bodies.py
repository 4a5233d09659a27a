"""Small bodies in each dialect, written by hand: what an agent sends and an upstream answers."""

from __future__ import annotations

from typing import Any

from dsfix.protocol.body import Dialect
from tests.conformance.row import CHAT, MESSAGES, RESPONSES

PROMPT = "list the files in 日本"
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}
THOUGHT = "the user wants the files, so call f next"
PRO = "deepseek-v4-pro"
# Ids as Anthropic makes them, unknown to DeepSeek; and as DeepSeek does.
FOREIGN = ("toolu_01A09q90qw90lq917835lq9", "toolu_01T1x1fJ34qAmk2tNTrN7Up6")
OWN = ("call_00_aB3dE5fG7hJ9kL1mN3pQ5rS7", "call_01_tU9vW1xY3zA5bC7dE9fG1hJ3")

Items = list[dict[str, Any]]


def tool(dialect: Dialect, name: str = "f", schema: Any = SCHEMA) -> dict[str, Any]:
    """A tool that the agent offers."""
    if dialect is MESSAGES:
        return {"name": name, "input_schema": schema}
    if dialect is CHAT:
        return {"type": "function", "function": {"name": name, "parameters": schema}}
    return {"type": "function", "name": name, "parameters": schema}


def user(dialect: Dialect, text: str = PROMPT) -> Items:
    """What the user says."""
    message = {"role": "user", "content": text}
    return [{"type": "message", **message}] if dialect is RESPONSES else [message]


def turn(
    dialect: Dialect, *ids: str, text: str = "", thought: str | None = None, name: str = "f"
) -> Items:
    """An assistant's turn that thinks, says and calls what is given."""
    if dialect is MESSAGES:
        return [
            {"role": "assistant", "content": blocks(*ids, text=text, thought=thought, name=name)}
        ]
    if dialect is CHAT:
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if thought is not None:
            message["reasoning_content"] = thought
        if ids:
            function = {"name": name, "arguments": '{"n": 1}'}
            calls = [{"id": id, "type": "function", "function": function} for id in ids]
            message["tool_calls"] = calls
        return [message]
    items: Items = []
    if thought is not None:
        content = [{"type": "reasoning_text", "text": thought}]
        items.append({"type": "reasoning", "summary": [], "content": content})
    if text:
        said = [{"type": "output_text", "text": text}]
        items.append({"type": "message", "role": "assistant", "content": said})
    call = {"type": "function_call", "name": name, "arguments": '{"n": 1}'}
    return items + [{**call, "call_id": id} for id in ids]


def blocks(
    *ids: str, text: str = "", thought: str | None = None, name: str = "f", signature: str = "s-1"
) -> Items:
    """The content of a turn on Messages."""
    content: Items = []
    if thought is not None:
        content.append({"type": "thinking", "thinking": thought, "signature": signature})
    if text:
        content.append({"type": "text", "text": text})
    return content + [{"type": "tool_use", "id": id, "name": name, "input": {"n": 1}} for id in ids]


def results(dialect: Dialect, *ids: str) -> Items:
    """The results of these calls."""
    if dialect is MESSAGES:
        return [{"role": "user", "content": [result_block(id) for id in ids]}]
    if dialect is CHAT:
        return [{"role": "tool", "tool_call_id": id, "content": "a.txt"} for id in ids]
    return [{"type": "function_call_output", "call_id": id, "output": "a.txt"} for id in ids]


def result_block(id: str) -> dict[str, Any]:
    """One result on Messages."""
    return {"type": "tool_result", "tool_use_id": id, "content": "a.txt"}


def body(dialect: Dialect, *messages: Items, **more: Any) -> dict[str, Any]:
    """A request with these messages and one tool; `more` replaces members or adds to them."""
    every = [message for items in messages for message in items]
    if dialect is RESPONSES:
        whole = {"model": PRO, "max_output_tokens": 9000, "input": every}
    else:
        whole = {"model": PRO, "max_tokens": 9000, "messages": every}
    return {**whole, "tools": [tool(dialect)], **more}


def asking(dialect: Dialect, **more: Any) -> dict[str, Any]:
    """A request of one message."""
    return body(dialect, user(dialect), **more)


def answer(
    dialect: Dialect,
    *ids: str,
    text: str = "",
    thought: str | None = THOUGHT,
    model: str = PRO,
    name: str = "f",
) -> dict[str, Any]:
    """A whole answer of the upstream that says the same as a turn."""
    id = f"answer-{ids[0] if ids else text}"
    if dialect is MESSAGES:
        return {
            "id": id,
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": blocks(*ids, text=text, thought=thought, name=name),
            "stop_reason": "tool_use" if ids else "end_turn",
            "usage": {"input_tokens": 9, "output_tokens": 9},
        }
    if dialect is CHAT:
        message = turn(CHAT, *ids, text=text, thought=thought, name=name)[0]
        finish = "tool_calls" if ids else "stop"
        choice = {"index": 0, "message": message, "finish_reason": finish}
        return {"id": id, "object": "chat.completion", "model": model, "choices": [choice]}
    output = [
        {"id": f"i-{place}", "status": "completed", **item}
        for place, item in enumerate(turn(RESPONSES, *ids, text=text, thought=thought, name=name))
    ]
    head = {"id": id, "object": "response", "status": "completed"}
    return {**head, "model": model, "output": output}
