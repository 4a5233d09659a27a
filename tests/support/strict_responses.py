"""OpenAI Responses as the strict endpoint reads it: items put together to turns, and demands.

Only plain `reasoning_text` counts; calls of one answer are one group, all their outputs after
them: https://api-docs.deepseek.com/guides/responses_api, lidge-jun/opencodex#1534.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.support.strict_base import Refused, Tool, Turn, malformed, unknown
from tests.support.strict_responses_answer import events, whole

__all__ = ["events", "whole"]

PATHS = ("/responses", "/v1/responses")
PASS_BACK = "The `reasoning_text` in the thinking mode must be passed back to the API."
LONGEST_NAME = 128
CALLS = ("function_call", "custom_tool_call")
OUTPUTS = ("function_call_output", "custom_tool_call_output")
_ROLES = ("user", "assistant", "system", "developer")
_TEXTS = ("input_text", "output_text")
_FILES = ("input_image", "input_file")
_NEEDED = {
    "function_call": ("call_id", "name", "arguments"),
    "custom_tool_call": ("call_id", "name", "input"),
    "function_call_output": ("call_id", "output"),
    "custom_tool_call_output": ("call_id", "output"),
    "message": ("role", "content"),
    "web_search_call": ("action",),
}


def items(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The input items, each with its type; one text is a message of the user's."""
    given = body["input"]
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    return [{"type": "message", **item} for item in given]


def parts(item: dict[str, Any], name: str = "content") -> list[dict[str, Any]]:
    """The parts of a message's content, or of an output."""
    content = item.get(name)
    if isinstance(content, str):
        return [{"type": "input_text", "text": content}]
    return list(content or [])


def is_off(body: dict[str, Any]) -> bool:
    """Whether thinking is turned off."""
    return bool((body.get("reasoning") or {}).get("effort") == "none")


def effort(body: dict[str, Any]) -> object:
    """The effort asked for; `none` is the switch itself."""
    return None if is_off(body) else (body.get("reasoning") or {}).get("effort")


def user_id(body: dict[str, Any]) -> Any:
    """The user's id."""
    return body.get("user")


def budget(body: dict[str, Any]) -> object:
    """The tokens that an answer may have."""
    return body.get("max_output_tokens")


def tools(body: dict[str, Any]) -> list[Tool]:
    """The tools that the request offers, those in namespaces included."""
    found = []
    for each in body.get("tools") or ():
        for tool in each.get("tools") or (each,):
            if tool["type"] in ("function", "custom"):
                known = frozenset((tool.get("parameters") or {}).get("properties") or ())
                space = each["name"] if tool is not each else ""
                found.append(Tool(tool["name"], known, space, tool["type"] == "custom"))
    return found


