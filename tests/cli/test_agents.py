"""`dsfix agents`: whom we can launch, what is here, and who cannot be led to the endpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dsfix.agents import AGENTS
from dsfix.cli import app
from tests.support.commands import dsfix

RUNNER = CliRunner(env={"COLUMNS": "120", "TERM": "dumb"})


def told(*words: str) -> dict[str, Any]:
    """The data of the JSON document."""
    document = json.loads(RUNNER.invoke(app, ["agents", "--json", *words]).stdout)
    assert (document["schema"], document["command"], document["errors"]) == (1, ["agents"], [])
    return dict(document["data"])


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `claude` that prints a version, the only agent on PATH."""
    path = tmp_path / "claude"
    path.write_text('#!/bin/sh\necho "$1" >> "$0.asked"\necho "2.1.197 (Claude Code)"\n')
    path.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return path


def test_every_agent_is_listed(program: Path) -> None:
    """The table says of each what it speaks, and how to get one that is not here."""
    out = RUNNER.invoke(app, ["agents"], env={"COLUMNS": "60"}).stdout
    listed, _, rest = out.partition("\ninstall with\n")
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in listed.splitlines()}
    assert {agent.name for agent in AGENTS} <= set(rows)
    assert rows["claude"] == "messages 2.1.197 to 2.1.330 yes" and rows["aider"].endswith(" no")
    missing = [agent for agent in AGENTS if agent.name != "claude"]
    told = [line.split(maxsplit=1) for line in rest.splitlines()[: len(missing)]]
    assert told == [[agent.name, agent.install] for agent in missing]
    assert "gemini: it speaks Google's protocol only" in out


def test_a_narrow_table_has_whole_names(program: Path) -> None:
    """What an agent speaks is left out before its name is cut."""
    out = RUNNER.invoke(app, ["agents"], env={"COLUMNS": "40"}).stdout
    listed = [line.split() for line in out.partition("\ninstall with\n")[0].splitlines()]
    here = [[agent.name, "yes" if agent.name == "claude" else "no"] for agent in AGENTS]
    assert listed == [["agent", "installed"], *here]


def test_as_json(program: Path) -> None:
    """The document has all that an entry knows; nothing is started for it."""
    data = told()
    by_name = {each["name"]: each for each in data["agents"]}
    assert list(by_name) == [agent.name for agent in AGENTS]
    assert by_name["claude"] == {
        "name": "claude",
        "title": "Claude Code",
        "path": str(program),
        "version": None,
        "dialects": ["messages"],
        "verified": "2.1.197 to 2.1.330",
        "install": "npm install -g @anthropic-ai/claude-code",
        "homepage": "https://code.claude.com/docs",
    }
    assert by_name["crush"]["verified"] is None and by_name["crush"]["path"] is None
    assert not program.with_name("claude.asked").exists()
    refused = {each["name"]: each for each in data["impossible"]}
    assert "protocol" in refused["gemini"]["reason"] and refused["gemini"]["hint"]


def test_versions_are_asked_for_only_when_told(program: Path) -> None:
    """`--versions` runs each installed agent, and finds the number in what it prints."""
    claude = next(each for each in told("--versions")["agents"] if each["name"] == "claude")
    assert claude["version"] == "2.1.197"
    assert program.with_name("claude.asked").read_text() == "--version\n"


def test_a_program_may_tell_its_version_on_stderr(program: Path) -> None:
    """As pi does; where it tells one on stdout too, that is the one."""
    for script, version in (("echo 1.2.3 >&2", "1.2.3"), ("echo 1.2.3 >&2; echo 4.5.6", "4.5.6")):
        program.write_text(f"#!/bin/sh\n{script}\n")
        claude = next(each for each in told("--versions")["agents"] if each["name"] == "claude")
        assert claude["version"] == version


@pytest.mark.parametrize("script", ["exit 1", "echo none", "echo 1.2.3; exit 3", "yes 1.2.3"])
def test_a_program_that_tells_no_version(program: Path, script: str) -> None:
    """It is installed all the same."""
    program.write_text(f"#!/bin/sh\n{script}\n")
    claude = next(each for each in told("--versions")["agents"] if each["name"] == "claude")
    assert (claude["path"], claude["version"]) == (str(program), None)


def test_an_agent_that_cannot_be_led_here_is_not_started(tmp_path: Path) -> None:
    """`dsfix run gemini` is one line with a reason and one with a hint."""
    ran = dsfix("run", "gemini", "-p", "hi", home=tmp_path)
    assert ran.code == 125
    first, second = ran.err.splitlines()
    assert first.startswith("dsfix: error: Gemini CLI cannot be run here: it speaks Google's")
    assert second.startswith("  hint: ")
