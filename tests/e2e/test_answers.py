"""Answers that agents do not bear: another model's name, no signature, no or hidden reasoning."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.lab import Lab, lenient
from tests.support.strict_endpoint import Cut, StrictEndpoint

pytestmark = pytest.mark.agents
AGENTS = ["claude", "opencode-chat"]  # one on each wire
ON_MESSAGES = ["claude", "opencode-messages"]


@pytest.mark.parametrize("agent", AGENTS)
def test_another_model_name(lab: Callable[..., Lab], endpoint: StrictEndpoint, agent: str) -> None:
    """An upstream that answers under another name costs no turn its reasoning, sub-agents too."""
    endpoint.switches.served = "deepseek-v4-pro-0901"
    at = lab(agent)
    at.check(at.say("begin #do bash twins parallel#"))
    asked = [r for r in endpoint.main if endpoint.history(r)]
    assert len(asked) >= 5
    assert all(endpoint.replayed(r) == len(endpoint.history(r)) for r in asked)


def test_another_model_name_bare(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """Without dsfix Claude Code is refused at its first tool result, with no model switch."""
    lenient(endpoint)
    endpoint.switches.served = "deepseek-v4-pro-0901"
    ran = lab("claude", through=False).say("begin #do bash#")
    assert ran.code == 1
    assert "must be passed back" in ran.out + ran.err


@pytest.mark.parametrize("signature", ["absent", "empty"])
def test_no_signature(lab: Callable[..., Lab], endpoint: StrictEndpoint, signature: str) -> None:
    """Unsigned thinking comes back to the upstream, two sub-agents with one prompt included."""
    endpoint.switches.signature = signature
    at = lab("opencode-messages")
    at.check(at.say("begin #do twins bash#"))
    last = endpoint.main[-1]
    assert endpoint.replayed(last) == len(endpoint.history(last)) == 2


def test_no_signature_bare(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """Without dsfix OpenCode drops the unsigned block and is refused."""
    endpoint.switches.signature = "absent"
    ran = lab("opencode-messages", through=False).say("begin #do bash#")
    assert "pass-back" in "".join(endpoint.refusals)
    assert "must be passed back" in ran.out + ran.err


@pytest.mark.parametrize("agent", ON_MESSAGES)
def test_redacted_thinking(lab: Callable[..., Lab], endpoint: StrictEndpoint, agent: str) -> None:
    """Thinking that came redacted is replayed as a stand-in of its own for each turn."""
    endpoint.switches.redacted = True
    at = lab(agent)
    first = at.say("begin #do bash parallel#")
    endpoint.switches.redacted = False
    at.check(first, at.say("and on #do bash#", go_on=True))
    told = [reasoning for _, reasoning in endpoint.history(endpoint.main[-1])]
    assert len(told) == len(set(told)) == 4


def test_redacted_thinking_bare(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """Without dsfix a redacted block is sent back as it came, and refused."""
    lenient(endpoint)
    endpoint.switches.redacted = True
    lab("claude", through=False).say("begin #do bash#")
    assert any(" redacted" in text for text in endpoint.refusals)


@pytest.mark.parametrize("agent", AGENTS)
def test_turns_without_reasoning(
    lab: Callable[..., Lab], endpoint: StrictEndpoint, agent: str
) -> None:
    """A turn that had no reasoning gets a stand-in of its own, the others keep what is theirs."""
    endpoint.switches.silent_every = 2
    at = lab(agent)
    first = at.say("begin #do bash bash bash#")
    at.check(first, at.say("and on #do bash#", go_on=True, model=at.second_model()))
    assert not endpoint.broken_prefixes(0, 4)
    history = endpoint.history(endpoint.main[-1])
    assert len(history) == 5
    assert sum(given is not None and given.reasoning is None for given, _ in history) == 2


@pytest.mark.parametrize("agent", ["claude", "opencode-chat"])
def test_turns_without_reasoning_bare(
    lab: Callable[..., Lab], endpoint: StrictEndpoint, agent: str
) -> None:
    """Without dsfix the first turn that had no reasoning ends the session."""
    lenient(endpoint)
    endpoint.switches.silent_every = 2
    ran = lab(agent, through=False).say("begin #do bash bash bash#")
    assert "must be passed back" in ran.out + ran.err


# One cut is enough for OpenCode, which waits two seconds after it.
@pytest.mark.parametrize(
    ("agent", "how"), [("claude", "rst"), ("claude", "fin"), ("opencode-chat", "fin")]
)
def test_cut_stream(
    lab: Callable[..., Lab], endpoint: StrictEndpoint, agent: str, how: str
) -> None:
    """An answer cut in the middle is asked for again, and the session goes on."""
    endpoint.switches.cut = Cut(after=4, how=how)
    at = lab(agent)
    at.check(at.say("begin #do bash#"))
    assert endpoint.switches.cut.times == 0
    last = endpoint.main[-1]
    assert endpoint.replayed(last) >= 1
