"""`dsfix memory` as the user meets it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from dsfix.simulator.server import Simulator
from tests.config.test_keys import ASK
from tests.support.commands import dsfix, environment
from tests.support.pty_session import PtySession, state_of, wait_until


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home of its own."""
    path = tmp_path / "someone"
    path.mkdir()
    return path


def test_a_memory_that_is_not_there_is_not_made(home: Path) -> None:
    """It holds nothing, and there is nothing to forget."""
    ran = dsfix("memory", "stats", "--json", home=home)
    path = home / ".local/state/dsfix/memory.db"
    assert json.loads(ran.out)["data"] == {"path": str(path), "turns": 0, "bytes": 0}
    assert dsfix("memory", "clear", "--yes", home=home).out == "forgot 0 turns\n"
    assert list(home.iterdir()) == []


def test_what_was_thought_is_counted_and_forgotten(home: Path) -> None:
    """By turns."""
    with Simulator.in_thread() as upstream:
        dsfix("run", "--upstream", upstream.url, "--", sys.executable, "-c", ASK, home=home)
    assert dsfix("memory", "stats", home=home).out.startswith("1 turn, 0.0 MB, ")
    assert dsfix("memory", "clear", "--yes", home=home).out == "forgot 1 turn\n"
    assert dsfix("memory", "stats", home=home).out.startswith("0 turns, ")


def test_what_was_not_forgotten_is_not_said_to_be(home: Path) -> None:
    """Another program writes for as long as one waits: neither is it an empty memory."""
    path = home / ".local/state/dsfix/memory.db"
    path.parent.mkdir(parents=True, mode=0o700)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("BEGIN IMMEDIATE")
        for words in (("stats",), ("clear", "--yes")):
            ran = dsfix("memory", *words, home=home)
            assert (ran.code, ran.out) == (1, "")
            assert "the memory cannot be used: memory.db: database is locked\n" in ran.err


@pytest.mark.parametrize(
    ("said", "code"), [(b"y\n", 0), (b"no\n", 1), (b"\xff\n", 1), (b"\x04", 1), (b"\x03", 130)]
)
def test_forgetting_is_asked_for(home: Path, said: bytes, code: int) -> None:
    """Whatever is not yes forgets nothing; Ctrl-C ends it as it ends every command."""
    command = [sys.executable, "-m", "dsfix", "memory", "clear"]
    with PtySession(command, env=environment(home, PYTHONIOENCODING="utf-8:strict")) as terminal:
        terminal.expect("[y/N] ")
        wait_until(lambda: state_of(terminal.process.pid) == "S", "that it reads")
        os.write(terminal.master, said)
        assert terminal.end() == code


def test_forgetting_without_anybody_to_ask(home: Path) -> None:
    """An error, and no traceback where stdin is closed."""
    words = f"exec {sys.executable} -m dsfix memory clear <&-"
    done = subprocess.run(
        ["sh", "-c", words], env=environment(home), capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("dsfix: error: there is nobody to ask\n")
