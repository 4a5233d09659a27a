"""Anthropic Messages as the strict endpoint reads and writes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.support.strict_base import (
    Answer,
    Refused,
    Tool,
    Turn,
    blocks,
    malformed,
    thirds,
    unknown,
)

PATHS = ("/anthropic/v1/messages",)
PASS_BACK = "The `content[].thinking` in the thinking mode must be passed back to the API."
LONGEST_NAME = 64
_ROLES = ("user", "assistant", "system")
_RESULT = ("text", "image")
_CONTENT = {
    "user": ("text", "image", "tool_result"),
    "system": ("text",),
    "assistant": (
        "text",
        "thinking",
        "redacted_thinking",
        "tool_use",
        "server_tool_use",
        "web_search_tool_result",
    ),
}


def is_off(body: dict[str, Any]) -> bool:
    """Whether thinking is turned off."""
    return (body.get("thinking") or {}).get("type") == "disabled"


def effort(body: dict[str, Any]) -> object:
    """The effort asked for."""
    return (body.get("output_config") or {}).get("effort")


def user_id(body: dict[str, Any]) -> Any:
    """The user's id."""
    return (body.get("metadata") or {}).get("user_id")


def budget(body: dict[str, Any]) -> object:
    """The tokens that an answer may have."""
    return body.get("max_tokens")


def tools(body: dict[str, Any]) -> list[Tool]:
    """The tools that the request offers."""
    offered = body.get("tools") or []
    return [
        Tool(each["name"], frozenset((each.get("input_schema") or {}).get("properties") or ()))
        for each in offered
    ]


