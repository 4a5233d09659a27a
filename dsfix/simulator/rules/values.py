"""Refusals of single values: model names, ranges, user ids, tool names and schemas."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dsfix.simulator.rules.base import ALIASES, MODELS, Refusal, Request
from dsfix.simulator.rules.refusals import meaning
from dsfix.simulator.rules.wire import Dialect

MAX_OUTPUT = 393_216
LONGEST_NAME = {"messages": 64, "chat": 64, "responses": 128}
PATTERN = "^[a-zA-Z0-9_-]+$"


def served_model(name: str, dialect: Dialect) -> str | None:
    """The model that answers under a name; None if there is none.

    Names of Claude are mapped and `[1m]` is stripped on /anthropic only: STRML/cc-ds4, live
    2026-08-02; https://api-docs.deepseek.com/guides/anthropic_api.
    """
    if dialect == "messages":
        name = name.removesuffix("[1m]")
        if name.startswith("claude-opus"):
            return "deepseek-v4-pro"
        if name.startswith("claude-"):
            return "deepseek-flash"
    name = ALIASES.get(name, name)
    return name if name in MODELS else None


def check_model(request: Request) -> Refusal | None:
    """A name that is not served is refused with the list of those that are."""
    name = request.body.get("model")
    if request.dialect and served_model(str(name), request.dialect):
        return None
    return meaning(f"The supported API model names are {', '.join(MODELS)}, but you passed {name}.")


def budget(body: Mapping[str, Any], dialect: Dialect | None) -> int | None:
    """The tokens that an answer may have; None where the request does not say."""
    given = body.get("max_output_tokens" if dialect == "responses" else "max_tokens")
    return given if isinstance(given, int) else None


def check_max_tokens(request: Request) -> Refusal | None:
    """`max_tokens` is within the longest answer; on Responses it is `max_output_tokens`.

    The text names `max_tokens` on both: tinkerindustries/agent-harness, 2026-09-10.
    """
    name = "max_output_tokens" if request.dialect == "responses" else "max_tokens"
    given = request.body.get(name)
    if given is None or (isinstance(given, int) and 1 <= given <= MAX_OUTPUT):
        return None
    return meaning(f"Invalid max_tokens value, the valid range of max_tokens is [1, {MAX_OUTPUT}]")


def check_temperature(request: Request) -> Refusal | None:
    """`temperature` is between 0 and 2."""
    given = request.body.get("temperature")
    if given is None or (isinstance(given, (int, float)) and 0 <= given <= 2):
        return None
    return meaning("Invalid temperature value, the valid range of temperature is [0, 2]")


def user_id(body: Mapping[str, Any], dialect: Dialect | None) -> str:
    """The user id of a request, empty if absent; the cache is partitioned by it."""
    holder = body.get("metadata") if dialect == "messages" else body
    name = "user" if dialect == "responses" else "user_id"
    given = holder.get(name) if isinstance(holder, dict) else None
    return given if isinstance(given, str) else ""


def check_user_id(request: Request) -> Refusal | None:
    """A user id is short and, in May 2026 and by the reference, of a narrow charset."""
    given = user_id(request.body, request.dialect)
    name = "user" if request.dialect == "responses" else "user_id"
    if len(given) > 512:
        return meaning(_too_long(name, 512, len(given)))
    if given and request.policy.check_user_id and not re.fullmatch(PATTERN, given):
        return meaning(_no_match(name))
    return None


def check_tool_names(request: Request) -> Refusal | None:
    """Names of functions are short, of letters, digits, `_` and `-`; on Responses unique too."""
    assert request.dialect is not None
    longest = LONGEST_NAME[request.dialect]
    seen: set[str] = set()
    for place, name, _ in declared(request):
        where = f"tools{place}.name"
        if not re.fullmatch(PATTERN, name):
            return meaning(_no_match(where))
        if len(name) > longest:
            return meaning(_too_long(where, longest, len(name)))
        if request.dialect == "responses" and name in seen and place.count("[") == 1:
            return meaning("Tool names must be unique")
        seen.add(name)
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
    """The root of a schema says `type: object`; a missing one reads as null."""
    for _, name, schema in declared(request):
        kind = schema.get("type") if isinstance(schema, dict) else None
        if schema is not None and kind != "object":
            got = "null" if kind is None else f'"{kind}"'
            return meaning(
                f"Invalid schema for function '{name}': schema must be a JSON Schema of "
                f"'type: \"object\"', got 'type: {got}'."
            )
    return None


def declared(request: Request) -> Iterator[tuple[str, str, Any]]:
    """Place, name and schema of each function that the request declares."""
    for index, tool in enumerate(request.body.get("tools") or ()):
        place = f"[{index}]"
        if request.dialect == "chat":
            function = tool["function"]
            yield f"{place}.function", function["name"], function.get("parameters")
        elif request.dialect == "responses":
            if tool["type"] in ("function", "custom"):
                yield place, tool["name"], tool.get("parameters")
            for inner, part in enumerate(tool["tools"] if tool["type"] == "namespace" else ()):
                yield f"{place}.tools[{inner}]", part["name"], part.get("parameters")
        elif tool.get("type") in (None, "custom"):
            yield f"{place}.function", tool["name"], tool.get("input_schema")


def _no_match(where: str) -> str:
    return (
        f"Invalid '{where}': string does not match pattern. "
        f"Expected a string that matches the pattern '{PATTERN}'."
    )


def _too_long(where: str, limit: int, length: int) -> str:
    return (
        f"Invalid '{where}': string too long. Expected a string with maximum length {limit}, "
        f"but got a string with length {length} instead"
    )
