"""One SQLite file, written by one thread: private, bounded in waiting, never in the way.

A write is queued and committed within 100 ms together with what else has come; a read happens
on the caller's own connection and never waits for a writer. A disk that is full, or a file that
is locked, is tried again each second. What fails otherwise, or until the end, is told once, by
`trouble`, and from then on nothing touches the file. A read that fails gives nothing; the first of
them is told by `unread`.
"""

from __future__ import annotations

import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

from dsfix.foreground import Background, Foreground
from dsfix.memory.mounts import on_network
from dsfix.paths import private_file

Row: TypeAlias = tuple[Any, ...]
Write: TypeAlias = Callable[[sqlite3.Connection], object]
Slice: TypeAlias = Callable[[sqlite3.Connection], bool]

CACHE = 500  # KiB of pages for each connection; the system keeps them as well
COMMIT_WITHIN = 0.05
PATIENCE = 0.03  # seconds for which a commit then waits for a request
BATCH = 1000  # writes in one commit
REST = 0.05  # seconds between two slices of what nobody waits for
AGAIN = 1.0  # seconds until a disk that was full is tried again
LOCKED = 5.0  # seconds to wait for a file that another one locks, to open it
WAITING = 1000  # writes that may wait for it; then it is given up
_PASSING = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY})
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
        self._ready = threading.Event()
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
        if self.trouble or not self._ready.is_set():
            return []
        with self._reading:
            try:
                if self._reader is None:
                    self._reader = _connect(self._path, timeout=0.05)
                self._restore_index()
                return self._reader.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                self.unread = self.unread or f"{self._path.name}: could not be read: {error}"
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
            try:
                connection = stack.enter_context(_opened(self._path, self._migrations))
                self._tidy(connection)
                connection.commit()
                file = self._file()
                self._restore_index()
            except (sqlite3.Error, OSError) as error:
                self.trouble = f"{self._path.name}: {error}"
                return
            finally:
                self._ready.set()
            while (write := self._next(connection)) is not None:
                if not self._commit(connection, write):
                    break
            if file is None or self._file() != file:  # which is why it may have failed
                gone = "the file was deleted, what was learnt is not kept"
                self.trouble = f"{self._path.name}: {gone}"
            self._restore_index()

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
        while _passing(error) and not self._ending.is_set() and self._waiting.qsize() < WAITING:
            self._ending.wait(AGAIN)
            self._restore_index()
            error = self._tried(connection, batch)
        if error is not None:
            self.trouble = f"{self._path.name}: {error}"
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
            with suppress(sqlite3.Error):
                connection.rollback()
            return error
        return None


def _passing(error: Exception | None) -> bool:
    """Whether it may be over in a while: a disk without room, a file that another one locks."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in _PASSING  # the rest tells more of it: https://sqlite.org/rescode.html


@contextmanager
def _opened(path: Path, migrations: Sequence[str]) -> Iterator[sqlite3.Connection]:
    """The file, made private before SQLite sees it, with its schema up to date."""
    private_file(path)
    with closing(_connect(path, timeout=LOCKED)) as connection:
        _version(connection, migrations)  # before anything is changed
        journal = "DELETE" if on_network(path) else "WAL"
        _put_into(connection, journal)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN IMMEDIATE")
        version = _version(connection, migrations)
        for number, script in enumerate(migrations[version:], version + 1):
            for statement in script.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.commit()
        yield connection


def _put_into(connection: sqlite3.Connection, journal: str) -> None:
    """Change the journal's mode; where another process does so just now, SQLite does not wait."""
    until = time.monotonic() + LOCKED
    while True:
        try:
            connection.execute(f"PRAGMA journal_mode = {journal}")
        except sqlite3.OperationalError as error:
            if not _passing(error) or time.monotonic() > until:
                raise
        else:
            return
        time.sleep(0.01)


def emptied(connection: sqlite3.Connection) -> None:
    """Take what was deleted out of the log as well, where another session keeps that open."""
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _version(connection: sqlite3.Connection, migrations: Sequence[str]) -> int:
    """How many of the migrations the file has had. Raises DatabaseError where it is more."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(migrations):
        raise sqlite3.DatabaseError(f"made by a newer dsfix (schema {version})")
    return version


def _connect(path: Path, timeout: float) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=timeout, check_same_thread=False)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA secure_delete = ON")  # what is forgotten is gone
        connection.execute(f"PRAGMA cache_size = -{CACHE}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
