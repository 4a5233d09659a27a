"""No thinking where it would eat the whole budget.

Reasoning is spent first and counts as output: budgets of 300, 1,200 and 4,000 tokens were used up
by it, and the answer was empty (https://github.com/tinkerindustries/agent-harness, 2026-08-09).
Of classifier calls with 512 tokens three in five were cut, none with thinking off
(https://github.com/STRML/cc-ds4, 2026-08-02). So requests that are small and no part of an
agent's work, which offers or has called tools, are answered without: titles, probes, summaries.
One that asks for thinking in so many words gets it. The limit is the setting `small-calls`.
"""

from __future__ import annotations

from dsfix.protocol.body import Body
from dsfix.repairs.base import BOTH, Context, Repair
from dsfix.repairs.max_tokens import asked_tokens
from dsfix.repairs.thinking_mode import disabled, is_disabled, is_enabled


def without_thinking_where_small(body: Body, context: Context) -> Body:
    """The body with thinking off, where its budget is that small."""
    tokens = asked_tokens(body)
    if tokens is None or tokens > context.rules.small_calls or context.rules.thinking == "on":
        return body
    if body.has_tools or is_enabled(body) or is_disabled(body):
        return body
    if context.history_of(body).has_calls:
        return body
    context.note(SMALL_CALLS.name, f"thinking turned off, {tokens} tokens would go to it")
    return disabled(body)


SMALL_CALLS = Repair(
    "small-calls",
    "Turns thinking off where it would eat the whole budget: titles, probes, classifiers",
    BOTH,
    request=without_thinking_where_small,
)
