"""Nothing may stay behind a fault."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.pty_session import wait_until


@pytest.fixture(autouse=True)
def nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No thread, descriptor, child process or temporary file is left by a test."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    threads, open_before = threading.active_count(), _descriptors()
    yield
    wait_until(lambda: threading.active_count() <= threads, "the threads' end")
    wait_until(lambda: not open_before or _descriptors() <= open_before, "the descriptors' end")
    assert not _children(), "a process stayed"
    assert not list(temporary.iterdir())


def _descriptors() -> int:
    """How many descriptors this process has open; 0 where nobody tells."""
    try:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())
    except FileNotFoundError:
        return 0


def _children() -> bool:
    try:
        return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return False
