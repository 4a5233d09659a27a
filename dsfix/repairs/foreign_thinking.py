"""Toward Anthropic: thinking that Anthropic did not sign is taken out.

Its API refuses a whole conversation for one block of another model's: "Invalid `signature` in
`thinking` block" (deepseek-ai/awesome-deepseek-integration#606, 2026-05-13; can1357/oh-my-pi#6379,
2026-07-24), and a session that was begun on DeepSeek is full of them. DeepSeek signs with a UUID,
dsfix with `dsfix-`, relays of OpenAI at length, beginning with `gAAAA`; Anthropic with
hundreds of base64 letters that begin with `E` (router-for-me/CLIProxyAPI#3615, 2026-05-29). Its own
blocks are never touched, and what is done to a message never depends on another: newer models
bind a block to the very messages before it
(https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting, 2026-09-26).

A tool loop that is still running and has no thinking left cannot go on in manual mode: "Expected
`thinking` or `redacted_thinking`, but found `tool_use` [...] To avoid this requirement, disable
`thinking`" (anomalyco/opencode#3077; Kilo-Org/kilocode#5219, 2026-01-20). So `thinking` is left out
until that loop has ended, and so is the edit of the context that needs it
(anthropics/claude-code#11971, 2025-11-19). Adaptive thinking has no such rule
(https://platform.claude.com/docs/en/build-with-claude/thinking, 2026-09).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from dsfix.protocol import spans
from dsfix.protocol.body import Body
from dsfix.protocol.history import role_of
from dsfix.protocol.messages import FOREIGN_SIGNATURE
from dsfix.protocol.turns import Look
from dsfix.repairs.base import MESSAGES, Context, Repair
from dsfix.repairs.thinking_mode import is_enabled
from dsfix.repairs.unchanged import each

_SIGNATURE = re.compile(r"E[A-Za-z0-9+/]+={0,2}")
_CLEARING = "clear_thinking"


def without_foreign(body: Body, context: Context) -> Body:
    """The body without thinking that Anthropic would refuse, and fit to be taken without it."""
    found = each(context, FOREIGN_THINKING.name, context.history_of(body), _without)
    count = len(found) - found.count(None)
    if count:
        context.note(FOREIGN_THINKING.name, "thinking of another model taken out", count)
        kept = (old if new is None else new for new, old in zip(found, body.messages, strict=True))
        body = body.saying([message for message in kept if message])
    if is_enabled(body) and _runs_without(body.messages):
        context.note(FOREIGN_THINKING.name, "not thinking in a tool loop that began elsewhere")
        body = _not_thinking(body)
    return body


def _without(look: Look) -> bytes | None:
    """The message without foreign blocks, None where it can stay; empty if nothing is left.

    Users' messages on both sides of one that is left out count as one there
    (https://platform.claude.com/docs/en/api/messages).
    """
    if look.role != "assistant" or b'"thinking"' not in look.raw:
        return None
    message = spans.members(look.raw) or {}
    blocks = spans.items(message.get("content", b"")) or []
    kept = [block for block in blocks if not _is_foreign(block)]
    if len(kept) == len(blocks):
        return None
    return spans.build_object({**message, "content": spans.build_array(kept)}) if kept else b""


def _is_foreign(raw: bytes) -> bool:
    block = spans.value(raw) if b'"thinking"' in raw else None
    if not isinstance(block, dict) or block.get("type") != "thinking":
        return False
    mark = str(block.get("signature") or "")
    return len(mark) < FOREIGN_SIGNATURE or not _SIGNATURE.fullmatch(mark)


def _runs_without(messages: Sequence[bytes]) -> bool:
    """Whether the conversation ends in a tool loop in which nothing was thought."""
    turns = [raw for raw in reversed(messages) if role_of(raw) == "assistant"]
    running = list(takewhile(lambda raw: "tool_use" in _kinds(raw), turns))
    return bool(running) and not any(
        _kinds(raw) & {"thinking", "redacted_thinking"} for raw in running
    )


def _kinds(raw: bytes) -> set[str]:
    """The types of a message's blocks."""
    message = spans.value(raw)
    blocks = message.get("content") if isinstance(message, dict) else None
    if not isinstance(blocks, list):
        return set()
    return {str(block.get("type")) for block in blocks if isinstance(block, dict)}


def _not_thinking(body: Body) -> Body:
    """The body without `thinking`, and without the edits of the context that ask for it."""
    body = body.without("thinking")
    managed = spans.members(body.members.get("context_management", b"null")) or {}
    edits = spans.items(managed.get("edits", b"null")) or []
    kept = [edit for edit in edits if not _clears(edit)]
    if len(kept) == len(edits):
        return body
    if not kept:
        return body.without("context_management")
    new = {**managed, "edits": spans.build_array(kept)}
    return body.having("context_management", spans.build_object(new))


def _clears(edit: bytes) -> bool:
    found = spans.value(edit)
    return isinstance(found, dict) and str(found.get("type")).startswith(_CLEARING)


FOREIGN_THINKING = Repair(
    "foreign-thinking",
    "Toward Anthropic only: takes out the thinking that Anthropic did not sign",
    MESSAGES,
    request=without_foreign,
)
