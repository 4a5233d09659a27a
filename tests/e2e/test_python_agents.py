"""aider and Hermes Agent, each in a venv of its own: two turns through dsfix, and no way past it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.lab import PRO, REAL_KEY, REQUIRED, ROOT, Lab, Ran
from tests.support.strict_endpoint import StrictEndpoint

pytestmark = pytest.mark.agents
CLIENTS = Path(os.environ.get("DSFIX_PYTHON_CLIENTS") or ROOT / "clients/python").absolute()
AIDER = (
    "aider --yes-always --no-check-update --no-show-release-notes --no-analytics --no-gitignore"
    " --restore-chat-history --message"
)
HERMES = "hermes chat -Q --yolo"


@pytest.fixture
def lab(tmp_path: Path, endpoint: StrictEndpoint) -> Callable[[str], Lab]:
    """Makes the lab of an agent, with its venv first on PATH."""

    def make(name: str) -> Lab:
        folder = CLIENTS / name / "bin"
        if not os.access(folder / name, os.X_OK):
            text = f"{name} is not in {CLIENTS}: make clients-python"
            if REQUIRED:
                pytest.fail(text)
            pytest.skip(text)
        at = Lab(tmp_path, endpoint, f"{name}-chat")
        # no list of prices is fetched, and no page is opened in a browser
        quiet = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "BROWSER": "true"}
        at.environ = {"PATH": f"{folder}:/usr/local/bin:/usr/bin:/bin", **quiet}
        return at

    return make


def elsewhere(path: Path, url: str) -> None:
    """A `.env` with a key and a URL that must lead nowhere."""
    path.parent.mkdir(exist_ok=True)
    lines = ("DEEPSEEK_API_KEY=sk-own", f"DEEPSEEK_API_BASE={url}", f"DEEPSEEK_BASE_URL={url}")
    path.write_text("".join(f"{line}\n" for line in lines))


def ask_aider(at: Lab, prompt: str) -> Ran:
    """One turn; aider goes on with the conversation of the folder."""
    return at.run([*AIDER.split(), prompt])


def ask_hermes(at: Lab, prompt: str, *, go_on: bool = False) -> Ran:
    """One turn."""
    return at.run([*HERMES.split(), *(["--continue"] if go_on else []), "-q", prompt])


def test_aider(lab: Callable[[str], Lab], endpoint: StrictEndpoint) -> None:
    """It holds a conversation, and a key and a URL in a `.env` of the project do not count."""
    with StrictEndpoint() as other:
        at = lab("aider")
        elsewhere(at.project / ".env", other.url)
        at.check(ask_aider(at, "say hello"), ask_aider(at, "and say it again"))
        assert not other.requests
    models = {request.body["model"] for request in endpoint.requests}
    assert PRO in models
    assert {r.header("authorization") for r in endpoint.requests} == {f"Bearer {REAL_KEY}"}
    last = endpoint.requests[-1].raw.decode()
    assert "say hello" in last and "and say it again" in last


def test_hermes(lab: Callable[[str], Lab], endpoint: StrictEndpoint) -> None:
    """It works with tools over two runs, and a key and a URL in its own `.env` do not count."""
    with StrictEndpoint() as other:
        at = lab("hermes")
        elsewhere(at.home / ".hermes/.env", other.url)
        first = ask_hermes(at, "begin #do write#")
        at.check(first, ask_hermes(at, "and on #do write#", go_on=True))
        assert not other.requests
    assert {request.body["model"] for request in endpoint.main} == {PRO}
    assert {r.header("authorization") for r in endpoint.main} == {f"Bearer {REAL_KEY}"}
    last = endpoint.main[-1]
    assert endpoint.replayed(last) == len(endpoint.history(last)) == 3
