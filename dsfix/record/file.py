"""The file of a session: private, append-only, one write for each event.

What was written is readable after `kill -9`; a power cut costs at most the last second. What a
full disk does not take is held, and written when there is room again. The file is locked while it
is written, so a reader can tell a running session from a dead one.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from pathlib import Path

from dsfix.locks import lock
from dsfix.paths import PRIVATE_FILE, make_private

VERSION = 1
SYNC_EVERY = 1.0
HELD = 16 << 20  # bytes that are kept for a disk that is full; often it is not for long
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class EventFile:
    """An open events file. Every method raises OSError where the disk does.

    Only a disk that is full is given time: until too much is held, or the file is closed.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._fd = path, -1
        self.unsynced = False
        self._synced = time.monotonic()
        self._seq = 0
        self._held = b""
        try:
            self._open()
        except OSError as error:
            if error.errno not in _FULL:
                raise

    def _open(self) -> None:
        make_private(self._path.parent)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        self._fd = os.open(self._path, flags, PRIVATE_FILE)
        with contextlib.suppress(OSError):  # not every file system has locks
            lock(self._fd)

    def event(self, kind: str, at: float, fields: bytes) -> None:
        """Append one event; `at` is wall-clock seconds, `fields` a JSON object that says more."""
        self._seq += 1
        head = f'{{"v":{VERSION},"seq":{self._seq},"ts":"{stamp(at)}","type":"{kind}"'
        more = b"," + fields[1:] if len(fields) > 2 else fields[1:]
        line = b"%s%s\n" % (head.encode(), more)
        self._held += line
        self.unsynced = True
        self._append(last=False)

    def sync(self, *, now: bool = False) -> None:
        """Bring what was written to the disk, at most once a second unless `now`."""
        if not self.unsynced or not (now or time.monotonic() - self._synced >= SYNC_EVERY):
            return
        self._append(last=now)
        if self._held:
            return
        if os.fstat(self._fd).st_nlink == 0:
            raise OSError("the file was deleted")
        os.fsync(self._fd)
        self.unsynced = False
        self._synced = time.monotonic()

    def close(self) -> None:
        """Let go of the file and its lock; one that nobody will find is told."""
        try:
            self._append(last=True)
            with contextlib.suppress(PermissionError):  # who may not look cannot tell
                self._path.lstat()
        except FileNotFoundError:
            raise OSError("the file was moved away") from None
        finally:
            if self._fd >= 0:
                os.close(self._fd)

    def _append(self, *, last: bool) -> None:
        """Write what is held, as far as the disk takes it."""
        try:
            if self._fd < 0:
                self._open()
            while self._held:
                self._held = self._held[os.write(self._fd, self._held) :]
        except OSError as error:
            if last or error.errno not in _FULL or len(self._held) > HELD:
                raise


def stamp(at: float) -> str:
    """Wall-clock seconds as `2026-11-21T03:15:22.123Z`."""
    whole, part = divmod(round(at * 1000), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{part:03d}Z"


def is_written(path: Path) -> bool | None:
    """Whether a live process is writing that file; None where the file system cannot tell."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(fd)
    return False
