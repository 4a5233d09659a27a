"""Refusals on Messages of what stands in a message: nothing, or a block of the other side.

Texts: deepseek-ai/deepseek-recipe, 2026-09; the one about empty messages was also seen in use,
anomalyco/opencode#38654 (2026-07-24).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dsfix.simulator.rules.base import Policy, Refusal, Request
from dsfix.simulator.rules.refusals import meaning

BLOCKS = (
    "text",
    "image",
    "thinking",
    "tool_use",
    "tool_result",
    "server_tool_use",
    "web_search_tool_result",
)
_OF_ASSISTANT = ("tool_use", "server_tool_use", "web_search_tool_result")
# Shown to the model as a name and as a placeholder, where other types are refused.
_SHOWN = ("tool_reference", "document")


def check_blocks(request: Request) -> Refusal | None:
    """Messages say something, in blocks of their own role."""
    fault = next(_faults(request), None)
    return meaning(fault) if fault else None


def verdict_on(kind: str, policy: Policy) -> str:
    """What becomes of a block that is not supported."""
    return policy.redacted if kind == "redacted_thinking" else policy.unknown_blocks


def _faults(request: Request) -> Iterator[str]:
    messages = request.body["messages"]
    if not messages:
        yield "messages: at least one message is required"
    system = request.body.get("system")
    for block in system if isinstance(system, list) else ():
        if isinstance(block, dict) and block.get("type") == "image":
            yield "Image in system message is unsupported"
    for index, message in enumerate(messages):
        blocks, role = message["content"], message["role"]
        if blocks == [] and role != "system":
            yield f"messages.{index}: all messages must have non-empty content"
        for block in blocks if isinstance(blocks, list) else ():
            if _unsupported(block, request.policy):
                yield "Unsupported content block"
            if role != "system":
                yield from _foreign(f"messages.{index}", role, block["type"])


def _unsupported(block: Mapping[str, Any], policy: Policy) -> bool:
    kind = block["type"]
    if kind in (*BLOCKS, *_SHOWN):
        return False
    return verdict_on(kind, policy) == "unsupported"


def _foreign(path: str, role: str, kind: str) -> Iterator[str]:
    if role == "user" and kind in _OF_ASSISTANT:
        yield f"{path}: `{kind}` blocks can only be in `assistant` messages"
    elif role == "user" and kind == "thinking":
        yield f"{path}.content: thinking blocks may only be in `assistant` messages"
    elif role == "assistant" and kind == "tool_result":
        yield f"{path}: `tool_result` blocks can only be in `user` messages"
    elif role == "assistant" and kind == "image":
        yield "Image in assistant message is unsupported"
