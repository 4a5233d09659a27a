"""Relays between dsfix and the endpoint: what they lose is put back, where they let it through."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.lab import CLIENTS, FLASH, PRO, REAL_KEY, REQUIRED, Lab, Ran, lenient
from tests.support import relays
from tests.support.pty_session import wait_until
from tests.support.relay_strip import StrippingRelay
from tests.support.strict_endpoint import StrictEndpoint

pytestmark = pytest.mark.agents
OTHER = f"deepseek,{FLASH}"  # as Claude Code Router names it
# what a user with a provider `own` of 9router writes beside its URL
NAMES = f'aliases = {{"own/{PRO}" = "deepseek/{PRO}", "own/{FLASH}" = "deepseek/{FLASH}"}}\n'
NAMES += f'main = "own/{PRO}"\nsmall = "own/{FLASH}"\n'


@dataclass
class Relayed(Lab):
    """A lab whose agents reach the endpoint by way of a relay."""

    relay: str = ""
    name: str = "claude-code-router"
    relay_key: str = relays.KEY
    more: str = ""

    def env(self) -> dict[str, str]:
        """Bare, the agent is pointed at the relay by hand; else dsfix is, by the user's file."""
        if not self.through:
            return {**super().env(), **self._by_hand()}
        config = self.folder / "config.toml"
        config.write_text(
            f'[upstreams.{self.name}]\norigin = "{self.relay}"\nkey_env = "MINE"\n{self.more}'
        )
        return {**super().env(), "DSFIX_CONFIG": str(config), "MINE": self.relay_key}

    def prefix(self) -> list[str]:
        """The upstream is the relay's data file."""
        return [self.name if word == self.endpoint.url else word for word in super().prefix()]

    def _by_hand(self) -> dict[str, str]:
        if self.agent == "claude":
            return {"ANTHROPIC_BASE_URL": self.relay, "ANTHROPIC_AUTH_TOKEN": self.relay_key}
        return {"OPENAI_BASE_URL": f"{self.relay}/v1", "OPENAI_API_KEY": self.relay_key}


def needed(program: Path) -> None:
    """Skip, or fail where all are required, if the program is not installed."""
    if not os.access(program, os.R_OK):
        text = f"{program} is not there: make clients"
        if REQUIRED:
            pytest.fail(text)
        pytest.skip(text)


@pytest.fixture
def relayed(tmp_path: Path, endpoint: StrictEndpoint) -> Callable[..., Relayed]:
    """Makes the lab of an agent that a relay of that URL serves."""

    def make(relay: str, agent: str = "claude", *, through: bool = True, **more: str) -> Relayed:
        needed(CLIENTS / agent.partition("-")[0])
        return Relayed(tmp_path, endpoint, agent, through, relay=relay, **more)

    return make


@pytest.fixture
def relay_home(tmp_path: Path) -> Path:
    """The home of a relay."""
    needed(relays.CCR)
    needed(relays.NINE)
    home = tmp_path / "relay-home"
    home.mkdir()
    return home


def switched(at: Lab, model: str) -> tuple[Ran, Ran]:
    """Two runs of one conversation, the second under another model."""
    first = at.say("begin #do bash#")
    return first, at.say("and on #do bash#", model=model, go_on=True)


def carried(endpoint: StrictEndpoint, turns: int) -> None:
    """The last request has so many turns, each with the reasoning that it was given."""
    last = endpoint.main[-1]
    assert endpoint.replayed(last) == len(endpoint.history(last)) == turns
    assert last.body["model"] == FLASH


def refused(ran: Ran) -> None:
    """The run failed, and says that reasoning was missing."""
    assert ran.code == 1, ran
    assert "must be passed back" in ran.out + ran.err


@pytest.mark.parametrize("through", [False, True])
def test_ccr_on_the_same_wire(
    relayed: Callable[..., Relayed], endpoint: StrictEndpoint, relay_home: Path, through: bool
) -> None:
    """Where Claude Code Router does not translate, what dsfix puts back arrives; bare it fails."""
    lenient(endpoint)
    url = f"{endpoint.url}/anthropic/v1/messages"
    with relays.ccr(relay_home, url, REAL_KEY, "Anthropic") as relay:
        at = relayed(relay, through=through)
        first, second = switched(at, OTHER)
        if not through:
            refused(second)
            return
        at.check(first, second)
    carried(endpoint, 3)


