"""One SQLite file, written by one thread: private, bounded in waiting, never in the way.

A write is queued and committed within 100 ms together with what else has come; a read happens
on the caller's own connection and never waits for a writer. A disk that is full, or a file that
is locked, is tried again each second, also to open it: a full disk has no room for what SQLite
makes beside the file, which is read as it lies then. What fails otherwise, or until the end, is
told once, by `trouble`, and from then on nothing touches the file. A read that fails gives nothing;
the first of them is told by `unread`.
"""

from __future__ import annotations

import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, TypeAlias

from dsfix.foreground import Background, Foreground
from dsfix.memory.opening import FAILED, as_it_lies, connect, no_room, opened, passing, told

Row: TypeAlias = tuple[Any, ...]
Write: TypeAlias = Callable[[sqlite3.Connection], object]
Slice: TypeAlias = Callable[[sqlite3.Connection], bool]

COMMIT_WITHIN = 0.05
PATIENCE = 0.03  # seconds for which a commit then waits for a request
BATCH = 1000  # writes in one commit
REST = 0.05  # seconds between two slices of what nobody waits for
AGAIN = 1.0  # seconds until a disk that was full is tried again
WAITING = 1000  # writes that may wait for it; then it is given up
# Seconds that the first read waits for the file to be open; a locked file costs this once.
OPENING = 1.0


