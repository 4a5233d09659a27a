"""Refusals about the tools that a request offers, and the one it wants to be called."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from dsfix.simulator.rules.base import Refusal, Request
from dsfix.simulator.rules.refusals import meaning
from dsfix.simulator.rules.values import PATTERN, no_match, too_long

MOST_TOOLS = 128
_CALLABLE = ("function", "custom")
_CLASS = r"\[\^?(?:[^\\\[\]]|\\.)*+"
_NESTED = re.compile(rf"(?:[^\\\[]|\\.|{_CLASS}\])*+{_CLASS}\[", re.DOTALL)


def check_tool_count(request: Request) -> Refusal | None:
    """There are at most 128 functions on Chat.

    https://api-docs.deepseek.com/api/create-chat-completion, 2026-08, has the number; the text
    is not public and follows that of a name which is too long.
    """
    count = len(request.body.get("tools") or ())
    if count <= MOST_TOOLS:
        return None
    return meaning(
        f"Invalid 'tools': array too long. Expected an array with maximum length {MOST_TOOLS}, "
        f"but got an array with length {count} instead"
    )


def check_tool_names(request: Request) -> Refusal | None:
    """Names of functions are short, of letters, digits, `_` and `-`, and unique.

    An unused name may be there twice: where no tool may be called nothing more is read.
    """
    longest = 128 if request.dialect == "responses" or request.policy.long_names else 64
    seen: set[str] = set()
    for place, name, _ in declared(request):
        where = f"tools{place}.name"
        if not re.fullmatch(PATTERN, name):
            return meaning(no_match(where))
        if len(name) > longest:
            return meaning(too_long(where, longest, len(name)))
        if name in seen and place.count("[") == 1 and not _switched_off(request):
            return meaning("Tool names must be unique")
        seen.add(name)
    return None


def check_tool_types(request: Request) -> Refusal | None:
    """On Messages a tool has no type, unless DeepSeek runs it itself."""
    for index, tool in enumerate(request.body.get("tools") or ()):
        typed = tool.get("type") is not None and not is_search(tool)
        if typed and request.policy.typed_tools == "refuse":
            return meaning(f"tools.{index}: server tools are not supported")
    return None


def check_custom_tools(request: Request) -> Refusal | None:
    """The only custom tool is Codex's `apply_patch`.

    https://api-docs.deepseek.com/guides/responses_api, 2026-08-23.
    """
    for index, tool in enumerate(request.body.get("tools") or ()):
        if tool["type"] == "custom" and tool["name"] != "apply_patch":
            return meaning(
                f"Unsupported custom tool: '{tool['name']}'. Only 'apply_patch' is supported."
            )
        for place, inner in enumerate(tool["tools"] if tool["type"] == "namespace" else ()):
            if inner.get("type") == "custom":
                path = f"tools[{index}].tools[{place}]"
                return meaning(f"{path}: custom tools are not supported inside a namespace")
    return None


def check_tool_schemas(request: Request) -> Refusal | None:
    """The root of a schema says `type: object`; only on Messages must there be one."""
    if _switched_off(request):
        return None
    for place, name, schema in declared(request):
        kind = schema.get("type") if isinstance(schema, dict) else None
        if schema is None and request.dialect == "messages":
            index = place[1:].partition("]")[0]
            return meaning(f"tools.{index}: missing input_schema")
        if schema is not None and kind != "object":
            got = "null" if kind is None else f'"{kind}"'
            return meaning(
                f"Invalid schema for function '{name}': schema must be a JSON Schema of "
                f"'type: \"object\"', got 'type: {got}'."
            )
    return None


def check_tool_members(request: Request) -> Refusal | None:
    """A schema is one all through: two of its members, as they were refused.

    `required` is a list (farion1231/cc-switch#7019, 2026-08-31). In a pattern's class no bracket
    stands bare, for there it begins another; measured were the pattern of Claude Code 2.1.265, and
    that its lookahead and its properties pass alone (anthropics/claude-code#92964, 2026-09-09).
    """
    for _, name, whole in () if _switched_off(request) else declared(request):
        for schema in _within(whole):
            pattern, names = schema.get("pattern"), schema.get("required", [])
            if not isinstance(names, list):
                return _invalid(name, f'{json.dumps(names)} is not of type "array"')
            if isinstance(pattern, str) and _NESTED.match(pattern):
                told = json.dumps(pattern, ensure_ascii=False)
                return _invalid(name, f'{told} is not a "regex"')
    return None


def _invalid(name: str, why: str) -> Refusal:
    return meaning(f"Invalid schema for function '{name}': {why}")


def _within(schema: Any) -> Iterator[dict[str, Any]]:
    """A schema and those in it."""
    if isinstance(schema, list):
        for each in schema:
            yield from _within(each)
    if not isinstance(schema, dict):
        return
    yield schema
    for name in ("items", "anyOf", "oneOf", "allOf", "additionalProperties"):
        yield from _within(schema.get(name))
    for name in ("properties", "$defs"):
        named = schema.get(name)
        yield from _within(list(named.values()) if isinstance(named, dict) else None)


def check_tool_choice(request: Request) -> Refusal | None:
    """While thinking, no call can be forced; a tool that is named is there.

    Without tools a choice means nothing on Chat and Responses: l1i1/new-api, live 2026-09-01,
    and deepseek-ai/deepseek-recipe, 2026-09.
    """
    tools = request.body.get("tools") or ()
    choice = request.body.get("tool_choice")
    kind = choice.get("type") if isinstance(choice, dict) else choice
    name = _named(choice) if kind in ("tool", "function", "custom") else None
    if name in [tool.get("name") for tool in tools if is_search(tool)]:
        return None
    names = [name for place, name, _ in declared(request) if place.count("[") == 1]
    if not names and (request.dialect != "messages" or name is None):
        return None
    if name is not None and name not in names:
        return meaning(f"tool_choice: no tool named '{name}' was specified")
    setting = request.policy.forced_choice
    free = setting == "accept" or (setting == "any-auto" and kind == "any")
    if request.thinking and not free and (name is not None or kind in ("any", "required")):
        return meaning("Thinking mode does not support this tool_choice")
    return None


def declared(request: Request) -> Iterator[tuple[str, str, Any]]:
    """Place, name and schema of each function that the request declares."""
    for index, tool in enumerate(request.body.get("tools") or ()):
        place = f"[{index}]"
        if request.dialect == "chat" and not is_search(tool):
            function = tool["function"]
            yield f"{place}.function", function["name"], function.get("parameters")
        elif request.dialect == "responses":
            if tool["type"] in _CALLABLE:
                yield place, tool["name"], tool.get("parameters")
            for inner, part in enumerate(tool["tools"] if tool["type"] == "namespace" else ()):
                yield f"{place}.tools[{inner}]", part["name"], part.get("parameters")
        elif request.dialect == "messages" and tool.get("type") in (None, "custom"):
            yield f"{place}.function", tool["name"], tool.get("input_schema")


def is_search(tool: Any) -> bool:
    """Whether a tool is one with which the server itself looks up the web.

    `deepseek_web_search` and `deepseek_read_url` are read in all dialects:
    https://api-docs.deepseek.com/guides/web_tools (2026-11).
    """
    return str(tool.get("type")).startswith(("web_search", "deepseek_"))


def _named(choice: Any) -> str | None:
    holder = choice.get("function", choice) if isinstance(choice, dict) else {}
    name = holder.get("name") if isinstance(holder, dict) else None
    return None if name is None else str(name)


def _switched_off(request: Request) -> bool:
    """Whether no tool may be called, so that tools are not read any further."""
    return request.dialect != "messages" and request.body.get("tool_choice") == "none"
