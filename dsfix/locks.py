"""Files and directories that one process at a time has for itself."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 5.0  # seconds to wait for another process that changes a directory
LOOK = 0.5  # seconds to wait for those who look whether a file is locked, for which they lock it


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Hold a lock on a directory, so that two processes do not change what is in it at once.

    Raises TimeoutError where another keeps it, as one that was stopped in the middle does.
    """
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        lock(fd, PATIENCE)
        yield
    finally:
        os.close(fd)


def lock(fd: int, patience: float = LOOK) -> None:
    """Lock what is open for us alone. Raises TimeoutError after so many seconds."""
    deadline = time.monotonic() + patience
    pause = 0.0001
    while not _locked(fd):
        if time.monotonic() > deadline:
            raise TimeoutError(errno.ETIMEDOUT, "another process keeps it locked")
        time.sleep(pause)
        pause = min(2 * pause, 0.01)


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