def names(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Place and name of each tool."""
    for place, each in enumerate(body.get("tools") or ()):
        yield f"tools[{place}].name", each["name"]


def roles(body: dict[str, Any]) -> None:
    """Raise Refused for a role that does not exist."""
    for place, message in enumerate(body["messages"]):
        if message.get("role") not in _ROLES:
            raise unknown(f"messages[{place}].role", message.get("role"), _ROLES)


def contents(body: dict[str, Any]) -> None:
    """Raise Refused for a block that may not stand where it stands."""
    for place, message in enumerate(body["messages"]):
        allowed = _CONTENT[message["role"]]
        for block in blocks(message):
            if block.get("type") not in allowed:
                raise unknown(f"messages[{place}].content", block.get("type"), allowed)
            inner = block.get("content") if block["type"] == "tool_result" else None
            for part in inner if isinstance(inner, list) else ():
                if part.get("type") not in _RESULT:
                    raise unknown(f"messages[{place}].content", part.get("type"), _RESULT)


def pairing(body: dict[str, Any], strict: bool) -> None:
    """Raise Refused for a call without its result; strictly, for a result out of place too."""
    called: list[str] = []
    for place, message in enumerate(body["messages"]):
        parts = blocks(message)
        kinds = [part.get("type") for part in parts]
        results = [part["tool_use_id"] for part in parts if part.get("type") == "tool_result"]
        missing = [each for each in called if each not in results]
        if missing:
            _unanswered(place - 1, missing)
        if strict and (set(results) - set(called) or len(set(results)) != len(results)):
            raise Refused("pairing", f"unexpected `tool_use_id` in messages.{place}: {results}")
        if strict and set(kinds[: len(results)]) - {"tool_result"}:
            raise Refused("pairing", f"messages.{place}: `tool_result` blocks must come first")
        called = [part["id"] for part in parts if part.get("type") == "tool_use"]
        if strict and (len(set(called)) != len(called) or "" in called):
            raise Refused("pairing", f"messages.{place}: `tool_use` ids must be unique")
    if called:
        _unanswered(len(body["messages"]) - 1, called)


def _unanswered(place: int, missing: list[str]) -> None:
    raise Refused(
        "pairing",
        f"messages.{place}: `tool_use` ids were found without `tool_result` blocks immediately"
        f" after: {', '.join(missing)}.",
    )


def flow(body: dict[str, Any]) -> Iterator[Turn | str]:
    """The conversation: each assistant turn, and what the user said between them."""
    for message in body["messages"]:
        parts = blocks(message)
        text = "\n".join(part.get("text") or "" for part in parts if part.get("type") == "text")
        if message["role"] == "assistant":
            yield _turn(parts, text)
        elif message["role"] == "user":
            yield text


def _turn(parts: list[dict[str, Any]], text: str) -> Turn:
    thoughts = [part for part in parts if part.get("type") == "thinking"]
    for part in thoughts:
        if "thinking" not in part:
            raise malformed("missing field `thinking`")
    return Turn(
        tuple(part["id"] for part in parts if part.get("type") == "tool_use"),
        text,
        "".join(part["thinking"] for part in thoughts) if thoughts else None,
        first=not thoughts or parts[0].get("type") == "thinking",
        redacted=any(part.get("type") == "redacted_thinking" for part in parts),
    )


def head(body: dict[str, Any]) -> list[Any]:
    """What of a prompt stands before the messages: model, user, tools, system."""
    return [body.get("model"), body.get("metadata"), body.get("tools"), body.get("system")]


def steps(body: dict[str, Any]) -> list[Any]:
    """The messages as a cache sees them."""
    return list(body["messages"])


def whole(answer: Answer) -> dict[str, Any]:
    """The answer as one document."""
    return {
        **_head(answer),
        "content": _blocks(answer),
        "stop_reason": _stop(answer),
        "usage": _usage(answer),
    }


def events(answer: Answer) -> Iterator[bytes]:
    """The answer event by event."""
    for event in _events(answer):
        yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def _events(answer: Answer) -> Iterator[dict[str, Any]]:
    start = {**_head(answer), "content": [], "stop_reason": None, "usage": _usage(answer)}
    yield {"type": "message_start", "message": start}
    for index, block in enumerate(_blocks(answer)):
        kind, at = block["type"], {"index": index}
        empty: dict[str, Any] = {"thinking": {"thinking": ""}, "text": {"text": ""}}.get(kind, {})
        opened = {**block, **empty}
        if kind == "thinking" and "signature" in block:
            opened["signature"] = ""
        if kind == "tool_use":
            opened["input"] = {}
        yield {"type": "content_block_start", **at, "content_block": opened}
        for delta in _deltas(block):
            yield {"type": "content_block_delta", **at, "delta": delta}
        yield {"type": "content_block_stop", **at}
    if answer.ending == "failed":
        error = {"type": "api_error", "message": "Internal server error"}
        yield {"type": "error", "error": error}
        return
    stop = {"stop_reason": _stop(answer), "stop_sequence": None}
    yield {"type": "message_delta", "delta": stop, "usage": _usage(answer)}
    yield {"type": "message_stop"}


def _deltas(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if block["type"] == "thinking":
        for part in thirds(block["thinking"]):
            yield {"type": "thinking_delta", "thinking": part}
        if block.get("signature"):
            yield {"type": "signature_delta", "signature": block["signature"]}
    elif block["type"] == "text":
        for part in thirds(block["text"]):
            yield {"type": "text_delta", "text": part}
    elif block["type"] == "tool_use":
        for part in thirds(json.dumps(block["input"])):
            yield {"type": "input_json_delta", "partial_json": part}


def _blocks(answer: Answer) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    if answer.secret is not None:
        out.append({"type": "redacted_thinking", "data": "b3BhcXVl" + answer.id})
    if answer.given.reasoning is not None:
        thought = {"type": "thinking", "thinking": answer.given.reasoning}
        signatures = {"uuid": {"signature": answer.id}, "empty": {"signature": ""}, "absent": {}}
        out.append({**thought, **signatures[answer.signature]})
    if answer.text:
        out.append({"type": "text", "text": answer.text})
    for id, call in zip(answer.given.calls, answer.calls, strict=True):
        out.append({"type": "tool_use", "id": id, "name": call.name, "input": call.arguments})
    return out


def _head(answer: Answer) -> dict[str, Any]:
    head = {"id": answer.id, "type": "message", "role": "assistant", "model": answer.model}
    return {**head, "stop_sequence": None}


def _usage(answer: Answer) -> dict[str, int]:
    cached = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
    return {"input_tokens": answer.prompt, **cached, "output_tokens": 32}


def _stop(answer: Answer) -> str:
    if answer.ending == "incomplete":
        return "max_tokens"
    return "tool_use" if answer.calls else "end_turn"
