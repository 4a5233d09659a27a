"""Agents that could not be run here: their entries say what their own sources ask for."""

from __future__ import annotations

import json

import pytest

from dsfix.agents import AGENTS
from dsfix.agents.claude import CLAUDE
from dsfix.agents.crush import CRUSH, FOLDER
from dsfix.agents.dsh import DSH
from dsfix.agents.goose import GOOSE
from dsfix.agents.openclaude import CC_HAHA, OPENCLAUDE
from tests.agents.support import NO_PROXY, ROOT, TOKEN, request


def test_crush_gets_a_configuration_where_there_is_none():
    """It names the variables of every session, and no value."""
    wiring = CRUSH.wire(request())
    assert wiring.env == {
        "DEEPSEEK_API_KEY": TOKEN,
        "CRUSH_GLOBAL_CONFIG": str(FOLDER),
        **NO_PROXY,
    }
    assert (wiring.bypass, wiring.notes) == ((), ())
    provider = json.loads((FOLDER / "crush.json").read_text())["providers"]["deepseek"]
    assert provider == {"base_url": "$DSFIX_ENDPOINT", "api_key": "$DSFIX_TOKEN"}


@pytest.mark.parametrize(
    ("environ", "place"),
    [
        ({}, "/home/me/.config/crush/crush.json"),
        ({"XDG_CONFIG_HOME": "/c"}, "/c/crush/crushrc"),
        ({"CRUSH_GLOBAL_CONFIG": "/g"}, "/g/crush.json"),
    ],
)
def test_crushs_own_configuration_stays(environ, place):
    """It is left in force, and what it lacks is said, until it has it."""
    wiring = CRUSH.wire(request(environ=environ, files={place: "{}"}))
    assert "CRUSH_GLOBAL_CONFIG" not in wiring.env
    assert wiring.bypass == (f"{place}: providers.deepseek",)
    assert "${DSFIX_ENDPOINT:-https://api.deepseek.com/v1}" in wiring.notes[0]
    cured = CRUSH.wire(request(environ=environ, files={place: wiring.notes[0]}))
    assert (cured.bypass, cured.notes) == ((), ())


def test_goose_gets_host_and_path():
    """The URL in two parts, and another provider for some of the work taken out."""
    wiring = GOOSE.wire(request("session", environ={"GOOSE_LEAD_PROVIDER": "google"}))
    assert wiring.env == {
        "GOOSE_PROVIDER": "openai",
        "GOOSE_MODEL": "deepseek-v4-pro",
        "OPENAI_HOST": "http://127.0.0.1:4242",
        "OPENAI_BASE_PATH": "api.deepseek.com/chat/completions",
        "OPENAI_API_KEY": TOKEN,
        **NO_PROXY,
    }
    assert wiring.unset == ("GOOSE_LEAD_PROVIDER",)
    assert wiring.bypass == ()


def test_what_leads_goose_elsewhere_is_named():
    """A flag, and a provider of the configuration for some of the work."""
    files = {"~/.config/goose/config.yaml": "GOOSE_PLANNER_PROVIDER: google\n"}
    wiring = GOOSE.wire(request("run", "--provider", "google", "--model", "x", files=files))
    assert wiring.bypass == ("--provider google", "config.yaml: GOOSE_PLANNER_PROVIDER")
    assert wiring.models == ()


def test_dsh_gets_both_its_urls():
    """The model's on Chat, and the search's on Messages."""
    wiring = DSH.wire(request())
    assert wiring.env == {
        "DEEPSEEK_BASE_URL": ROOT,
        "DEEPSEEK_SEARCH_BASE_URL": f"{ROOT}/anthropic/v1",
        "DEEPSEEK_API_KEY": TOKEN,
        **NO_PROXY,
    }
    assert wiring.bypass == ()


@pytest.mark.parametrize(
    ("environ", "place"),
    [({}, "/home/me/.dsh/settings.yaml"), ({"DSH_HOME": "/d"}, "/d/cordis.patch.yml")],
)
def test_a_stored_base_url_of_dsh_is_named(environ, place):
    """It outranks the environment; a comment does not."""
    files = {place: "llm-deepseek:\n  baseURL: https://api.deepseek.com\n"}
    assert DSH.wire(request(environ=environ, files=files)).bypass == (f"{place}: baseURL",)
    files = {place: "# baseURL: x\n"}
    assert DSH.wire(request(environ=environ, files=files)).bypass == ()


def test_openclaude_reads_its_own_folder():
    """It is wired as Claude Code is, and the model is always set, or a saved profile would be."""
    files = {"~/.openclaude/settings.json": {"model": "opus", "env": {"OPENAI_BASE_URL": "u"}}}
    wiring = OPENCLAUDE.wire(request("--provider", "ollama", files=files))
    assert wiring.env["ANTHROPIC_BASE_URL"] == f"{ROOT}/anthropic"
    assert wiring.env["ANTHROPIC_AUTH_TOKEN"] == TOKEN
    assert wiring.env["ANTHROPIC_MODEL"] == wiring.env["ANTHROPIC_DEFAULT_OPUS_MODEL"]
    assert wiring.bypass == (
        "--provider ollama",
        "/home/me/.openclaude/settings.json: OPENAI_BASE_URL",
    )
    assert OPENCLAUDE.wire(request()).env == CLAUDE.wire(request()).env


def test_openclaudes_folder_can_be_named():
    """By its own variable; Claude Code's does not count."""
    environ = {"OPENCLAUDE_CONFIG_DIR": "/o", "CLAUDE_CONFIG_DIR": "/c"}
    files = {"/o/settings.json": {"env": {"X_BASE_URL": "u"}}}
    wiring = OPENCLAUDE.wire(request(environ=environ, files=files))
    assert wiring.bypass == ("/o/settings.json: X_BASE_URL",)


def test_cc_haha_is_wired_as_claude_code_is():
    """It reads the same files."""
    files = {"~/.claude/settings.json": {"env": {"ANTHROPIC_MODEL": "deepseek-flash"}}}
    assert CC_HAHA.wire(request(files=files)) == CLAUDE.wire(request(files=files))


def test_every_entry_says_how_to_get_it_and_what_it_speaks():
    """Nothing that `dsfix agents` prints is empty, but the version of those not run."""
    for agent in AGENTS:
        assert agent.title and agent.commands and agent.dialects, agent.name
        assert agent.install and agent.homepage.startswith("https://"), agent.name
