"""`dsfix memory` as the user meets it."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from dsfix.simulator.server import Simulator
from tests.config.test_keys import ASK
from tests.support.commands import dsfix


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
