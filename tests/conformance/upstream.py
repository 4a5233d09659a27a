"""The strict simulator as an upstream: what it says to a body, and whether that is an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dsfix.protocol.body import Dialect
from dsfix.simulator.engine import Engine, Reply
from dsfix.simulator.options import Options
from dsfix.simulator.rules import STRICTEST, Policy
from tests.conformance.row import CHAT, MESSAGES

PATHS = {
    "messages": "/anthropic/v1/messages",
    "chat": "/chat/completions",
    "responses": "/responses",
}
HEADERS = {"authorization": "Bearer sk-fake", "content-type": "application/json"}


def strict(**policy: Any) -> Options:
    """Everything that was ever shown to be refused, and reasoning checked word for word.

    Named members of the policy are set otherwise.
    """
    changed: Policy = replace(STRICTEST, **{"verify": True, **policy})
    return Options(policy=changed, seed=0)


def post(engine: Engine, dialect: Dialect, data: bytes) -> Reply:
    """Send a body."""
    return engine.reply("POST", PATHS[dialect], HEADERS, data)


def refused(reply: Reply) -> str:
    """By which rule and in which words a request was refused; empty if it was not."""
    if reply.status == 200:
        return ""
    raw = b"".join(reply.frames).decode()
    text = json.loads(raw)["error"]["message"] if raw.startswith("{") else raw
    return f"{reply.refused_by}: {text}"


def document(reply: Reply) -> dict[str, Any]:
    """An answer that was not streamed."""
    found: dict[str, Any] = json.loads(reply.frames[0])
    return found


def reasoning(dialect: Dialect, whole: Mapping[str, Any]) -> str:
    """The reasoning in an answer."""
    if dialect is MESSAGES:
        return "".join(block.get("thinking", "") for block in whole["content"])
    if dialect is CHAT:
        return str(whole["choices"][0]["message"].get("reasoning_content") or "")
    items = [item for item in whole["output"] if item["type"] == "reasoning"]
    return "".join(part["text"] for item in items for part in item["content"])


def says_something(dialect: Dialect, whole: Mapping[str, Any]) -> bool:
    """Whether an answer has anything but reasoning in it."""
    if dialect is MESSAGES:
        return any(block["type"] in ("text", "tool_use") for block in whole["content"])
    if dialect is CHAT:
        message = whole["choices"][0]["message"]
        return bool(message.get("content") or message.get("tool_calls"))
    return any(item["type"] != "reasoning" for item in whole["output"])


def cached(dialect: Dialect, whole: Mapping[str, Any]) -> int:
    """How many tokens of the prompt came from the cache."""
    usage = whole["usage"]
    if dialect is MESSAGES:
        return int(usage["cache_read_input_tokens"])
    if dialect is CHAT:
        return int(usage["prompt_cache_hit_tokens"])
    return int(usage["input_tokens_details"]["cached_tokens"])
