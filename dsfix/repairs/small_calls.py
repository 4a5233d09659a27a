"""No thinking where it would eat the whole budget.

Reasoning is spent first and counts as output: budgets of 300, 1,200 and 4,000 tokens were used up
by it, and the answer was empty (https://github.com/tinkerindustries/agent-harness, 2026-08-09).
Of classifier calls with 512 tokens three in five were cut, none with thinking off
(https://github.com/STRML/cc-ds4, 2026-08-02). So requests that are small and no part of an
agent's work, which offers or has called tools, are answered without: titles, probes, summaries.
One that asks for thinking in so many words gets it. The limit is the setting `small-calls`.

A helper that waits for the whole answer waits for the reasoning too. Claude Code's auto mode gives
its classifier 30 seconds and 10,240 tokens for a second look, and means by silence, as Messages has
it, that there is to be no thinking: with it "auto mode cannot determine the safety"
(deepseek-ai/DeepSeek-V3#1464, 2026-06-29; deepseek-ai/awesome-deepseek-agent#284, 2026-07-08;
measured with 2.1.330, 2026-11-24). So where Messages is silent and nothing is streamed, four times
as much is small.
"""

from __future__ import annotations

from dsfix.protocol.body import Body, Dialect
from dsfix.repairs.base import BOTH, Context, Repair
from dsfix.repairs.max_tokens import asked_tokens
from dsfix.repairs.thinking_mode import disabled, is_disabled, is_enabled

_WAITED_FOR = 4  # times what is small of an answer that is streamed


def without_thinking_where_small(body: Body, context: Context) -> Body:
    """The body with thinking off, where its budget is that small."""
    tokens, limit = asked_tokens(body), context.rules.small_calls
    if _waits_in_silence(body):
        limit *= _WAITED_FOR
    if tokens is None or tokens > limit or context.rules.thinking == "on":
        return body
    if body.has_tools or is_enabled(body) or is_disabled(body):
        return body
    if context.history_of(body).has_calls:
        return body
    context.note(SMALL_CALLS.name, f"thinking turned off, {tokens} tokens would go to it")
    return disabled(body)


def _waits_in_silence(body: Body) -> bool:
    """Whether somebody waits for the whole answer, and says nothing of thinking."""
    silent = body.dialect is Dialect.MESSAGES and "thinking" not in body.members
    return silent and body.get("stream") is not True


SMALL_CALLS = Repair(
    "small-calls",
    "Turns thinking off where it would eat the whole budget: titles, probes, classifiers",
    BOTH,
    request=without_thinking_where_small,
)
