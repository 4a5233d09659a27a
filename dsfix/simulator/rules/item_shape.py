"""The deserialiser on Responses: items, their members, tools, and the effort.

deepseek-ai/deepseek-recipe (protocol/openai/responses/schema, 2026-09). Items are read one by
one, so that the path in a text stops at `input`: openai/codex#42088.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dsfix.simulator.rules.items import CALLS, KNOWN, OUTPUTS
from dsfix.simulator.rules.refusals import kind_of, unknown_variant

ROLES = ("user", "assistant", "system", "developer")
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "message": ("role", "content"),
    "function_call": ("arguments", "call_id", "name"),
    "custom_tool_call": ("call_id", "name", "input"),
    "function_call_output": ("call_id", "output"),
    "custom_tool_call_output": ("call_id",),
}
_LISTS = ("content", "output")
_CHOICES = ("none", "auto", "required")
_FORMATS = ("text", "json_object", "json_schema")

# A fault is a text and the token behind which it was noticed.
Fault = tuple[str, str]


def item_faults(body: Mapping[str, Any]) -> Iterator[Fault]:
    """What does not fit, in the order of the body."""
    if "model" not in body:
        yield "missing field `model`", ""
    if not isinstance(body["model"], str):
        yield f"model: invalid type: {kind_of(body['model'])}, expected a string", '"model":'
    given = body.get("input")
    if given is not None and not isinstance(given, (str, list)):
        yield "input: data did not match any variant of untagged enum ResponsesInput", '"input":'
    for item in given if isinstance(given, list) else ():
        for fault, token in _item(item):
            yield f"input: {fault}", token
    if not isinstance(body.get("instructions") or "", str):
        kind = kind_of(body["instructions"])
        yield f"instructions: invalid type: {kind}, expected a string", '"instructions":'
    yield from _reasoning(body.get("reasoning"))
    yield from _tools(body.get("tools"))
    yield from _choice(body.get("tool_choice"))
    yield from _format(body.get("text"))


def _item(item: Any) -> Iterator[Fault]:
    if not isinstance(item, dict):
        yield f"invalid type: {kind_of(item)}, expected a map", ""
        return
    kind = item.get("type", "message")
    if not isinstance(kind, str):
        yield f"invalid type: {kind_of(kind)}, expected variant identifier", '"type":'
    if kind == "web_search_call":
        yield from _search(item.get("action"))
    if kind not in KNOWN:
        return
    for name in _REQUIRED.get(kind, ()):
        if name not in item:
            yield f"missing field `{name}`", ""
        elif name not in _LISTS and not isinstance(item[name], str):
            yield f"invalid type: {kind_of(item[name])}, expected a string", f'"{name}":'
    if kind == "message" and item["role"] not in ROLES:
        yield unknown_variant(item["role"], ROLES), json.dumps(item["role"])
    if kind == "reasoning":
        yield from _thoughts(item.get("content"))
    elif kind not in CALLS:
        yield from _parts(item.get("output" if kind in OUTPUTS else "content"), kind)


def _search(action: Any) -> Iterator[Fault]:
    """A search of the server, which it takes back: lidge-jun/opencodex#930."""
    if isinstance(action, dict) and action.get("type") == "search" and "queries" not in action:
        yield "missing field `queries`", ""


def _thoughts(content: Any) -> Iterator[Fault]:
    if content is not None and not isinstance(content, list):
        yield f"invalid type: {kind_of(content)}, expected a sequence", '"content":'
    for part in content or ():
        if not isinstance(part, dict):
            yield f"invalid type: {kind_of(part)}, expected a map", ""
        elif not isinstance(part.get("text"), str):
            yield "missing field `text`", ""


def _parts(content: Any, kind: str) -> Iterator[Fault]:
    """A list of parts, each with a type, those of text with a text."""
    optional = kind == "custom_tool_call_output"
    if isinstance(content, str) or (optional and content is None):
        return
    valid = isinstance(content, list) and all(
        isinstance(part, dict)
        and isinstance(part.get("type"), str)
        and (part["type"] not in ("input_text", "output_text") or isinstance(part.get("text"), str))
        for part in content
    )
    if not valid:
        name = "ResponsesMessageContent" if kind == "message" else "ResponsesToolCallOutputContent"
        yield f"data did not match any variant of untagged enum {name}", ""


def _reasoning(setting: Any) -> Iterator[Fault]:
    if setting is None:
        return
    if not isinstance(setting, dict):
        yield f"reasoning: invalid type: {kind_of(setting)}, expected a map", '"reasoning":'
        return
    effort = setting.get("effort")
    if effort is not None and effort not in EFFORTS:
        yield f"reasoning.effort: {unknown_variant(effort, EFFORTS)}", json.dumps(effort)


def _choice(choice: Any) -> Iterator[Fault]:
    kind = choice.get("type") if isinstance(choice, dict) else None
    named = kind in ("function", "custom") and isinstance(choice.get("name"), str)
    search = isinstance(kind, str) and kind.startswith("web_search")
    if choice is not None and choice not in _CHOICES and not named and not search:
        enum = "untagged enum ResponsesToolChoice"
        yield f"tool_choice: data did not match any variant of {enum}", '"tool_choice":'


def _format(text: Any) -> Iterator[Fault]:
    asked = text.get("format") if isinstance(text, dict) else None
    kind = asked.get("type") if isinstance(asked, dict) else "text"
    if kind not in _FORMATS:
        yield f"text.format: {unknown_variant(kind, _FORMATS)}", json.dumps(kind)


def _tools(tools: Any) -> Iterator[Fault]:
    if tools is not None and not isinstance(tools, list):
        yield f"tools: invalid type: {kind_of(tools)}, expected a sequence", '"tools":'
    for index, tool in enumerate(tools or ()):
        if not isinstance(tool, dict):
            yield f"tools[{index}]: invalid type: {kind_of(tool)}, expected a map", ""
            continue
        kind = tool.get("type")
        if not isinstance(kind, str):
            yield f"tools[{index}]: missing field `type`", ""
        elif kind in ("function", "custom", "namespace"):
            yield from _named(f"tools[{index}]", tool)
        inner = tool.get("tools") if kind == "namespace" else []
        if not isinstance(inner, list):
            yield f"tools[{index}]: missing field `tools`", ""
            continue
        for place, part in enumerate(inner):
            yield from _named(f"tools[{index}].tools[{place}]", part)


def _named(path: str, tool: Any) -> Iterator[Fault]:
    if not isinstance(tool, dict) or not isinstance(tool.get("name"), str):
        yield f"{path}: missing field `name`", ""
