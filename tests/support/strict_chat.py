"""OpenAI Chat Completions as the strict endpoint reads and writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.support.strict_base import Answer, Refused, Tool, Turn, blocks, thirds, unknown

PATHS = ("/chat/completions", "/v1/chat/completions")
PASS_BACK = "The `reasoning_content` in the thinking mode must be passed back to the API."
LONGEST_NAME = 64
_ROLES = ("system", "user", "assistant", "tool")
_CONTENT = {
    "system": ("text",),
    "user": ("text", "image_url", "file"),
    "assistant": ("text",),
    "tool": ("text", "image_url"),
}


def is_off(body: dict[str, Any]) -> bool:
    """Whether thinking is turned off."""
    return (body.get("thinking") or {}).get("type") == "disabled"


def effort(body: dict[str, Any]) -> object:
    """The effort asked for."""
    return body.get("reasoning_effort")


def user_id(body: dict[str, Any]) -> Any:
    """The user's id."""
    return body.get("user_id")


def budget(body: dict[str, Any]) -> object:
    """The tokens that an answer may have."""
    return body.get("max_tokens")


def tools(body: dict[str, Any]) -> list[Tool]:
    """The tools that the request offers."""
    offered = [each["function"] for each in body.get("tools") or ()]
    return [
        Tool(each["name"], frozenset((each.get("parameters") or {}).get("properties") or ()))
        for each in offered
    ]


def names(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Place and name of each tool."""
    for place, each in enumerate(body.get("tools") or ()):
        yield f"tools[{place}].function.name", each["function"]["name"]


def roles(body: dict[str, Any]) -> None:
    """Raise Refused for a role that does not exist."""
    for place, message in enumerate(body["messages"]):
        if message.get("role") not in _ROLES:
            raise unknown(f"messages[{place}].role", message.get("role"), _ROLES)


def contents(body: dict[str, Any]) -> None:
    """Raise Refused for a part that may not stand where it stands, or for no content at all."""
    for place, message in enumerate(body["messages"]):
        allowed = _CONTENT[message["role"]]
        for part in blocks(message):
            if part.get("type") not in allowed:
                raise unknown(f"messages[{place}].content", part.get("type"), allowed)
        empty = message.get("content") is None and not message.get("tool_calls")
        if message["role"] == "assistant" and empty:
            text = "Invalid assistant message: content or tool_calls must be set"
            raise Refused("content", text)


def pairing(body: dict[str, Any], strict: bool) -> None:
    """Raise Refused for calls and tool messages that do not belong together.

    A call unanswered and an answer alone are refused in any case; strictly, ids must be unique
    in their message too, and not empty.
    """
    waiting: set[str] = set()
    for message in body["messages"]:
        if message["role"] == "tool":
            if message.get("tool_call_id") not in waiting:
                raise Refused("pairing", "Messages with role 'tool' must be a response")
            waiting.discard(message["tool_call_id"])
            continue
        if waiting:
            _unanswered()
        made = [call["id"] for call in message.get("tool_calls") or ()]
        waiting = set(made)
        if strict and (len(waiting) != len(made) or "" in waiting):
            raise Refused("pairing", f"Duplicate value for 'tool_call_id' of {made}")
    if waiting:
        _unanswered()


def _unanswered() -> None:
    raise Refused("pairing", "(insufficient tool messages following tool_calls message)")


def flow(body: dict[str, Any]) -> Iterator[Turn | str]:
    """The conversation: each assistant turn, and what the user said between them."""
    for message in body["messages"]:
        text = "\n".join(
            part.get("text") or "" for part in blocks(message) if part.get("type") == "text"
        )
        if message["role"] == "assistant":
            calls = tuple(call["id"] for call in message.get("tool_calls") or ())
            yield Turn(calls, text, message.get("reasoning_content"))
        elif message["role"] == "user":
            yield text


def head(body: dict[str, Any]) -> list[Any]:
    """What of a prompt stands before the messages: model, user, tools; the system is a message."""
    return [body.get("model"), body.get("user_id"), body.get("tools"), None]


def steps(body: dict[str, Any]) -> list[Any]:
    """The messages as a cache sees them."""
    return list(body["messages"])


def whole(answer: Answer) -> dict[str, Any]:
    """The answer as one document."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text}
    if answer.given.reasoning is not None:
        message["reasoning_content"] = answer.given.reasoning
    if answer.calls:
        message["tool_calls"] = [_function(answer, n) for n, _ in enumerate(answer.calls)]
    choice = {"index": 0, "message": message, "finish_reason": _finish(answer)}
    return {**_head(answer, "chat.completion"), "choices": [choice], "usage": _usage(answer)}


def events(answer: Answer) -> Iterator[bytes]:
    """The answer chunk by chunk."""
    head = _head(answer, "chat.completion.chunk")
    for delta in _deltas(answer):
        choice = {"index": 0, "delta": delta, "finish_reason": None}
        yield b"data: " + json.dumps({**head, "choices": [choice]}).encode() + b"\n\n"
    last = {"index": 0, "delta": {"content": ""}, "finish_reason": _finish(answer)}
    end = {**head, "choices": [last], "usage": _usage(answer)}
    yield b"data: " + json.dumps(end).encode() + b"\n\n"
    yield b"data: [DONE]\n\n"


def _deltas(answer: Answer) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": None}
    for part in thirds(answer.given.reasoning or ""):
        yield {"reasoning_content": part}
    for part in thirds(answer.text):
        yield {"content": part}
    for index, call in enumerate(answer.calls):
        opened = {**_function(answer, index), "index": index}
        yield {"tool_calls": [{**opened, "function": {"name": call.name, "arguments": ""}}]}
        for part in thirds(json.dumps(call.arguments)):
            yield {"tool_calls": [{"index": index, "function": {"arguments": part}}]}


def _head(answer: Answer, kind: str) -> dict[str, Any]:
    return {"id": answer.id, "object": kind, "created": 1790000000, "model": answer.model}


def _usage(answer: Answer) -> dict[str, int]:
    counted = {"prompt_tokens": answer.prompt, "completion_tokens": 32}
    return {**counted, "total_tokens": answer.prompt + 32}


def _function(answer: Answer, index: int) -> dict[str, Any]:
    call = answer.calls[index]
    function = {"name": call.name, "arguments": json.dumps(call.arguments)}
    return {"id": answer.given.calls[index], "type": "function", "function": function}


def _finish(answer: Answer) -> str:
    if answer.ending != "completed":
        return {"incomplete": "length", "failed": "insufficient_system_resource"}[answer.ending]
    return "tool_calls" if answer.calls else "stop"
