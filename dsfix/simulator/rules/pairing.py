"""Refusals about tool calls without results, results without calls, and empty turns."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile, zip_longest
from typing import Any

from dsfix.simulator.rules.base import Refusal, Request
from dsfix.simulator.rules.refusals import meaning
from dsfix.simulator.rules.wire import Turn

_UNANSWERED = (
    "An assistant message with 'tool_calls' must be followed by tool messages responding to "
    "each 'tool_call_id'. (insufficient tool messages following tool_calls message)"
)
_ALONE = (
    "`tool_use` ids were found without `tool_result` blocks immediately after: {ids}. Each "
    "`tool_use` block must have a corresponding `tool_result` block in the next message."
)
_ORPHAN = "Messages with role 'tool' must be a response to a preceding message with 'tool_calls'"


def check_messages_pairing(request: Request) -> Refusal | None:
    """All results of a turn stand at the head of the next message, and nothing else does.

    Calls end their message, under ids of their own: vastsa/PI-Desktop#718 (2026-09-20).
    """
    for index, message in enumerate(request.body["messages"]):
        fault = _calls_fault(index, message)
        if fault:
            return meaning(fault)
    history = request.history
    for turn, following in zip_longest(history, history[1:], fillvalue=Turn(-1, "")):
        missing = [id for id in turn.ids if id not in following.leading or not id]
        if missing:
            ids = ", ".join(missing)
            return meaning(f"messages.{turn.index}:{_ALONE.format(ids=ids)}")
        orphans = [id for id in following.results if id not in turn.ids]
        if orphans:
            return _orphan(request, following, orphans[0])
    if history and history[0].results:
        return _orphan(request, history[0], history[0].results[0])
    return None


def _calls_fault(index: int, message: Mapping[str, Any]) -> str:
    """farion1231/cc-switch#6044 and deepseek-ai/deepseek-recipe, 2026-09."""
    called: list[str] = []
    blocks = message["content"] if message["role"] == "assistant" else ""
    for place, block in enumerate(blocks if isinstance(blocks, list) else ()):
        if block["type"] == "tool_use":
            if block["id"] in called:
                return f"messages.{index}.content.{place}: `tool_use` ids must be unique"
            called.append(block["id"])
        elif block["type"] in ("text", "image") and called:
            return f"messages.{index}.{place}: {_ALONE.format(ids=', '.join(called))}"
    return ""


def _orphan(request: Request, turn: Turn, id: str) -> Refusal:
    """deepseek-ai/deepseek-recipe, 2026-09."""
    blocks = request.body["messages"][turn.index]["content"]
    place = next(at for at, block in enumerate(blocks) if block.get("tool_use_id") == id)
    return meaning(
        f"unexpected `messages.{turn.index}.content.{place}: tool_use_id` found in `tool_result` "
        f"blocks: {id}. Each `tool_result` block must have a corresponding `tool_use` block in "
        "the previous message."
    )


def check_chat_pairing(request: Request) -> Refusal | None:
    """Tool messages follow their calls at once, and all of them; each call has its own id.

    craft-ai-agents/craft-agents-oss#630 (2026-04-29).
    """
    history = request.history
    expected: set[str] = set()
    for turn in history:
        if turn.role == "tool":
            if turn.results[0] not in expected:
                return meaning(_ORPHAN)
            continue
        expected = set(turn.ids)
        twice = next((id for id in turn.ids if turn.ids.count(id) > 1), None)
        if twice is not None:
            return meaning(
                f"Duplicate value for 'tool_call_id' of {twice} in message[{turn.index}]"
            )
        replies = takewhile(lambda reply: reply.role == "tool", history[turn.index + 1 :])
        answered = {id for reply in replies for id in reply.results}
        if not expected <= answered or "" in expected:
            return meaning(_UNANSWERED)
    return None


def check_chat_content(request: Request) -> Refusal | None:
    """An assistant message says or calls something; an empty string will do."""
    for message in request.body["messages"]:
        empty = message.get("content") is None and not message.get("tool_calls")
        if message["role"] == "assistant" and empty:
            return meaning("Invalid assistant message: content or tool_calls must be set")
    return None