def names(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Place and name of each tool; raise Refused for one that is there twice or unsupported."""
    seen: set[tuple[str, str]] = set()
    for place, tool in enumerate(tools(body)):
        if (tool.namespace, tool.name) in seen:
            raise Refused("names", "Tool names must be unique")
        if tool.custom and tool.name != "apply_patch":
            text = f"Unsupported custom tool: '{tool.name}'. Only 'apply_patch' is supported."
            raise Refused("names", text)
        seen.add((tool.namespace, tool.name))
        yield f"tools[{place}].name", tool.name


def roles(body: dict[str, Any]) -> None:
    """Raise Refused for a role that does not exist, or an item without what it needs."""
    if body["input"] == []:
        raise Refused("input", "Input items array must not be empty")
    for place, item in enumerate(items(body)):
        if item["type"] == "message" and item.get("role") not in _ROLES:
            raise unknown(f"input[{place}].role", str(item.get("role")), _ROLES)
        for name in _NEEDED.get(item["type"], ()):
            if name not in item:
                raise malformed(f"input: missing field `{name}`")


def contents(body: dict[str, Any]) -> None:
    """Raise Refused for a part that may not stand where it stands."""
    for item in items(body):
        allowed: tuple[str, ...] = (*_TEXTS, *_FILES)
        if item["type"] in OUTPUTS:
            found, allowed = parts(item, "output"), ("input_text", *_FILES)
        elif item["type"] == "message":
            found = parts(item)
            allowed = _TEXTS if item["role"] in ("assistant", "system") else allowed
        elif item["type"] == "agent_message":  # fish2lab/DSCodex#24, 2026-09-19
            if odd := [part["type"] for part in parts(item) if part["type"] not in allowed]:
                raise unknown("input", odd[0], allowed)
            continue
        else:
            continue
        if [part for part in found if part.get("type") not in allowed]:
            raise Refused("content", "Unsupported content block")


def pairing(body: dict[str, Any], strict: bool) -> None:
    """Raise Refused for a call without an output right after its group, or an output alone.

    Strictly, each call has an id of its own, and no output comes twice.
    """
    waiting: list[str] = []
    seen: set[str] = set()
    answered: set[str] = set()
    for item in items(body):
        id = item.get("call_id")
        if item["type"] in CALLS:
            if strict and (not id or id in seen):
                raise Refused("pairing", f"Duplicate 'call_id': {id}." if id else "empty call_id")
            waiting.append(str(id))
            seen.add(str(id))
        elif item["type"] in OUTPUTS:
            if strict and id in answered:
                raise Refused("pairing", f"Duplicate tool output for call_id: {id}.")
            if id not in waiting:
                text = f"No tool call found for tool output with call_id {id}."
                raise Refused("pairing", text)
            waiting.remove(id)
            answered.add(id)
        elif waiting:
            break
    if waiting:
        raise Refused("pairing", f"No tool output found for tool call {waiting[0]}.")


def flow(body: dict[str, Any]) -> Iterator[Turn | str]:
    """The conversation: each assistant turn, and what the user said between them.

    A turn is its reasoning, then its text, then its calls; whatever comes out of this order
    begins another turn, and anything but these items ends the one before.
    """
    turn: Turn | None = None
    for item in items(body):
        kind, ours = item["type"], item.get("role") == "assistant"
        if kind == "reasoning" or kind in CALLS or ours:
            done = turn is not None and (
                (kind == "reasoning" and bool(turn.calls or turn.text)) or (ours and turn.calls)
            )
            if turn is not None and done:
                yield turn
            turn = _joined(None if done else turn, item)
            continue
        if turn is not None and kind in (*OUTPUTS, "message"):
            yield turn
            turn = None
        if kind == "message" and item["role"] == "user":
            yield _text(parts(item))
    if turn is not None:
        yield turn


def _joined(turn: Turn | None, item: dict[str, Any]) -> Turn:
    """The turn with one more item in it."""
    turn = turn or Turn((), "", None)
    if item["type"] == "reasoning":
        found = [part["text"] for part in parts(item) if part.get("type") == "reasoning_text"]
        turn.reasoning = "\n".join([*filter(None, [turn.reasoning]), *found]) or None
    elif item["type"] in CALLS:
        turn.calls = (*turn.calls, item["call_id"])
    else:
        turn.text = "\n".join(filter(None, [turn.text, _text(parts(item))]))
    return turn


def _text(found: list[dict[str, Any]]) -> str:
    return "\n".join(part["text"] for part in found if part.get("type") in _TEXTS)


def head(body: dict[str, Any]) -> list[Any]:
    """What of a prompt stands before the items: model, user, tools, instructions."""
    return [body.get("model"), body.get("user"), body.get("tools"), body.get("instructions")]


def steps(body: dict[str, Any]) -> list[Any]:
    """The items as a cache sees them: what is said, without ids, states and what is ignored."""
    found: list[Any] = []
    for item in items(body):
        kind = item["type"]
        if kind == "message":
            found.append([item["role"], parts(item)])
        elif kind == "reasoning":
            texts = [part["text"] for part in parts(item) if part.get("type") == "reasoning_text"]
            if texts:
                found.append([kind, texts])
        elif kind in CALLS + OUTPUTS:
            said = [item.get(name) for name in ("name", "arguments", "input", "output")]
            found.append([kind, item["call_id"], *said])
    return found
