"""Refusals about tool calls without results, results without calls, and empty turns."""

from __future__ import annotations

from itertools import takewhile, zip_longest

from dsfix.simulator.rules.base import Refusal, Request
from dsfix.simulator.rules.refusals import meaning
from dsfix.simulator.rules.wire import Turn

_UNANSWERED = (
    "An assistant message with 'tool_calls' must be followed by tool messages responding to "
    "each 'tool_call_id'. (insufficient tool messages following tool_calls message)"
)
_ORPHAN = "Messages with role 'tool' must be a response to a preceding message with 'tool_calls'"


def check_messages_pairing(request: Request) -> Refusal | None:
    """All results of a turn stand at the head of the next message, and nothing else does."""
    history = request.history
    for turn, following in zip_longest(history, history[1:], fillvalue=Turn(-1, "")):
        missing = [id for id in turn.ids if id not in following.leading or not id]
        if missing:
            ids = ", ".join(missing)
            return meaning(
                f"messages.{turn.index}:`tool_use` ids were found without `tool_result` blocks "
                f"immediately after: {ids}. Each `tool_use` block must have a corresponding "
                "`tool_result` block in the next message."
            )
        orphans = [id for id in following.results if id not in turn.ids]
        if orphans:
            return _orphan(following, orphans[0])
    if history and history[0].results:
        return _orphan(history[0], history[0].results[0])
    return None


def _orphan(turn: Turn, id: str) -> Refusal:
    """Anthropic's own text: no capture of DeepSeek's is public."""
    return meaning(
        f"messages.{turn.index}.{turn.results.index(id)}: unexpected `tool_use_id` found in "
        f"`tool_result` blocks: {id}. Each `tool_result` block must have a corresponding "
        "`tool_use` block in the previous message."
    )


def check_chat_pairing(request: Request) -> Refusal | None:
    """Tool messages follow their calls at once, and all of them."""
    history = request.history
    expected: set[str] = set()
    for turn in history:
        if turn.role == "tool":
            if turn.results[0] not in expected:
                return meaning(_ORPHAN)
            continue
        expected = set(turn.ids)
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
