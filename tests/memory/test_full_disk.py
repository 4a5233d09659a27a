"""A disk that has no room for what SQLite makes beside the file, when a session begins."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dsfix.memory import OriginMemory
from tests.memory.test_memory import ORIGIN, opened, recall, turn
from tests.repairs.support import At
from tests.support.commands import ROOT

# In a process of its own, in which no file may grow: as if the disk were full.
FULL = """
import resource, sys, time
from pathlib import Path
from dsfix.memory import OriginMemory
from tests.memory.test_memory import ORIGIN, opened, recall, turn
from tests.repairs.support import At
from tests.support.pty_session import wait_until

file, stays = Path(sys.argv[1]), sys.argv[2:]
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))
before = time.monotonic()
with opened(file) as store:
    memory = OriginMemory(store, ORIGIN)
    print(recall(memory, turn("old"), "x", "x"))
    memory.remember(turn("new", thought="new"), At())
    print(recall(memory, turn("new")), store.trouble)
    if not stays:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        wait_until(lambda: store.stats()[0] == 2)
print(store.trouble.partition(": ")[0], time.monotonic() - before < 3)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with opened(tmp_path / "memory.db") as store:
        OriginMemory(store, ORIGIN).remember(turn("old", thought="old"), At("x", "x"))
    return tmp_path / "memory.db"


def told(file: Path, *stays: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(file), *stays],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_what_is_known_is_read_and_what_is_learnt_is_kept_later(file: Path) -> None:
    """A request needs no room: its turns get their reasoning, and the file is tried again."""
    assert told(file) == ["old", "new ", " True"]
    with opened(file) as store:
        assert recall(OriginMemory(store, ORIGIN), turn("new")) == "new"


def test_one_that_stays_full_is_told_as_that(file: Path) -> None:
    """It was told as a file that another one locks where there was none yet, after seconds."""
    assert told(file, "stays") == ["old", "new ", "memory.db True"]
    assert told(file.with_name("first.db"), "stays") == ["None", "new ", "first.db True"]


def test_what_others_have_not_finished_is_not_read(file: Path) -> None:
    """What lies beside the file may change what it says."""
    file.with_name("memory.db-wal").write_bytes(b"unfinished" * 100)
    assert told(file, "stays")[0] == "None"
