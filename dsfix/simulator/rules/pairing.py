"""Refusals about tool calls without results, results without calls, and empty turns.

Texts and their places: deepseek-ai/deepseek-recipe, 2026-09. Those of Messages were seen in use
in decolua/9router#2338 and farion1231/cc-switch#6044, those of Chat by l1i1/new-api (live
2026-09-01).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dsfix.simulator.rules.base import Refusal, Request
from dsfix.simulator.rules.refusals import meaning

_MUST = (
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
    "'tool_call_id'"
)
_UNANSWERED = f"{_MUST}. (insufficient tool messages following tool_calls message)"
_OTHER_ID = f"{_MUST}, The following tool_call_ids did not have response messages: "
_ORPHAN = "Messages with role 'tool' must be a response to a preceding message with 'tool_calls'"
_ALONE = (
    "`tool_use` ids were found without `tool_result` blocks immediately after: {ids}. Each "
    "`tool_use` block must have a corresponding `tool_result` block in the next message."
)


def check_messages_pairing(request: Request) -> Refusal | None:
    """All results of a turn stand at the head of the next message, and nothing before them.

    Calls end their message, under ids of their own: vastsa/PI-Desktop#718 (2026-09-20). An empty
    id has no result (wayland-core#123).
    """
    fault = next(_messages_faults(request.body["messages"]), "")
    return meaning(fault) if fault else None


def _messages_faults(messages: list[Mapping[str, Any]]) -> Iterator[str]:
    pending: set[str] = set()
    for index, message in enumerate(messages):
        blocks = message["content"]
        if message["role"] == "user" and isinstance(blocks, list):
            yield from _results(f"messages.{index}", blocks, pending)
            if pending:
                yield f"messages.{index - 1}:{_alone(pending)}"
            continue
        if pending:
            yield f"messages.{index}: {_alone(pending)}"
        if message["role"] == "assistant" and isinstance(blocks, list):
            yield from _calls(f"messages.{index}", blocks, pending)
    if pending:
        yield f"messages.{len(messages) - 1}:{_alone(pending)}"


def _results(path: str, blocks: list[Mapping[str, Any]], pending: set[str]) -> Iterator[str]:
    matched: set[str] = set()
    for place, block in enumerate(blocks):
        if block["type"] != "tool_result":
            if pending:
                yield f"{path}: {_alone(pending)}"
            continue
        id = block["tool_use_id"]
        if id in matched:
            yield (
                f"{path}.content.{place}: each tool_use must have a single result. Found "
                f"multiple `tool_result` blocks with id: {id}"
            )
        elif id not in pending:
            yield (
                f"unexpected `{path}.content.{place}: tool_use_id` found in `tool_result` "
                f"blocks: {id}. Each `tool_result` block must have a corresponding `tool_use` "
                "block in the previous message."
            )
        elif id:
            pending.discard(id)
            matched.add(id)


def _calls(path: str, blocks: list[Mapping[str, Any]], pending: set[str]) -> Iterator[str]:
    for place, block in enumerate(blocks):
        if block["type"] == "tool_use":
            if block["id"] in pending:
                yield f"{path}.content.{place}: `tool_use` ids must be unique"
            pending.add(block["id"])
        elif block["type"] in ("text", "image") and pending:
            yield f"{path}.{place}: {_alone(pending)}"


def _alone(pending: set[str]) -> str:
    return _ALONE.format(ids=", ".join(sorted(pending)))


def check_chat_pairing(request: Request) -> Refusal | None:
    """Tool messages follow their calls at once, and all of them; each call has its own id."""
    messages = request.body["messages"]
    if not messages:
        return meaning("Empty input messages")
    at = 0
    while at < len(messages):
        if messages[at]["role"] == "tool":
            return meaning(_ORPHAN)
        ids = _ids(messages[at])
        fault = _group_fault(messages, at, ids)
        if fault:
            return meaning(fault)
        at += 1 + len(ids)
    return None


def _ids(message: Mapping[str, Any]) -> list[str]:
    calls = message.get("tool_calls") if message["role"] == "assistant" else None
    return [call["id"] for call in calls or ()]


def _group_fault(messages: list[Mapping[str, Any]], at: int, ids: list[str]) -> str:
    """What is wrong with the calls of a message and the messages that should answer them."""
    twice = next((id for id in ids if ids.count(id) > 1), None)
    if twice is not None:
        return f"Duplicate value for 'tool_call_id' of {twice} in message[{at}]"
    if "" in ids:
        return _UNANSWERED
    answered: set[str] = set()
    for place in range(at + 1, at + 1 + len(ids)):
        if place >= len(messages) or messages[place]["role"] != "tool":
            return _UNANSWERED
        id = messages[place]["tool_call_id"]
        if id not in ids:
            return f"{_OTHER_ID}{id}"
        if id in answered:
            return f"Duplicate value for 'tool_call_id' of {id} in message[{place}]"
        answered.add(id)
    return ""


def check_chat_content(request: Request) -> Refusal | None:
    """An assistant message says or calls something; an empty string will do."""
    for index, message in enumerate(request.body["messages"]):
        if message["role"] != "assistant":
            continue
        calls = message.get("tool_calls")
        if calls is None and message.get("content") is None:
            return meaning("Invalid assistant message: content or tool_calls must be set")
        if calls == []:
            return meaning(
                f"Invalid 'messages[{index}].tool_calls': empty array. Expected an array with "
                "minimum length 1, but got an empty array instead."
            )
    return None
