"""Histories that agents break by themselves: bare they are refused, through dsfix they go on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.lab import PRO, Lab, lenient
from tests.support.strict_endpoint import StrictEndpoint

pytestmark = pytest.mark.agents
AGENTS = ["claude", "opencode-chat", "opencode-messages"]
ALL_TOOLS = "#do bash cd write edit parallel agent#"


@pytest.mark.parametrize("agent", AGENTS)
def test_model_switch(lab: Callable[..., Lab], endpoint: StrictEndpoint, agent: str) -> None:
    """A conversation goes on under another model with the real reasoning of every turn."""
    at = lab(agent)
    first = at.say(f"begin {ALL_TOOLS}")
    switch = len(endpoint.main)
    second = at.say("and on #do bash#", model=at.second_model(), go_on=True)
    at.check(first, second)
    last = endpoint.main[-1]
    assert endpoint.replayed(last) == len(endpoint.history(last)) >= 7
    assert not endpoint.broken_prefixes(0, switch)  # the agent's own prompt names its model
    assert not endpoint.broken_prefixes(switch)


@pytest.mark.parametrize("agent", AGENTS[:2])  # one on each wire
def test_model_switch_bare(lab: Callable[..., Lab], endpoint: StrictEndpoint, agent: str) -> None:
    """Without dsfix the first request under another model is refused."""
    lenient(endpoint)
    at = lab(agent, through=False)
    first = at.say("begin #do bash#")
    assert first.code == 0, f"{first} {endpoint.refusals}"
    second = at.say("and on #do bash#", model=at.second_model(), go_on=True)
    assert second.code == 1, second
    assert "must be passed back" in second.out + second.err


def test_switch_there_and_back(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """Four runs, two models, one conversation: each turn's own reasoning is there to the end."""
    at = lab("claude")
    rans = [at.say("begin #do parallel#", model=PRO)]
    for nth in range(3):
        model = PRO if nth % 2 else at.second_model()
        rans.append(at.say(f"part {nth} #do bash write#", model=model, go_on=True))
    at.check(*rans)
    last = endpoint.main[-1]
    assert endpoint.replayed(last) == len(endpoint.history(last)) == 10
    assert not endpoint.broken_prefixes()


def test_bare_first_request(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """Without dsfix Claude Code's user id is refused, and its closing system message answered
    with nothing."""
    at = lab("claude", through=False)
    assert at.say("hello").code == 1
    assert "user_id" in endpoint.refusals[0]
    endpoint.policy.user_id = False
    assert "[answer-" not in at.say("hello").out


def test_compaction(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """A conversation that Claude Code compacted goes on, under another model too."""
    at = lab("claude")
    first = at.say("begin #do bash parallel#")
    compact = at.run(at.command("/compact", go_on=True))
    second = at.say("and on #do bash#", go_on=True)
    third = at.say("further #do bash#", model=at.second_model(), go_on=True)
    at.check(first, compact, second, third)
    assert "continued from a previous conversation" in endpoint.main[-1].raw.decode()


def test_compaction_bare(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """Without dsfix the conversation that was compacted is refused."""
    lenient(endpoint)
    at = lab("claude", through=False)
    for ran in (at.say("begin #do bash#"), at.run(at.command("/compact", go_on=True))):
        assert ran.code == 0, ran
    ran = at.say("and on #do bash#", go_on=True)
    assert ran.code == 1
    assert "must be passed back" in ran.out + ran.err
