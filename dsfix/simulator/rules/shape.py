"""The deserialiser: required members, roles, block types, enums.

Texts are serde's; chatdeepai/deepseek-api-reproducible-tests (2026-07-27) has the bytes of
several, the others are named where they are checked. Faults are generated lazily, in the order
of the body, and only the first one is reported.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dsfix.simulator.rules.base import Policy, Refusal, Request
from dsfix.simulator.rules.item_shape import item_faults
from dsfix.simulator.rules.refusals import form, kind_of, unknown_variant

CHAT_ROLES = ("system", "user", "assistant", "tool", "latest_reminder")
CHAT_PARTS = ("text", "image_url", "file")
BLOCKS = (
    "text",
    "image",
    "thinking",
    "tool_use",
    "tool_result",
    "server_tool_use",
    "web_search_tool_result",
)
THINKING = ("adaptive", "enabled", "disabled")
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "ultra", "max")
_REQUIRED = {
    "thinking": ("thinking",),
    "tool_use": ("id", "name", "input"),
    "tool_result": ("tool_use_id",),
    "text": ("text",),
}

# A fault is a text and the token behind which it was noticed.
Fault = tuple[str, str]


def check_shape(request: Request) -> Refusal | None:
    """The first thing in the body that does not fit the target type."""
    fault = next(_faults(request), None)
    return form(fault[0], request.raw, fault[1]) if fault else None


def _faults(request: Request) -> Iterator[Fault]:
    body = request.value
    if not isinstance(body, dict):
        yield f"invalid type: {kind_of(body)}, expected struct Request", ""
        return
    if request.dialect == "responses":
        yield from item_faults(body)
        return
    for name in ("messages", "model"):
        if name not in body:
            yield f"missing field `{name}`", ""
    if not isinstance(body.get("tools") or [], list):
        yield f"tools: invalid type: {kind_of(body['tools'])}, expected a sequence", '"tools":'
    if not isinstance(body["model"], str):
        yield f"model: invalid type: {kind_of(body['model'])}, expected a string", '"model":'
    if not isinstance(body["messages"], list):
        kind = kind_of(body["messages"])
        yield f"messages: invalid type: {kind}, expected a sequence", '"messages":'
    if request.dialect == "chat":
        for index, message in enumerate(body["messages"]):
            yield from _chat_message(f"messages[{index}]", message, request.policy)
        yield from _chat_tools(body)
        yield from _effort(body, "reasoning_effort", "reasoning_effort")
    else:
        for index, message in enumerate(body["messages"]):
            yield from _message(f"messages[{index}]", message, request.policy)
        yield from _messages_tools(body)
        config = body.get("output_config")
        yield from _effort(config if isinstance(config, dict) else {}, "effort", "output_config")
    yield from _thinking(body)


def _message(path: str, message: Any, policy: Policy) -> Iterator[Fault]:
    roles = ("user", "assistant", "system") if policy.system_role else ("user", "assistant")
    yield from _role(path, message, roles)
    content = message.get("content")
    if "content" not in message:
        yield f"{path}: missing field `content`", ""
    elif isinstance(content, list):
        for block in content:
            yield from _block(path, block, policy)
    elif not isinstance(content, str):
        yield f"{path}.content: invalid type: {kind_of(content)}, expected a string", ""


def _block(path: str, block: Any, policy: Policy) -> Iterator[Fault]:
    if not isinstance(block, dict):
        yield f"{path}: invalid type: {kind_of(block)}, expected a map", ""
        return
    kind = block.get("type")
    if kind is None:
        yield f"{path}: missing field `type`", ""
    verdict = policy.redacted if kind == "redacted_thinking" else policy.unknown_blocks
    known = BLOCKS if policy.images != "refuse" else tuple(x for x in BLOCKS if x != "image")
    if kind not in known and (verdict == "refuse" or kind == "image"):
        yield f"{path}: {unknown_variant(kind, known)}", json.dumps(kind)
    if kind == "tool_result" and isinstance(block.get("content"), list):
        for part in block["content"]:
            if isinstance(part, dict) and part.get("type") == "image" and "image" not in known:
                yield f"{path}: {unknown_variant('image', known)}", '"image"'
    for name in _REQUIRED.get(str(kind), ()):
        if name not in block:
            yield f"{path}: missing field `{name}`", ""
        elif name != "input" and not isinstance(block[name], str):
            yield f"{path}: invalid type: {kind_of(block[name])}, expected a string", ""


def _role(path: str, message: Any, roles: tuple[str, ...]) -> Iterator[Fault]:
    if not isinstance(message, dict):
        yield f"{path}: invalid type: {kind_of(message)}, expected a map", ""
    elif "role" not in message:
        yield f"{path}: missing field `role`", ""
    elif message["role"] not in roles:
        role = message["role"]
        yield f"{path}.role: {unknown_variant(role, roles)}", json.dumps(role)


def _chat_message(path: str, message: Any, policy: Policy) -> Iterator[Fault]:
    yield from _role(path, message, CHAT_ROLES)
    content = message.get("content")
    known = CHAT_PARTS if policy.images != "refuse" else CHAT_PARTS[:1]
    for part in content if isinstance(content, list) else ():
        kind = part.get("type") if isinstance(part, dict) else None
        if kind not in known:
            yield f"{path}: {unknown_variant(kind, known)}", json.dumps(kind)
        elif kind == "text" and not isinstance(part.get("text"), str):
            yield f"{path}: missing field `text`", ""
    if content is not None and not isinstance(content, (str, list)):
        yield f"{path}.content: invalid type: {kind_of(content)}, expected a string", ""
    if not isinstance(message.get("reasoning_content") or "", str):
        kind = kind_of(message["reasoning_content"])
        yield f"{path}.reasoning_content: invalid type: {kind}, expected a string", ""
    if message["role"] == "tool" and not isinstance(message.get("tool_call_id"), str):
        yield f"{path}: missing field `tool_call_id`", ""
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list):
        yield f"{path}.tool_calls: invalid type: {kind_of(calls)}, expected a sequence", ""
        return
    for call in calls:
        yield from _chat_call(path, call)


def _chat_call(path: str, call: Any) -> Iterator[Fault]:
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


def _chat_tools(body: Mapping[str, Any]) -> Iterator[Fault]:
    for index, tool in enumerate(body.get("tools") or ()):
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict):
            yield f"tools[{index}]: missing field `function`", ""
        elif not isinstance(function.get("name"), str):
            yield f"tools[{index}].function: missing field `name`", ""


def _messages_tools(body: Mapping[str, Any]) -> Iterator[Fault]:
    for index, tool in enumerate(body.get("tools") or ()):
        if not isinstance(tool, dict) or not isinstance(tool.get("name"), str):
            yield f"tools[{index}]: missing field `name`", ""


def _thinking(body: Mapping[str, Any]) -> Iterator[Fault]:
    """lobehub/lobehub#14173: `auto` is not a variant."""
    setting = body.get("thinking")
    if setting is None:
        return
    if not isinstance(setting, dict):
        yield f"thinking: invalid type: {kind_of(setting)}, expected a map", '"thinking":'
    elif "type" not in setting:
        yield "thinking: missing field `type`", ""
    elif setting["type"] not in THINKING:
        kind = setting["type"]
        yield f"thinking.type: {unknown_variant(kind, THINKING)}", json.dumps(kind)


def _effort(holder: Mapping[str, Any], name: str, path: str) -> Iterator[Fault]:
    effort = holder.get(name)
    if effort is not None and effort not in EFFORTS:
        full = path if path == name else f"{path}.{name}"
        yield f"{full}: {unknown_variant(effort, EFFORTS)}", json.dumps(effort)
