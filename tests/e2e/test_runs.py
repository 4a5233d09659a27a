"""A run as a whole: the same exit codes and output, the user's settings, and no key anywhere."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.lab import FLASH, PRO, REAL_KEY, Lab, lenient
from tests.support.pty_session import wait_until
from tests.support.strict_endpoint import Canned, StrictEndpoint

pytestmark = pytest.mark.agents
ONE_EACH = ["claude", "opencode-chat"]


@pytest.mark.parametrize("agent", ONE_EACH)
def test_the_key_is_out_of_reach(
    lab: Callable[..., Lab], endpoint: StrictEndpoint, agent: str
) -> None:
    """Neither the agent nor its tools have the real key in environment, arguments or files."""
    at = lab(agent)
    at.environ = {"MY_COPY": REAL_KEY, "ANTHROPIC_API_KEY": REAL_KEY}
    at.check(at.say("begin #do env#"))
    seen = endpoint.main[-1].raw.decode()
    assert "DSFIX_SESSION" in seen and "PATH=" in seen
    assert REAL_KEY not in seen
    keys = {r.header("authorization") for r in endpoint.requests if r.method == "POST"}
    assert keys == {f"Bearer {REAL_KEY}"}


@pytest.mark.parametrize("agent", ONE_EACH)
def test_a_prompt_on_stdin(lab: Callable[..., Lab], endpoint: StrictEndpoint, agent: str) -> None:
    """A prompt that is piped in reaches the agent, and its answer comes out."""
    at = lab(agent)
    ran = at.run(at.command(None), stdin="begin #do bash#\n")
    at.check(ran)
    assert "All is done." in ran.out
    assert len(endpoint.main) == 2


@pytest.mark.parametrize("agent", ONE_EACH)
@pytest.mark.parametrize("through", [False, True])
def test_a_refusal_of_another_kind(
    lab: Callable[..., Lab], endpoint: StrictEndpoint, agent: str, through: bool
) -> None:
    """An error that is no repair's business ends the agent as it would without dsfix."""
    text = b'{"error":{"message":"Insufficient Balance","type":"unknown_error"}}'
    kind = [("Content-Type", "application/json")]
    endpoint.canned = [Canned(402, kind, [text]) for _ in range(3)]
    ran = lab(agent, through=through).say("begin #do bash#")
    assert ran.code == 1, ran
    assert "Insufficient Balance" in ran.out + ran.err
    assert len(endpoint.requests) <= 3


def test_same_output(lab: Callable[..., Lab], endpoint: StrictEndpoint, tmp_path: Path) -> None:
    """What Claude Code prints is the same, bare and through dsfix."""
    lenient(endpoint)
    outs = []
    for through in (False, True):
        at = lab("claude", through=through)
        ran = at.say("begin #do bash#")
        assert ran.code == 0, ran
        outs.append(ran.out.partition("[answer-")[0] + ran.out.partition("]")[2])
        for each in (at.home, at.project):
            each.rename(tmp_path / f"{each.name}-{through}")
    assert outs[0] == outs[1]


def claude_settings(at: Lab, url: str) -> None:
    """Settings of Claude Code that lead elsewhere, in every scope."""
    env = {"ANTHROPIC_BASE_URL": f"{url}/anthropic", "ANTHROPIC_AUTH_TOKEN": "sk-elsewhere"}
    for name in (
        at.home / ".claude/settings.json",
        at.project / ".claude/settings.json",
        at.project / ".claude/settings.local.json",
    ):
        name.parent.mkdir(exist_ok=True, parents=True)
        name.write_text(json.dumps({"env": env}))


def opencode_settings(at: Lab, url: str) -> None:
    """Settings of OpenCode that lead elsewhere, in every scope."""
    options = {"baseURL": url, "apiKey": "sk-elsewhere"}
    config = {"provider": {"deepseek": {"options": options}}}
    for name in (
        at.home / ".config/opencode/opencode.json",
        at.project / "opencode.json",
        at.project / ".opencode/opencode.json",
    ):
        name.parent.mkdir(exist_ok=True, parents=True)
        name.write_text(json.dumps(config))


SETTINGS: dict[str, Callable[[Lab, str], None]] = {
    "claude": claude_settings,
    "opencode-chat": opencode_settings,
}


@pytest.mark.parametrize("agent", ONE_EACH)
def test_settings_that_lead_elsewhere(
    lab: Callable[..., Lab], endpoint: StrictEndpoint, agent: str
) -> None:
    """Another base URL in the user's settings files does not lead past the endpoint."""
    with StrictEndpoint() as elsewhere:
        at = lab(agent)
        SETTINGS[agent](at, elsewhere.url)
        at.check(at.say("begin #do bash#"))
        assert not elsewhere.requests
    assert len(endpoint.main) == 2


def test_settings_that_lead_elsewhere_bare(
    lab: Callable[..., Lab], endpoint: StrictEndpoint
) -> None:
    """Without dsfix the settings files of Claude Code win over the environment."""
    lenient(endpoint)
    with StrictEndpoint() as elsewhere:
        lenient(elsewhere)
        at = lab("claude", through=False)
        claude_settings(at, elsewhere.url)
        at.say("begin #do bash#")
        assert elsewhere.main
    assert not endpoint.main


@pytest.mark.parametrize(("verdict", "ran"), [("no", True), ("yes", False)])
def test_claude_in_auto_mode(
    lab: Callable[..., Lab], endpoint: StrictEndpoint, verdict: str, ran: bool
) -> None:
    """It asks the model whether a call is to be kept back, and again before it keeps one back. The
    model does not think first, and is told nothing of what Anthropic alone would judge by."""
    endpoint.switches.text = f"<block>{verdict} {{token}}"
    at = lab("claude")
    said = at.run(["claude", "--permission-mode", "auto", "-p", "begin #do env#"])
    at.check(said)
    assert "eligible" not in said.err
    assert ("PATH=" in endpoint.main[-1].raw.decode()) is ran
    looks = [request.body for request in endpoint.requests if not request.body.get("tools")]
    assert len(looks) == 2 or (ran and looks)
    assert all(look["thinking"] == {"type": "disabled"} for look in looks)
    assert not any("safeguards" in request.body for request in endpoint.requests)


def test_compaction_in_opencode(lab: Callable[..., Lab], endpoint: StrictEndpoint) -> None:
    """A session that OpenCode's server compacts goes on in a run of its own."""
    at = lab("opencode-chat")
    first = at.say("begin #do bash parallel#")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = at.start(["opencode", "serve", "--port", str(port)])
    try:
        url = f"http://127.0.0.1:{port}/session"
        wait_until(lambda: _answers(url))
        session = _get(url)[0]["id"]
        model = json.dumps({"providerID": "deepseek", "modelID": PRO}).encode()
        _get(f"{url}/{session}/summarize", model)
    finally:
        server.terminate()
        at.finish(server)
    second = at.say("and on #do bash#", go_on=True)
    third = at.say("further #do bash#", model=f"deepseek/{FLASH}", go_on=True)
    at.check(first, second, third)


def _get(url: str, data: bytes | None = None, timeout: float = 60) -> Any:
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=timeout) as response:
        return json.load(response)


def _answers(url: str) -> bool:
    try:
        return bool(_get(url, timeout=2))
    except OSError:
        return False
