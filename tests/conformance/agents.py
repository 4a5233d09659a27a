"""Agents in miniature: each loses what the real one loses, and nothing else.

What they say is what is wrong, empty if nothing is. Where they lose something of an answer, that
is what the upstream says to their next request, sent to it without any repair.
"""

from __future__ import annotations

import re
from typing import Any

from dsfix.protocol.body import Dialect
from dsfix.simulator.engine import Engine
from tests.conformance.bodies import Items, results
from tests.conformance.diff import encode
from tests.conformance.row import CHAT, MESSAGES, RESPONSES
from tests.conformance.upstream import post, refused, strict


def keeps_its_own_models_reasoning(dialect: Dialect, body: Any, answer: Any) -> str:
    """Claude Code 2.1.197: reasoning of a turn that another model answered is not replayed.

    Measured 2026-11-20; musistudio/claude-code-router#1629 found the same.
    """
    message = assembled(answer) if isinstance(answer, list) else answer
    return _next(dialect, body, message, message["model"] == body["model"])


def keeps_signed_reasoning(dialect: Dialect, body: Any, answer: Any) -> str:
    """OpenCode 1.18.33 with @ai-sdk/anthropic: unsigned thinking is not replayed.

    Measured 2026-11-20.
    """
    message = assembled(answer) if isinstance(answer, list) else answer
    thoughts = [block for block in message["content"] if block["type"] == "thinking"]
    return _next(dialect, body, message, all(block.get("signature") for block in thoughts))


def expects_its_model(dialect: Dialect, body: Any, answer: Any) -> str:
    """Any agent that compares the name in the answer with the one it asked for."""
    chunk = answer[0] if isinstance(answer, list) else answer
    named = chunk["response"]["model"] if "response" in chunk else chunk["model"]
    return "" if named == body["model"] else f"answered by {named}, asked for {body['model']}"


def has_its_tools(dialect: Dialect, body: Any, answer: Any) -> str:
    """Any agent: it runs calls of tools that it has."""
    offered = {tool.get("function", tool)["name"] for tool in body["tools"]}
    called = [call["name"] for call in calls(dialect, answer)]
    unknown = [name for name in called if name not in offered]
    return f"no tool is named {unknown[0]}" if unknown else "" if called else "no call arrives"


def has_its_custom_tools(dialect: Dialect, body: Any, answer: Any) -> str:
    """Codex 0.169.0: calls of a tool that takes plain text come as such."""
    called = [item for item in answer["output"] if item["type"] == "custom_tool_call"]
    return "" if called and called[0]["input"] else "no call of a custom tool arrives"


def reads_kinds_of_errors(dialect: Dialect, body: Any, error: Any) -> str:
    """Anthropic's SDK: an error has a type, and so has the envelope around it."""
    inner = error.get("error")
    typed = error.get("type") == "error" and isinstance(inner, dict) and inner.get("type")
    return "" if typed and inner.get("message") else "an error of no kind"


_STRIPS = re.compile(r"invalid\W+signature\W+in\W+thinking\W+block", re.I)


def strips_after_signature_errors(dialect: Dialect, body: Any, error: Any) -> str:
    """Claude Code 2.1.197: after these words it sends its history without any thinking.

    Measured 2026-11-20.
    """
    if not _STRIPS.search(error["error"]["message"]):
        return ""
    return _sent(dialect, {**body, "messages": list(map(_thoughtless, body["messages"]))})


def calls(dialect: Dialect, answer: Any) -> Items:
    """The calls in an answer, each with its name and arguments."""
    if dialect is MESSAGES:
        content = (assembled(answer) if isinstance(answer, list) else answer)["content"]
        return [block for block in content if block["type"] == "tool_use"]
    if dialect is RESPONSES:
        return [item for item in answer["output"] if item["type"] == "function_call"]
    message = answer["choices"][0]["message"]
    return [call["function"] for call in message.get("tool_calls") or ()]


def assembled(events: list[Any]) -> dict[str, Any]:
    """The message that a stream of Messages builds up."""
    message: dict[str, Any] = dict(events[0]["message"])
    content: list[dict[str, Any]] = []
    for event in events:
        if event["type"] == "content_block_start":
            content.append(dict(event["content_block"]))
        delta = event.get("delta", {})
        if delta.get("type") == "thinking_delta":
            content[-1]["thinking"] += delta["thinking"]
        elif delta.get("type") == "text_delta":
            content[-1]["text"] += delta["text"]
        elif delta.get("type") == "signature_delta":
            content[-1]["signature"] = delta["signature"]
    return {**message, "content": content}


def _next(dialect: Dialect, body: Any, message: Any, keeps: bool) -> str:
    """What the upstream says to the request after this answer, the tools having run."""
    said, ids = _replayed(dialect, message)
    if not keeps:
        said = [_thoughtless(item) for item in said if item.get("type") != "reasoning"]
    name = "input" if dialect is RESPONSES else "messages"
    return _sent(dialect, {**body, name: [*body[name], *said, *results(dialect, *ids)]})


def _replayed(dialect: Dialect, message: Any) -> tuple[Items, list[str]]:
    """The turn as a message or items of the next request, and the ids of its calls."""
    if dialect is RESPONSES:
        items = message["output"]
        return items, [item["call_id"] for item in items if "call_id" in item]
    if dialect is CHAT:
        said = message["choices"][0]["message"]
        return [said], [call["id"] for call in said.get("tool_calls") or ()]
    content = message["content"]
    ids = [block["id"] for block in content if block["type"] == "tool_use"]
    return [{"role": "assistant", "content": content}], ids


def _thoughtless(message: dict[str, Any]) -> dict[str, Any]:
    """A message less its reasoning."""
    rest = {name: value for name, value in message.items() if name != "reasoning_content"}
    content = rest.get("content")
    if isinstance(content, list):
        rest["content"] = [part for part in content if part.get("type") != "thinking"]
    return rest


def _sent(dialect: Dialect, body: Any) -> str:
    """What the upstream says to this body, which no repair has seen."""
    return refused(post(Engine(strict(verify=False)), dialect, encode(body)))