def test_ccr_that_translates_bare(
    relayed: Callable[..., Relayed], endpoint: StrictEndpoint, relay_home: Path
) -> None:
    """On the way to Chat it drops the thinking of the very first call."""
    url = f"{endpoint.url}/chat/completions"
    with relays.ccr(relay_home, url, REAL_KEY, "deepseek") as relay:
        refused(relayed(relay, through=False).say("begin #do bash#"))


def test_ccr_launched_through_dsfix(
    relayed: Callable[..., Relayed], endpoint: StrictEndpoint, relay_home: Path
) -> None:
    """With dsfix behind it, what it drops is put back on the wire that it speaks."""
    behind = Lab(relay_home, endpoint)
    port = relays.free_port()
    url = "$OPENAI_BASE_URL/chat/completions"
    relays.configure_ccr(behind.home, port, url, "$OPENAI_API_KEY", "deepseek")
    at = relayed(f"http://127.0.0.1:{port}", through=False)
    process = behind.start([str(relays.CCR), "start"])
    try:
        wait_until(lambda: relays.answers(port))
        at.check(*switched(at, OTHER))
    finally:
        process.terminate()
        behind.finish(process)
    assert {request.dialect for request in endpoint.main} == {"chat"}
    carried(endpoint, 3)
    assert not behind.leaks()


def test_9router_bare(
    relayed: Callable[..., Relayed], endpoint: StrictEndpoint, relay_home: Path
) -> None:
    """It takes all thinking out of Claude Code's own wire, and puts a blank where nobody looks."""
    lenient(endpoint)
    base = f"{endpoint.url}/anthropic/v1"
    with relays.nine_router(relay_home, base, REAL_KEY, "messages") as (relay, key):
        at = relayed(relay, through=False, relay_key=key)
        process = at.start(at.command("begin #do bash#", model=f"own/{PRO}"))
        wait_until(lambda: endpoint.refusals)
        os.killpg(process.pid, signal.SIGKILL)  # else it tries again for minutes
        at.finish(process)
    assert "must be passed back" in endpoint.refusals[0]


def test_9router_without_thinking(
    relayed: Callable[..., Relayed], endpoint: StrictEndpoint, relay_home: Path
) -> None:
    """What it takes out of Messages is not missed where thinking is off."""
    base = f"{endpoint.url}/anthropic/v1"
    with relays.nine_router(relay_home, base, REAL_KEY, "messages") as (relay, key):
        at = relayed(relay, name="9router", relay_key=key, more=NAMES)
        at.options = ("--quiet", "--thinking", "off")
        for ran in switched(at, f"own/{FLASH}"):
            assert ran.code == 0, f"{ran}{endpoint.refusals}"
    assert not endpoint.refusals
    assert endpoint.main[-1].body["model"] == FLASH


def test_9router_on_chat(
    relayed: Callable[..., Relayed], endpoint: StrictEndpoint, relay_home: Path
) -> None:
    """Chat it does not translate: the reasoning that dsfix puts back arrives."""
    base = f"{endpoint.url}/v1"
    with relays.nine_router(relay_home, base, REAL_KEY, "chat") as (relay, key):
        at = relayed(relay, "qwen-chat", name="9router", relay_key=key, more=NAMES)
        at.environ = {"OPENAI_MODEL": f"own/{PRO}"}
        at.check(*switched(at, f"own/{FLASH}"))
    assert endpoint.replayed(endpoint.main[-1]) == 3


@pytest.mark.parametrize(("signatures", "through"), [(True, False), (True, True), (False, True)])
def test_a_relay_that_strips_what_it_does_not_know(
    relayed: Callable[..., Relayed], endpoint: StrictEndpoint, signatures: bool, through: bool
) -> None:
    """Reasoning comes back after a switch of models, with and without signatures; bare it fails."""
    lenient(endpoint)
    url = f"{endpoint.url}/anthropic/v1/messages"
    with StrippingRelay(url, REAL_KEY, relays.KEY, signatures=signatures) as relay:
        at = relayed(relay.url, through=through)
        first, second = switched(at, FLASH)
        if not through:
            refused(second)
            return
        at.check(first, second)
    carried(endpoint, 3)
