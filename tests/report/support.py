"""A session with a bit of everything."""

from __future__ import annotations

from dsfix.protocol.body import Dialect
from dsfix.protocol.usage import Usage
from dsfix.record.exchange import Attempt, Exchange
from dsfix.repairs.base import Change
from dsfix.report.facts import Facts

FACTS = Facts(
    session="20261121-031522-k3f9",
    agent="claude",
    upstream="https://api.deepseek.com",
    started=1_795_230_922.0,
    duration=754.2,
    exit_code=0,
    record="/state/sessions/2026/11/20261121-031522-k3f9/events.jsonl",
)
WORDS = "The `content[].thinking` in the thinking mode must be passed back to the API."


def exchanges() -> list[Exchange]:
    """Thirty of the main thread, two of a sub-agent, and a title."""
    made = []
    for number in range(1, 34):
        kind = "main" if number <= 30 else "sub-agent" if number <= 32 else "title"
        each = Exchange(number, 1_795_230_922.0 + number, Dialect.MESSAGES, "/v1/messages", kind)
        each.conversation = kind
        each.asked = "claude-haiku-4-5" if kind == "title" else "claude-sonnet-4-5-20250929"
        each.sent = each.served = "deepseek-v4-flash" if kind == "title" else "deepseek-v4-pro"
        each.status, each.usage = 200, Usage(20_000, 19_000, 800, 300)
        each.changes = [Change("model-name", "x"), Change("thinking-replay", "y", number)]
        each.replayed = number - 1
        made.append(each)
    made[30].usage = Usage(10_000, 2_500, 800, None)
    made[32].usage, made[32].changes, made[32].replayed = Usage(900, 0, 30), [], 0
    made[3].attempts = [Attempt(400, WORDS, "native")]
    made[3].placeholders = 2
    for each in made[5:7]:
        each.status, each.error, each.usage = 429, "Rate limit\n reached", None
    made[7].cut = "agent"
    made[8].cut, made[8].error = "upstream", "the upstream ended the stream early"
    made[9].changes.append(Change("roles", "KeyError", failed=True))
    return made
