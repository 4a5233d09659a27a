"""A turn that the user interrupts: the conversation goes on with what was said before."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from tests.e2e.lab import Lab, Ran, lenient
from tests.support.pty_session import wait_until
from tests.support.strict_endpoint import StrictEndpoint

pytestmark = pytest.mark.agents


def in_a_stream(at: Lab, endpoint: StrictEndpoint) -> Ran:
    """Press Ctrl-C while the closing text of a turn comes slowly."""
    endpoint.switches.delay, endpoint.switches.delay_steps = 0.3, "text"
    process = at.start(at.command("begin #do bash#"))
    wait_until(
        lambda: any(r.is_main and b"[answer-" in b"".join(r.sent) for r in endpoint.requests)
    )
    os.killpg(process.pid, signal.SIGINT)
    ran = at.finish(process)
    endpoint.switches.delay = 0.0
    return ran


def in_a_tool(at: Lab, endpoint: StrictEndpoint) -> Ran:
    """Press Ctrl-C while a tool runs."""
    process = at.start(at.command("begin #do bash sleep bash#"))
    wait_until((at.project / "started").exists)
    os.killpg(process.pid, signal.SIGINT)
    return at.finish(process)


CASES = [
    ("claude", in_a_stream),
    ("claude", in_a_tool),
    ("opencode-chat", in_a_stream),
    ("opencode-chat", in_a_tool),
]


@pytest.mark.parametrize(("agent", "interrupt"), CASES)
def test_interrupted(
    lab: Callable[..., Lab],
    endpoint: StrictEndpoint,
    agent: str,
    interrupt: Callable[[Lab, StrictEndpoint], Ran],
) -> None:
    """After Ctrl-C the conversation goes on, under another model, with all its reasoning."""
    at = lab(agent)
    interrupt(at, endpoint)
    at.check(at.say("and on #do bash#", model=at.second_model(), go_on=True))
    assert endpoint.replayed(endpoint.main[-1]) >= 2


def test_interrupted_bare(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """Without dsfix the turn that Claude Code puts in by itself is refused."""
    lenient(endpoint)
    at = lab("claude", through=False)
    in_a_tool(at, endpoint)
    ran = at.say("and on #do bash#", go_on=True)
    assert ran.code == 1
    assert "must be passed back" in ran.out + ran.err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("through", [False, True])
def test_exit_code_of_a_signal(
    lab: Callable[..., Lab],
    endpoint: StrictEndpoint,
    number: signal.Signals,
    code: int,
    through: bool,
) -> None:
    """A signal ends Claude Code with the same exit code, bare and through dsfix."""
    lenient(endpoint)
    endpoint.switches.delay = 0.3
    at = lab("claude", through=through)
    process = at.start(at.command("begin #do bash#"))
    wait_until(lambda: any(r.is_main and r.sent for r in endpoint.requests))
    process.send_signal(number)
    ran = at.finish(process)
    assert ran.code % 256 in (code, -number % 256), ran
    assert not through or ran.code == code
    wait_until(lambda: all(r.over.is_set() for r in endpoint.requests))
    assert endpoint.requests[-1].gone.is_set()
