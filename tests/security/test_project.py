"""A directory that somebody else made, as the working directory of a session."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import environment

ENOUGH = 2 << 30  # bytes of address space, which a link to /dev/zero would fill
FILES = (".git/HEAD", ".git", "opencode.json", ".claude/settings.json")


@pytest.mark.parametrize("kind", ["pipe", "zeros"])
@pytest.mark.parametrize("name", FILES)
def test_no_file_of_a_project_keeps_the_agent_waiting(tmp_path: Path, name: str, kind: str) -> None:
    """A pipe that nobody writes to and a link to /dev/zero count as no file."""
    project, programs = tmp_path / "project", tmp_path / "bin"
    programs.mkdir()
    planted = project / name
    planted.parent.mkdir(parents=True)
    if kind == "pipe":
        os.mkfifo(planted)
    else:
        planted.symlink_to("/dev/zero")
    agent = "opencode" if name == "opencode.json" else "claude"
    (programs / agent).write_text("#!/bin/sh\necho ran\n", encoding="utf-8")
    (programs / agent).chmod(0o755)
    ran = _run(tmp_path, project, agent, PATH=f"{programs}:{os.environ['PATH']}")
    assert (ran.returncode, ran.stdout) == (0, "ran\n"), ran.stderr


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


def test_a_repository_that_leads_nowhere(tmp_path: Path) -> None:
    """A name that no file can have is no error."""
    (tmp_path / ".git").write_bytes(b"gitdir: a\0b\n")
    ran = _run(tmp_path, tmp_path, "true")
    assert ran.returncode == 0, ran.stderr


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
