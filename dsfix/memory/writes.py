"""What is written to the file of turns, in the writer's thread."""

from __future__ import annotations

import sqlite3

from dsfix.memory.database import Write
from dsfix.memory.recall import Stored
from dsfix.memory.rows import ALL_COLUMNS, row_of

DAY = 86_400.0
# A hit keeps a turn young; once a day is enough. By the keys of turns, and by their calls.
_TOUCH = f"UPDATE turns SET used = ?3 WHERE used < ?3 - {DAY} AND"
_NAMED = "IN (SELECT value FROM json_each(?2))"
TOUCH_KEYS = f"{_TOUCH} origin = ?1 AND key {_NAMED}"
TOUCH_CALLS = f"{_TOUCH} id IN (SELECT turn FROM calls WHERE origin = ?1 AND call {_NAMED})"


def inserted(origin: str, stored: Stored, now: float) -> Write:
    """One more turn."""
    row = row_of(origin, stored, now)

    def write(connection: sqlite3.Connection) -> None:
        marks = ", ".join("?" * len(row))
        cursor = connection.execute(f"INSERT INTO turns ({ALL_COLUMNS}) VALUES ({marks})", row)
        connection.executemany(
            "INSERT INTO calls (origin, call, turn) VALUES (?, ?, ?)",
            [(origin, call, cursor.lastrowid) for call in stored.calls],
        )

    return write


def cleared(connection: sqlite3.Connection) -> None:
    """Nothing is left."""
    for table in ("calls", "turns", "sent", "recovery"):
        connection.execute(f"DELETE FROM {table}")


def pruned(connection: sqlite3.Connection, oldest: float, max_bytes: int) -> None:
    """Drop what was not used since `oldest`, then the least used until the file is small enough.

    Where all is too old it is the clock that is wrong, or its owner was away for long: nothing
    is dropped until something new is there.
    """
    for table in ("turns", "sent", "recovery"):
        new = f"SELECT 1 FROM {table} WHERE used >= ?"
        connection.execute(
            f"DELETE FROM {table} WHERE used < ? AND EXISTS ({new})", (oldest, oldest)
        )
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    excess = 1 - max_bytes / max((pages - free) * size, 1)
    if excess > 0:
        connection.execute(
            "DELETE FROM turns WHERE id IN (SELECT id FROM turns ORDER BY used"
            " LIMIT (SELECT cast(count(*) * ? AS INTEGER) + 1 FROM turns))",
            (excess,),
        )
