"""Qwen Code, on both of its wires: what breaks it bare goes on through dsfix."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable

import pytest

from tests.e2e.lab import PRO, REAL_KEY, Lab
from tests.support.pty_session import wait_until
from tests.support.strict_endpoint import StrictEndpoint

pytestmark = pytest.mark.agents
wires = pytest.mark.parametrize("agent", ["qwen-chat", "qwen-messages"])


@wires
def test_scripted_first_turn_bare(
    lab: Callable[..., Lab], endpoint: StrictEndpoint, agent: str
) -> None:
    """Without dsfix the answer that Qwen Code puts in the model's mouth is refused at once."""
    ran = lab(agent, through=False).say("begin #do bash#")
    assert ran.code == 1, ran
    assert "must be passed back" in ran.out + ran.err
    assert not endpoint.main


@wires
def test_model_switch(lab: Callable[..., Lab], endpoint: StrictEndpoint, agent: str) -> None:
    """A conversation goes on under another model with the real reasoning of every turn."""
    at = lab(agent)
    first = at.say("begin #do write edit#")  # a shell takes it seconds
    switch = len(endpoint.main)
    at.check(first, at.say("and on #do write#", model=at.second_model(), go_on=True))
    last = max(endpoint.main[switch:], key=lambda each: len(endpoint.history(each)))
    history = endpoint.history(last)
    real = [given for given, _ in history if given is not None]
    assert endpoint.replayed(last) == len(real) >= 4
    assert len(history) - len(real) <= 1  # the turn that the agent has put in
    assert not endpoint.broken_prefixes(0, switch)
    assert not endpoint.broken_prefixes(switch)


@wires
def test_turns_without_reasoning(
    lab: Callable[..., Lab], endpoint: StrictEndpoint, agent: str
) -> None:
    """A turn that had no reasoning gets a stand-in of its own, the others keep what is theirs."""
    endpoint.switches.silent_every = 2
    at = lab(agent)
    at.check(at.say("begin #do write edit edit#"))
    assert not endpoint.broken_prefixes()
    assert any(
        given is not None and given.reasoning is None
        for given, _ in endpoint.history(endpoint.main[-1])
    )


def test_settings_that_lead_elsewhere(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """A base URL, a key, a provider and a proxy in the settings do not lead past the endpoint, nor
    a proxy of the environment, which Qwen Code takes for loopback too."""
    with StrictEndpoint() as elsewhere:
        at = lab("qwen-chat")
        listed = {"id": PRO, "baseUrl": elsewhere.url, "envKey": "MINE"}
        auth = {"selectedType": "qwen-oauth", "baseUrl": elsewhere.url, "apiKey": "sk-own"}
        settings = {
            "$version": 4,
            "proxy": elsewhere.url,
            "security": {"auth": auth},
            "model": {"name": "qwen3-coder-plus"},
            "modelProviders": {"openai": [listed]},
        }
        place = at.home / ".qwen/settings.json"
        place.parent.mkdir()
        place.write_text(json.dumps(settings))
        at.environ = {"MINE": "sk-own", "HTTPS_PROXY": elsewhere.url, "http_proxy": elsewhere.url}
        at.check(at.run(["qwen", "-y", "-p", "begin #do write#"]))
        assert not elsewhere.requests
    assert {request.body["model"] for request in endpoint.main} == {PRO}
    assert json.loads(place.read_text()) == settings


def test_commands_without_a_model(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """`qwen mcp list` is the command that it is bare."""
    ran = lab("qwen-chat").run(["qwen", "mcp", "list"])
    assert ran.code == 0, ran
    assert "No MCP servers" in ran.out + ran.err
    assert not endpoint.requests


def test_the_key_is_out_of_reach(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """Neither Qwen Code nor its tools have the real key in environment, arguments or files."""
    at = lab("qwen-chat")
    at.environ = {"MY_COPY": REAL_KEY}
    at.check(at.say("begin #do env#"))
    seen = "".join(request.raw.decode() for request in endpoint.main)
    assert "DSFIX_SESSION" in seen and "PATH=" in seen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_reach_the_process_that_works(
    lab: Callable[..., Lab], endpoint: StrictEndpoint, number: signal.Signals
) -> None:
    """Qwen Code works in a child of its own; a signal to dsfix ends both, and the request."""
    endpoint.switches.delay = 0.3
    at = lab("qwen-chat")
    process = at.start(at.command("begin #do bash#"))
    wait_until(lambda: any(r.is_main and r.sent for r in endpoint.requests))
    if number is signal.SIGINT:
        os.killpg(process.pid, number)  # as Ctrl-C does
    else:
        process.send_signal(number)
    ran = at.finish(process)
    assert ran.code == 128 + number, ran
    wait_until(lambda: all(request.over.is_set() for request in endpoint.requests))
    assert endpoint.requests[-1].gone.is_set()
