"""The deserialiser on Messages: messages, blocks, tools."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dsfix.simulator.rules.base import Policy
from dsfix.simulator.rules.blocks import BLOCKS, verdict_on
from dsfix.simulator.rules.chat_shape import role_faults
from dsfix.simulator.rules.refusals import kind_of, unknown_variant

CHOICES = ("auto", "any", "tool", "none")
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "thinking": ("thinking",),
    "tool_use": ("id", "name", "input"),
    "tool_result": ("tool_use_id",),
    "text": ("text",),
    "server_tool_use": ("id", "name", "input"),
    "web_search_tool_result": ("tool_use_id", "content"),
}
_ANYTHING = ("input", "content")

Fault = tuple[str, str]


def message_faults(body: Mapping[str, Any], policy: Policy) -> Iterator[Fault]:
    """What does not fit, in the order of the body."""
    for index, message in enumerate(body["messages"]):
        yield from _message(f"messages[{index}]", message, policy)
    for index, tool in enumerate(body.get("tools") or ()):
        if not isinstance(tool, dict) or not isinstance(tool.get("name"), str):
            yield f"tools[{index}]: missing field `name`", ""
    yield from _choice(body.get("tool_choice"))


def _message(path: str, message: Any, policy: Policy) -> Iterator[Fault]:
    roles = ("user", "assistant", "system") if policy.system_role else ("user", "assistant")
    yield from role_faults(path, message, roles)
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
    known = BLOCKS if policy.images != "refuse" else tuple(x for x in BLOCKS if x != "image")
    if kind not in known and (kind == "image" or verdict_on(str(kind), policy) == "refuse"):
        yield f"{path}: {unknown_variant(kind, known)}", json.dumps(kind)
    if kind == "tool_result" and isinstance(block.get("content"), list):
        for part in block["content"]:
            if isinstance(part, dict) and part.get("type") == "image" and "image" not in known:
                yield f"{path}: {unknown_variant('image', known)}", '"image"'
    for name in _REQUIRED.get(str(kind), ()):
        if name not in block:
            yield f"{path}: missing field `{name}`", ""
        elif name not in _ANYTHING and not isinstance(block[name], str):
            yield f"{path}: invalid type: {kind_of(block[name])}, expected a string", ""


def _choice(choice: Any) -> Iterator[Fault]:
    if choice is None:
        return
    kind = choice.get("type") if isinstance(choice, dict) else None
    if kind is None:
        yield "tool_choice: missing field `type`", '"tool_choice":'
    elif kind not in CHOICES:
        yield f"tool_choice: {unknown_variant(kind, CHOICES)}", json.dumps(kind)
    elif kind == "tool" and not isinstance(choice.get("name"), str):
        yield "tool_choice: missing field `name`", '"tool_choice":'
