"""Rows about how long an answer may be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dsfix.protocol.body import Dialect
from tests.conformance.bodies import asking
from tests.conformance.cases import Sent
from tests.conformance.row import CHAT, MESSAGES, RESPONSES, Failure, Row
from tests.conformance.upstream import strict

RANGE = Failure(
    "answer-too-long",
    "A longest answer that DeepSeek does not give",
    "An agent asks for more than the model can say, or for nothing, and no request gets through.",
)
RENAMED = Failure(
    "max-completion-tokens",
    "A limit under OpenAI's newer name",
    "Nothing fails. The limit has no effect, and an answer may cost what it likes.",
    dict.fromkeys((MESSAGES, RESPONSES), "only Chat has had two names for it"),
)
STARVED = Failure(
    "starved-answer",
    "A small answer that thinking eats up",
    "Titles, classifiers, summaries and probes come back empty or cut: the few tokens that they may"
    " have are spent on thinking.",
    {RESPONSES: "the agents that speak it set no such limits"},
)
HURRY = Failure(
    "slow-helper",
    "A helper that cannot wait for thinking",
    "Claude Code's auto mode denies calls: it cannot determine their safety, for its second look at"
    " one has 30 seconds, and says by silence that there is to be no thinking.",
    dict.fromkeys((CHAT, RESPONSES), "silence means thinking there"),
)

_NAME = {MESSAGES: "max_tokens", CHAT: "max_tokens", RESPONSES: "max_output_tokens"}
_INVALID = "max-tokens: Invalid max_tokens value, the valid range of max_tokens is [1, 393216]"
_MAX = ("max-tokens",)


def _ranged(dialect: Dialect, what: str, given: int) -> Row:
    name = _NAME[dialect]
    case = Sent(asking(dialect, **{name: given}))
    sources = ("https://github.com/tinkerindustries/agent-harness, 2026-09-10",)
    return Row(RANGE.name, dialect, what, case, _INVALID, _MAX, (f"~{name}",), sources)


def _limited(dialect: Dialect, sent: Any, whole: Any) -> str:
    return "" if sent.get("max_tokens") else "max_tokens is not there"


def _starved(dialect: Dialect) -> Row:
    given = asking(dialect, **{_NAME[dialect]: 512})
    del given["tools"]
    switch = "+reasoning" if dialect is RESPONSES else "+thinking"
    case = Sent(given, replace(strict(), thinking_tokens=600))
    sources = (
        "https://github.com/STRML/cc-ds4, 2026-08-02",
        "https://github.com/tinkerindustries/agent-harness, 2026-08-09",
    )
    error = "200, and nothing but reasoning in the answer"
    return Row(
        STARVED.name, dialect, "512 tokens", case, error, ("small-calls",), (switch,), sources
    )


def _at_once(dialect: Dialect, sent: Any, whole: Any) -> str:
    return "" if sent.get("thinking") == {"type": "disabled"} else "it thinks first"


_LOOK = asking(MESSAGES, max_tokens=10_240)
del _LOOK["tools"]
_OPENAI = asking(CHAT, max_completion_tokens=9000)
del _OPENAI["max_tokens"]
ROWS = (
    *(_ranged(dialect, "half a million", 500_000) for dialect in Dialect),
    *(_ranged(dialect, "minus one", -1) for dialect in Dialect),
    Row(
        RENAMED.name,
        CHAT,
        "alone",
        Sent(_OPENAI, wants=_limited),
        "max_tokens is not there",
        _MAX,
        ("-max_completion_tokens", "+max_tokens"),
        ("maximhq/bifrost#7213, 2026-09-16",),
    ),
    *map(_starved, (MESSAGES, CHAT)),
    Row(
        HURRY.name,
        MESSAGES,
        "10,240 tokens, and no stream",
        Sent(_LOOK, wants=_at_once),
        "it thinks first",
        ("small-calls",),
        ("+thinking",),
        (
            "deepseek-ai/DeepSeek-V3#1464, 2026-06-29",
            "deepseek-ai/awesome-deepseek-agent#284, 2026-07-08",
        ),
    ),
)
FAILURES = (RANGE, RENAMED, STARVED, HURRY)
