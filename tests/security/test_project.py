"""A directory that somebody else made, as the working directory of a session."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dsfix.agents import jsonc
from tests.support.commands import environment

ENOUGH = 2 << 30  # bytes of address space, which a link to /dev/zero would fill
FILES = (".git/HEAD", ".git", "opencode.json", ".claude/settings.json")


@pytest.mark.parametrize("kind", ["pipe", "zeros"])
@pytest.mark.parametrize("name", FILES)
def test_no_file_of_a_project_keeps_the_agent_waiting(tmp_path: Path, name: str, kind: str) -> None:
    """A pipe that nobody writes to and a link to /dev/zero count as no file."""
    project, programs = tmp_path / "project", tmp_path / "bin"
    planted = project / name
    planted.parent.mkdir(parents=True)
    if kind == "pipe":
        os.mkfifo(planted)
    else:
        planted.symlink_to("/dev/zero")
    agent = _program(programs, "opencode" if name == "opencode.json" else "claude", "echo ran")
    ran = _run(tmp_path, project, agent, PATH=f"{programs}:{os.environ['PATH']}")
    assert (ran.returncode, ran.stdout) == (0, "ran\n"), ran.stderr


@pytest.mark.parametrize(
    "variable",
    [{"SONNET": "a\0b"}, {"SONNET": "\ud800"}, {"X=1": "v"}, {"SONNET": "x" * 200_000}],
    ids=["a NUL", "half a character", "a name that is none", "a long one"],
)
def test_no_variable_of_a_project_keeps_the_agent_from_starting(
    tmp_path: Path, variable: dict[str, str]
) -> None:
    """Those of its settings that are set again are left out where no process could have them."""
    settings, programs = tmp_path / "project/.claude/settings.json", tmp_path / "bin"
    settings.parent.mkdir(parents=True)
    env = {f"ANTHROPIC_DEFAULT_{name}_MODEL": value for name, value in variable.items()}
    settings.write_text(json.dumps({"env": {"ANTHROPIC_DEFAULT_OPUS_MODEL": "own", **env}}))
    agent = _program(programs, "claude", 'echo "$ANTHROPIC_DEFAULT_OPUS_MODEL"')
    ran = _run(tmp_path, tmp_path / "project", agent, PATH=f"{programs}:{os.environ['PATH']}")
    assert (ran.returncode, ran.stdout) == (0, "own\n"), ran.stderr


@pytest.mark.parametrize(
    "text", ['{"a": 1,' + "/**/" * 200 + "x}", '"' + '\\"' * 10**6, "/*" * 10**6, "," * 10**6]
)
def test_no_text_keeps_its_reader_busy(text: str) -> None:
    """Comments and quotes that a pattern would try in every combination are read once."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from dsfix.agents import jsonc; jsonc.loads(sys.stdin.read())",
        ],
        env=environment(Path("/")),
        input=text,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("agent", "name", "text"),
    [("opencode", "opencode.json", "{env:"), ("aider", ".aider.conf.yml", " \t")],
)
def test_no_repetition_keeps_the_agent_waiting(
    tmp_path: Path, agent: str, name: str, text: str
) -> None:
    """What begins a million times and never ends is not followed from each of its beginnings."""
    project, programs = tmp_path / "project", tmp_path / "bin"
    project.mkdir()
    (project / name).write_text(text * 10**6, encoding="utf-8")
    planted = _program(programs, agent, "echo ran")
    ran = _run(tmp_path, project, planted, PATH=f"{programs}:{os.environ['PATH']}")
    assert (ran.returncode, ran.stdout) == (0, "ran\n"), ran.stderr


@pytest.mark.parametrize(
    ("agent", "name", "settings"),
    [
        ("opencode", "opencode.json", {"provider": {"deepseek": {"models": {"m": {"id": []}}}}}),
        ("qwen", ".qwen/settings.json", {"modelProviders": {"openai": True}}),
    ],
)
def test_no_value_of_another_kind_keeps_the_agent_from_starting(
    tmp_path: Path, agent: str, name: str, settings: dict[str, Any]
) -> None:
    """What stands in a project's settings where something else belongs is the agent's to tell."""
    planted, programs = tmp_path / "project" / name, tmp_path / "bin"
    planted.parent.mkdir(parents=True)
    planted.write_text(json.dumps(settings))
    agent = _program(programs, agent, "echo ran")
    ran = _run(tmp_path, tmp_path / "project", agent, PATH=f"{programs}:{os.environ['PATH']}")
    assert (ran.returncode, ran.stdout) == (0, "ran\n"), ran.stderr


def test_settings_that_are_nested_deeply_are_merged() -> None:
    """Two files of a project that go deeper than Python can recurse; the later one wins."""

    def nested(value: str) -> dict[str, Any]:
        found: dict[str, Any] = {"end": value}
        for _ in range(5000):
            found = {"in": found}
        return found

    found = jsonc.merged(nested("low"), nested("high"))
    for _ in range(5000):
        found = found["in"]
    assert found == {"end": "high"}


def test_a_repository_that_leads_nowhere(tmp_path: Path) -> None:
    """A name that no file can have is no error."""
    (tmp_path / ".git").write_bytes(b"gitdir: a\0b\n")
    ran = _run(tmp_path, tmp_path, "true")
    assert ran.returncode == 0, ran.stderr


def _program(folder: Path, name: str, script: str) -> str:
    """Make a program in that folder, and give its name."""
    folder.mkdir()
    (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / name).chmod(0o755)
    return name


def _run(home: Path, cwd: Path, agent: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A session of that agent in that directory, with no more memory than it needs."""
    return subprocess.run(
        [sys.executable, "-m", "dsfix", "run", agent],
        env=environment(home, **more),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=30,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (ENOUGH, ENOUGH)),
    )
