"""Refusals that were claimed and never shown; none of them is in force unless asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dsfix.simulator.rules.base import Refusal, Request
from dsfix.simulator.rules.refusals import SERVER_ERROR, meaning


def check_signatures(request: Request) -> Refusal | None:
    """Thinking blocks are signed, or signed by this server.

    The text is Anthropic's, as quoted in deepseek-ai/awesome-deepseek-integration#606.
    """
    for place, signature in _signatures(request):
        own = request.policy.unsigned == "refuse-foreign"
        if not signature or (own and not request.ledger.knows(str(signature))):
            return meaning(f"{place}: Invalid `signature` in `thinking` block")
    return None


def check_plain_reasoning(request: Request) -> Refusal | None:
    """Reasoning on a turn without calls breaks the server."""
    if request.policy.plain_reasoning == "ignore":
        return None
    plain = [turn for turn in request.history if turn.role == "assistant" and not turn.calls]
    if not any(turn.reasoning for turn in plain):
        return None
    return Refusal(500, "text/html", SERVER_ERROR)


def _signatures(request: Request) -> Iterator[tuple[str, Any]]:
    """Place and signature of each thinking block, where they are looked at."""
    looked_at = request.policy.unsigned != "accept" and request.thinking
    for index, message in enumerate(request.body["messages"] if looked_at else ()):
        blocks = message["content"]
        for place, block in enumerate(blocks if isinstance(blocks, list) else ()):
            if block["type"] == "thinking":
                yield f"messages.{index}.content.{place}", block.get("signature")
