"""Histories that agents break by themselves: bare they are refused, through dsfix they go on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.lab import MODELS, Lab
from tests.support.strict_endpoint import StrictEndpoint

pytestmark = pytest.mark.agents
AGENTS = sorted(MODELS)
ALL_TOOLS = "#do bash cd write edit parallel agent#"


def lenient(endpoint: StrictEndpoint) -> None:
    """Leave out the rules that a bare Claude Code breaks with its first request."""
    endpoint.policy.user_id = endpoint.policy.trailing_system = False


@pytest.mark.parametrize("agent", AGENTS)
def test_model_switch(lab: Callable[..., Lab], endpoint: StrictEndpoint, agent: str) -> None:
    """A conversation goes on under another model with the real reasoning of every turn."""
    at = lab(agent)
    first = at.say(f"begin {ALL_TOOLS}")
    second = at.say("and on #do bash#", model=at.second_model(), go_on=True)
    at.check(first, second)
    last = endpoint.main[-1]
    assert endpoint.replayed(last) == len(endpoint.history(last)) >= 7
    assert not endpoint.broken_prefixes()


@pytest.mark.parametrize("agent", AGENTS)
def test_model_switch_bare(lab: Callable[..., Lab], endpoint: StrictEndpoint, agent: str) -> None:
    """Without dsfix the first request under another model is refused."""
    lenient(endpoint)
    at = lab(agent, through=False)
    first = at.say("begin #do bash#")
    assert first.code == 0, f"{first} {endpoint.refusals}"
    second = at.say("and on #do bash#", model=at.second_model(), go_on=True)
    assert second.code == 1, second
    assert "must be passed back" in second.out + second.err
