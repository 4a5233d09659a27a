"""Small requests are answered without thinking, an agent's own work never."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dsfix.protocol.body import Dialect
from tests.repairs.support import RULES, TOOLS, USER, call, result, sent

BOTH = pytest.mark.parametrize("dialect", [Dialect.MESSAGES, Dialect.CHAT])
ADAPTIVE = {"type": "adaptive"}


def thinks(dialect: Dialect, *messages: Any, rules: Any = RULES, **given: Any) -> bool:
    """Whether the model thinks about that request."""
    body = {"model": "deepseek-v4-pro", "messages": list(messages) or [USER], **given}
    out, _ = sent(dialect, body, rules=rules)
    return bool(out.get("thinking") != {"type": "disabled"})


@BOTH
@pytest.mark.parametrize("tokens", [1, 64, 512, 4096])
def test_titles_and_probes(dialect: Dialect, tokens: int) -> None:
    """Up to the limit a request that offers no tools does not think."""
    assert not thinks(dialect, max_tokens=tokens)
    assert not thinks(dialect, max_tokens=tokens, thinking=ADAPTIVE, tools=[])


@BOTH
def test_what_is_not_small(dialect: Dialect) -> None:
    """More room, no limit at all, tools, a history with calls, and the request's own wish."""
    enabled = {"type": "enabled", "budget_tokens": 100}
    history = (USER, call("a", dialect=dialect), result("a", dialect))
    assert thinks(dialect, max_tokens=4097, stream=True)
    assert thinks(dialect)
    assert thinks(dialect, max_tokens=64, tools=TOOLS[dialect])
    assert thinks(dialect, *history, max_tokens=64)
    assert thinks(dialect, max_tokens=64, thinking=enabled)


def test_a_helper_that_waits_for_all_of_it() -> None:
    """Messages means by silence that there is to be no thinking, and Claude Code gives its
    classifier 30 seconds; on Chat silence means thinking."""
    assert not thinks(Dialect.MESSAGES, max_tokens=10_240)
    assert not thinks(Dialect.MESSAGES, max_tokens=16_384, stream=False)
    assert thinks(Dialect.MESSAGES, max_tokens=16_385)
    assert thinks(Dialect.MESSAGES, max_tokens=10_240, stream=True)
    assert thinks(Dialect.MESSAGES, max_tokens=10_240, thinking=ADAPTIVE)
    assert thinks(Dialect.MESSAGES, max_tokens=10_240, tools=TOOLS[Dialect.MESSAGES])
    assert thinks(Dialect.MESSAGES, max_tokens=1, rules=replace(RULES, small_calls=0))
    assert thinks(Dialect.CHAT, max_tokens=10_240)


@BOTH
def test_the_users_word(dialect: Dialect) -> None:
    """The setting moves the limit or does away with it, and `--thinking on` beats it."""
    assert thinks(dialect, max_tokens=64, rules=replace(RULES, small_calls=0))
    assert not thinks(dialect, max_tokens=8000, rules=replace(RULES, small_calls=8192))
    assert thinks(dialect, max_tokens=64, rules=replace(RULES, thinking="on"))


@BOTH
def test_no_effort_is_left(dialect: Dialect) -> None:
    """Where thinking is turned off so is its effort, which would be refused."""
    body = {"model": "deepseek-v4-pro", "messages": [USER], "max_tokens": 64}
    effort = {"reasoning_effort": "low", "output_config": {"effort": "low"}}
    out, _ = sent(dialect, {**body, **effort})
    assert "reasoning_effort" not in out
    if dialect is Dialect.MESSAGES:
        assert "output_config" not in out