class Database:
    """A SQLite file with its writer, which gives way to `foreground`.

    `first` runs when the file is open, and again where nothing else waits, for as long as it says
    that there is more: readers wait for its first time alone. Of the writes that were `queued`, so
    many are `committed`.
    """

    def __init__(
        self,
        path: Path,
        migrations: Sequence[str],
        first: Slice | None = None,
        foreground: Foreground | None = None,
    ) -> None:
        self._path = path
        self._migrations = migrations
        self._first = first
        self._untidy = False
        self._waiting: queue.SimpleQueue[Write | None] = queue.SimpleQueue()
        self._reader: sqlite3.Connection | None = None
        self._reading = threading.Lock()
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()  # it is open, or was tried in vain for the first time
        self._open = self._full = False
        self._ending = threading.Event()
        waited = foreground or Foreground()
        self._background = Background(waited, self._ending.wait, PATIENCE)
        self._patience = OPENING
        self._mapped = 0
        self.trouble = self.unread = ""
        self.queued = self.committed = 0

    def open(self) -> None:
        """Start the writer thread, which opens the file."""
        thread = threading.Thread(target=self._run, name="dsfix-store", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # there are as many as the system allows
            self.trouble = f"{self._path.name}: {error}"
        else:
            self._thread = thread

    def write(self, write: Write) -> None:
        """Queue a write; it is dropped when the file has failed."""
        if not self.trouble:
            self.queued += 1
            self._waiting.put(write)

    def read(self, sql: str, values: Sequence[object]) -> list[Row]:
        """The rows of a query, none when the file cannot be read now."""
        if self._thread is not None and not self._ready.is_set():
            self._ready.wait(self._patience)
            self._patience = 0.0
        if self.trouble or not (self._open or self._full):
            return []
        with self._reading:
            try:
                if not self._open:
                    return as_it_lies(self._path, self._migrations, sql, values)
                if self._reader is None:
                    self._reader = connect(self._path, timeout=0.05)
                self._restore_index()
                return self._reader.execute(sql, values).fetchall()
            except FAILED as error:
                self.unread = self.unread or f"{self._path.name}: could not be read: {told(error)}"
                return []

    @property
    def size(self) -> int:
        """Bytes of the file."""
        try:
            return self._path.stat().st_size
        except OSError:
            return 0

    def close(self, timeout: float) -> None:
        """Commit what waits and stop, within `timeout` seconds."""
        if self._thread is None:
            return
        self._ending.set()
        self._waiting.put(None)
        self._thread.join(timeout)
        if self._thread.is_alive():
            self.trouble = f"{self._path.name}: still locked, what was learnt is not kept"
        with self._reading:
            if self._reader is not None:
                self._restore_index()
                self._reader.close()
                self._reader = None

    def _run(self) -> None:
        with ExitStack() as stack:
            connection = self._opened(stack)
            if connection is None:
                return
            file = self._file()
            while (write := self._next(connection)) is not None:
                if not self._commit(connection, write):
                    break
            if file is None or self._file() != file:  # which is why it may have failed
                gone = "the file was deleted, what was learnt is not kept"
                self.trouble = f"{self._path.name}: {gone}"
            self._restore_index()

    def _opened(self, stack: ExitStack) -> sqlite3.Connection | None:
        """The file once it is open, for as long as `stack`; None where it cannot be opened."""
        while True:
            try:
                with ExitStack() as attempt:
                    connection = attempt.enter_context(opened(self._path, self._migrations))
                    self._tidy(connection)
                    connection.commit()
                    self._restore_index()
                    stack.push(attempt.pop_all())
            except FAILED as error:
                self._full = no_room(error)
                more = passing(error) and self._waiting.qsize() < WAITING
                if not more or self._ending.is_set():
                    self.trouble = f"{self._path.name}: {told(error)}"
                    return None
            else:
                self._open = True
                return connection
            finally:
                self._ready.set()
            self._ending.wait(AGAIN)

    def _tidy(self, connection: sqlite3.Connection) -> None:
        self._untidy = self._first is not None and self._first(connection)

    def _next(self, connection: sqlite3.Connection) -> Write | None:
        """The next write. Until there is one, `first` goes on with what it has left.

        Where it cannot, because somebody else has the file, the next session does.
        """
        while self._untidy:
            try:
                return self._waiting.get(timeout=REST)
            except queue.Empty:
                self._restore_index()
                error = self._tried(connection, [self._tidy])
                self._untidy = self._untidy and error is None
        return self._waiting.get()

    def _restore_index(self) -> None:
        """Give the index of the write-ahead log its length back, where somebody has cut it.

        SQLite has mapped it, and to touch what is not there ends the process (SIGBUS). One that is
        blank is made anew. It is not opened here: to close it would give up SQLite's locks.
        """
        path = f"{self._path}-shm"
        with suppress(OSError):  # there is none on a network file system
            size = os.lstat(path).st_size
            if size < self._mapped:
                os.truncate(path, 0)
                os.truncate(path, self._mapped)
            self._mapped = max(self._mapped, size)

    def _file(self) -> tuple[int, int] | None:
        """Which file lies at the path now; None where that cannot be told."""
        with suppress(OSError):
            found = self._path.stat()
            return found.st_dev, found.st_ino
        return None

    def _commit(self, connection: sqlite3.Connection, write: Write) -> bool:
        """Commit one write with those that come soon after; False when it was the last.

        Nobody waits for a commit, and each write that wakes this thread takes the processor from
        the loop: it sleeps for as long as may be.
        """
        self._ending.wait(COMMIT_WITHIN)
        batch: list[Write] = [write]
        more: Write | None = write
        while len(batch) < BATCH:
            try:
                more = self._waiting.get_nowait()
            except queue.Empty:
                break
            if more is None:
                break
            batch.append(more)
        self._restore_index()
        error = self._tried(connection, batch)
        while passing(error) and not self._ending.is_set() and self._waiting.qsize() < WAITING:
            self._ending.wait(AGAIN)
            self._restore_index()
            error = self._tried(connection, batch)
        if error is not None:
            self.trouble = f"{self._path.name}: {told(error)}"
            return False
        self.committed += len(batch)
        return more is not None

    def _tried(self, connection: sqlite3.Connection, batch: Sequence[Write]) -> Exception | None:
        """Commit these writes together; what came in the way, and then nothing of them is there."""
        self._background.begin()
        self._background.give_way()  # not within, where the file is locked
        try:
            for each in batch:
                each(connection)
            connection.commit()
        except Exception as error:  # whatever it is, the session goes on
            with suppress(*FAILED):
                connection.rollback()
            return error
        return None


def emptied(connection: sqlite3.Connection) -> None:
    """Take what was deleted out of the log as well, where another session keeps that open."""
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
