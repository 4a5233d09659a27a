"""The deserialiser on Chat: messages, parts, calls, tools."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dsfix.simulator.rules.base import Policy
from dsfix.simulator.rules.refusals import kind_of, unknown_variant

ROLES = ("system", "user", "assistant", "tool", "latest_reminder")
PARTS = ("text", "image_url", "file")
CHOICES = ("none", "auto", "required")

Fault = tuple[str, str]


def chat_faults(body: Mapping[str, Any], policy: Policy) -> Iterator[Fault]:
    """What does not fit, in the order of the body."""
    for index, message in enumerate(body["messages"]):
        yield from _message(f"messages[{index}]", message, policy)
    yield from _tools(body)
    yield from _choice(body.get("tool_choice"))
    top = body.get("top_logprobs")
    if isinstance(top, int) and top < 0:
        yield f"top_logprobs: invalid value: integer `{top}`, expected u8", '"top_logprobs":'


def role_faults(path: str, message: Any, roles: tuple[str, ...]) -> Iterator[Fault]:
    """The role of a message, on Messages too."""
    if not isinstance(message, dict):
        yield f"{path}: invalid type: {kind_of(message)}, expected a map", ""
    elif "role" not in message:
        yield f"{path}: missing field `role`", ""
    elif message["role"] not in roles:
        role = message["role"]
        yield f"{path}.role: {unknown_variant(role, roles)}", json.dumps(role)


def _message(path: str, message: Any, policy: Policy) -> Iterator[Fault]:
    yield from role_faults(path, message, ROLES)
    if "content" not in message and message["role"] != "assistant":
        yield f"{path}: missing field `content`", ""
    yield from _content(path, message, policy)
    thought, calls = message.get("reasoning_content"), message.get("tool_calls")
    if thought is not None and not isinstance(thought, str):
        kind = kind_of(thought)
        yield f"{path}.reasoning_content: invalid type: {kind}, expected a string", ""
    if message["role"] == "tool" and not isinstance(message.get("tool_call_id"), str):
        yield f"{path}: missing field `tool_call_id`", ""
    if calls is not None and not isinstance(calls, list):
        yield f"{path}.tool_calls: invalid type: {kind_of(calls)}, expected a sequence", ""
        return
    for call in calls or ():
        yield from _call(path, call)


def _content(path: str, message: Mapping[str, Any], policy: Policy) -> Iterator[Fault]:
    content = message.get("content")
    known = PARTS if policy.images != "refuse" else PARTS[:1]
    if content is None and message["role"] != "assistant":
        enum = "untagged enum ChatCompletionRequestContent"
        yield f"{path}: data did not match any variant of {enum}", ""
    if content is not None and not isinstance(content, (str, list)):
        yield f"{path}.content: invalid type: {kind_of(content)}, expected a string", ""
    for part in content if isinstance(content, list) else ():
        if not isinstance(part, dict):
            expected = "struct ChatCompletionRequestContentBlock"
            yield f"{path}: invalid type: {kind_of(part)}, expected {expected}", ""
            continue
        kind = part.get("type")
        if kind not in known:
            yield f"{path}: {unknown_variant(kind, known)}", json.dumps(kind)
        elif kind == "text" and not isinstance(part.get("text"), str):
            yield f"{path}: missing field `text`", ""


def _call(path: str, call: Any) -> Iterator[Fault]:
    """esengine/DeepSeek-Reasonix#713: a call without id."""
    if not isinstance(call, dict) or not isinstance(call.get("id"), str):
        yield f"{path}: missing field `id`", ""
        return
    function = call.get("function")
    if not isinstance(function, dict):
        yield f"{path}: missing field `function`", ""
        return
    for name in ("name", "arguments"):
        if not isinstance(function.get(name), str):
            yield f"{path}: missing field `{name}`", ""


def _tools(body: Mapping[str, Any]) -> Iterator[Fault]:
    """ThankCat/unio-api, live 2026-06-01: the only type is `function`, besides those that the
    server runs itself (https://api-docs.deepseek.com/guides/web_tools, 2026-11).
    """
    for index, tool in enumerate(body.get("tools") or ()):
        kind = tool.get("type", "function") if isinstance(tool, dict) else None
        function = tool.get("function") if isinstance(tool, dict) else None
        if isinstance(kind, str) and kind.startswith("deepseek_"):
            continue
        if kind not in (None, "function"):
            yield f"tools[{index}].type: {unknown_variant(kind, ('function',))}", json.dumps(kind)
        elif not isinstance(function, dict):
            yield f"tools[{index}]: missing field `function`", ""
        elif not isinstance(function.get("name"), str):
            yield f"tools[{index}].function: missing field `name`", ""


def _choice(choice: Any) -> Iterator[Fault]:
    """l1i1/new-api, live 2026-09-01."""
    function = choice.get("function") if isinstance(choice, dict) else None
    named = isinstance(function, dict) and isinstance(function.get("name"), str)
    if choice is not None and not named and choice not in CHOICES:
        names = ", ".join(f"`{name}`" for name in CHOICES)
        yield f"tool_choice: expected one of {names} or a tool", '"tool_choice":'
