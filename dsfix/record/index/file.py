"""The file of the index: private, made when it is missing, moved away when it cannot be used.

Where it cannot be written, the index is made in RAM for the one command.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

from dsfix.errors import LaunchError
from dsfix.locks import alone
from dsfix.paths import is_directory, private_file, private_state
from dsfix.record.index.schema import SCHEMA, TABLES, VERSION

INDEX = "index.db"
_FOR_NOW = "; the records are read for this command only"
PATIENCE = 5.0  # seconds to wait for another process that writes; it commits each session


class Opened(NamedTuple):
    """An open index; `note` is a line to pass on, empty when all is as it should be."""

    db: sqlite3.Connection
    note: str = ""


def opened(state: Path) -> Opened:
    """The index of a state directory, made where there is none that can be used."""
    path = state / INDEX
    try:
        if not is_directory(state):
            return Opened(_in_memory())
        private_state(state)  # who led us to records of ours would find them in the index
        with alone(state):
            try:
                return Opened(_connected(path))
            except Unusable as error:
                moved = move_away(path)
                note = f"the index {error}; it is now {moved.name} and was made anew"
                return Opened(_connected(path), note)
    except (LaunchError, OSError, sqlite3.OperationalError) as error:
        return for_now(state, error)


def for_now(state: Path, error: Exception) -> Opened:
    """An index in RAM, in the place of the file that fails like this."""
    return Opened(_in_memory(), f"{state / INDEX} cannot be used ({error}){_FOR_NOW}")


def without_one(note: str) -> str:
    """Such an index's note where nobody has any use for it."""
    return note.removesuffix(_FOR_NOW)


def emptied(db: sqlite3.Connection) -> None:
    """Make the tables anew, without anything in them."""
    gone = "".join(f"DROP TABLE {table};" for table in (*TABLES[::-1], "found"))
    db.executescript(f"BEGIN IMMEDIATE; {gone} {SCHEMA} COMMIT;")


class Unusable(Exception):
    """The file is no index, or that of another version."""


def move_away(path: Path) -> Path:
    """Put a file that cannot be used out of the way, in the place of the last such one."""
    aside = path.with_suffix(".db.unusable")
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    return path.replace(aside)


def _connected(path: Path) -> sqlite3.Connection:
    """Open the file. Raises Unusable, or sqlite3.OperationalError where it cannot be written."""
    private_file(path)
    db = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    try:
        db.execute("PRAGMA trusted_schema = OFF")  # before anything of the file is run
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA secure_delete = ON")  # what is cleared away is gone
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            return _made(db)
        if version != VERSION:
            raise Unusable(f"is of version {version}, not {VERSION}")
        db.execute("SELECT 1 FROM sessions LIMIT 1")
    except sqlite3.OperationalError:
        db.close()
        raise
    except sqlite3.DatabaseError as error:
        db.close()
        raise Unusable(f"is broken ({error})") from error
    except Unusable:
        db.close()
        raise
    return db


def _in_memory() -> sqlite3.Connection:
    return _made(sqlite3.connect(":memory:", isolation_level=None))


def _made(db: sqlite3.Connection) -> sqlite3.Connection:
    db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
    return db
