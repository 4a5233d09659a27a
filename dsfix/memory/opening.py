"""How a SQLite file is opened: made private first, its schema up to date, in a mode that fits."""

from __future__ import annotations

import errno
import sqlite3
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from dsfix.memory.mounts import on_network
from dsfix.paths import private_file

CACHE = 500  # KiB of pages for each connection; the system keeps them as well
LOCKED = 5.0  # seconds to wait for a file that another one locks, to open it
# How a file fails; the last where SQLite gets no memory (CPython 3.11, Modules/_sqlite/util.c).
FAILED = (sqlite3.Error, OSError, MemoryError)
# The last: no file can be made, for want of an inode or a descriptor.
_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


def no_room(error: Exception | None) -> bool:
    """Whether it may be that there is no room for one more file, or for more of one."""
    return _code(error) in _FULL or getattr(error, "errno", None) in _NO_ROOM


def passing(error: Exception | None) -> bool:
    """Whether it may be over in a while: a disk without room, a file that another one locks."""
    busy = _code(error) == sqlite3.SQLITE_BUSY or isinstance(error, MemoryError)
    return busy or no_room(error)


def told(error: Exception) -> str:
    """The error's words; for want of memory Python has none."""
    return str(error) or "out of memory"


def _code(error: Exception | None) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF  # the rest tells more of it: https://sqlite.org/rescode.html


@contextmanager
def opened(path: Path, migrations: Sequence[str]) -> Iterator[sqlite3.Connection]:
    """The file, made private before SQLite sees it, with its schema up to date."""
    private_file(path)
    with closing(connect(path, timeout=LOCKED)) as connection:
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
            if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        else:
            return
        time.sleep(0.01)


def _version(connection: sqlite3.Connection, migrations: Sequence[str]) -> int:
    """How many of the migrations the file has had. Raises DatabaseError where it is more."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(migrations):
        raise sqlite3.DatabaseError(f"made by a newer dsfix (schema {version})")
    return version


def connect(path: Path, timeout: float) -> sqlite3.Connection:
    """A connection that runs nothing which the file holds."""
    connection = sqlite3.connect(path, timeout=timeout, check_same_thread=False)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA secure_delete = ON")  # what is forgotten is gone
        connection.execute(f"PRAGMA cache_size = -{CACHE}")
    except FAILED:
        connection.close()
        raise
    return connection


def as_it_lies(
    path: Path, migrations: Sequence[str], sql: str, values: Sequence[object]
) -> list[tuple[Any, ...]]:
    """The rows of a query, where there is no room for what SQLite makes beside the file.

    Not where others write to it, or have left something unfinished beside it: it is not locked
    (https://sqlite.org/wal.html, "Read-Only Databases").
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        raise sqlite3.OperationalError("it is no file")  # a pipe would be waited for
    for end in ("-wal", "-journal"):
        with suppress(FileNotFoundError):
            if path.with_name(path.name + end).stat().st_size:
                raise sqlite3.OperationalError("another session writes to it")
    where = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(where, uri=True)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        version = _version(connection, migrations)
        if 0 < version < len(migrations):
            raise sqlite3.OperationalError("its schema is an older one")
        return connection.execute(sql, values).fetchall() if version else []
