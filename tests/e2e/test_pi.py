"""pi, on both of its wires: what breaks it bare goes on through dsfix."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable

import pytest

from tests.e2e.lab import PRO, REAL_KEY, Lab, signalled
from tests.support.strict_endpoint import Cut, StrictEndpoint

pytestmark = pytest.mark.agents
WIRES = ["pi-chat", "pi-messages"]
wires = pytest.mark.parametrize("agent", WIRES)


@wires
def test_model_switch(lab: Callable[..., Lab], endpoint: StrictEndpoint, agent: str) -> None:
    """A conversation goes on under another model with the real reasoning of every turn."""
    at = lab(agent)
    first = at.say("begin #do bash write edit parallel#")
    switch = len(endpoint.main)
    at.check(first, at.say("and on #do bash#", model=at.second_model(), go_on=True))
    last = endpoint.main[-1]
    assert endpoint.replayed(last) == len(endpoint.history(last)) == 6
    assert not endpoint.broken_prefixes(0, switch)
    assert not endpoint.broken_prefixes(switch)


@wires
def test_model_switch_bare(lab: Callable[..., Lab], endpoint: StrictEndpoint, agent: str) -> None:
    """Without dsfix the first request under another model is refused."""
    at = lab(agent, through=False)
    first = at.say("begin #do bash#")
    assert first.code == 0, f"{first} {endpoint.refusals}"
    second = at.say("and on #do bash#", model=at.second_model(), go_on=True)
    assert second.code == 1, second
    assert "must be passed back" in second.out + second.err


def test_no_signature(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """Unsigned thinking comes back to the upstream as thinking."""
    endpoint.switches.signature = "absent"
    at = lab("pi-messages")
    first = at.say("begin #do bash bash#")
    at.check(first, at.say("and on #do bash#", go_on=True))
    last = endpoint.main[-1]
    assert endpoint.replayed(last) == len(endpoint.history(last)) == 4
    assert not endpoint.broken_prefixes()


def test_no_signature_bare(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """Without dsfix pi makes a text of unsigned thinking, and is refused."""
    endpoint.switches.signature = "absent"
    ran = lab("pi-messages", through=False).say("begin #do bash#")
    assert ran.code == 1, ran
    assert "must be passed back" in ran.out + ran.err


@wires
def test_turns_without_reasoning(
    lab: Callable[..., Lab], endpoint: StrictEndpoint, agent: str
) -> None:
    """A turn that had no reasoning gets a stand-in of its own, the others keep what is theirs."""
    endpoint.switches.silent_every = 2
    at = lab(agent)
    at.check(at.say("begin #do bash bash bash#"))
    history = endpoint.history(endpoint.main[-1])
    assert len(history) == 3
    assert sum(given is not None and given.reasoning is None for given, _ in history) == 1
    assert not endpoint.broken_prefixes()


@wires
def test_cut_stream(lab: Callable[..., Lab], endpoint: StrictEndpoint, agent: str) -> None:
    """An answer cut in the middle is asked for again, and the session goes on."""
    endpoint.switches.cut = Cut(after=4)
    at = lab(agent)
    at.check(at.say("begin #do bash#"))
    assert endpoint.switches.cut.times == 0
    assert endpoint.replayed(endpoint.main[-1]) >= 1


def test_a_plain_start_works_with_the_upstreams_model(
    lab: Callable[..., Lab], endpoint: StrictEndpoint
) -> None:
    """Without any choice of the user's it is the vendor's main model, and `--continue` keeps it."""
    at = lab("pi-chat")
    first = at.run(["pi", "-p", "begin #do bash#"])
    at.check(first, at.run(["pi", "--continue", "-p", "and on #do bash#"]))
    assert {request.body["model"] for request in endpoint.main} == {PRO}
    assert len(endpoint.history(endpoint.main[-1])) == 3


def test_commands_without_a_model(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """`pi list` is the command that it is bare."""
    ran = lab("pi-chat").run(["pi", "list"])
    assert ran.code == 0, ran
    assert "No packages installed" in ran.out + ran.err
    assert not endpoint.requests


def test_the_key_is_out_of_reach(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """Neither pi nor its tools have the real key in environment, arguments or files."""
    at = lab("pi-messages")
    at.environ = {"MY_COPY": REAL_KEY}
    at.check(at.say("begin #do env#"))
    seen = endpoint.main[-1].raw.decode()
    assert "DSFIX_SESSION" in seen and "PATH=" in seen


def test_settings_that_lead_elsewhere(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """A key in `auth.json` and a URL in `models.json` lead nowhere, and stay as they are."""
    with StrictEndpoint() as elsewhere:
        at = lab("pi-chat")
        folder = at.home / ".pi/agent"
        folder.mkdir(parents=True)
        auth = json.dumps({"deepseek": {"type": "api_key", "key": "sk-of-pi"}})
        (folder / "auth.json").write_text(auth)
        models = {"providers": {"deepseek": {"baseUrl": elsewhere.url, "apiKey": "sk-own"}}}
        (folder / "models.json").write_text(json.dumps(models))
        at.check(at.say("begin #do bash#"))
        assert not elsewhere.requests
    assert {request.header("authorization") for request in endpoint.main} == {f"Bearer {REAL_KEY}"}
    assert (folder / "auth.json").read_text() == auth


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("through", [False, True])
def test_exit_code_of_a_signal(
    lab: Callable[..., Lab],
    endpoint: StrictEndpoint,
    number: signal.Signals,
    code: int,
    through: bool,
) -> None:
    """A signal ends pi with the same exit code, bare and through dsfix."""
    ran = signalled(lab("pi-chat", through=through), endpoint, number)
    assert ran.code % 256 in (code, -number % 256), ran
    assert not through or ran.code == code
