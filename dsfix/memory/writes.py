"""What is written to the file of turns, in the writer's thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from dsfix.memory.database import Write
from dsfix.memory.recall import Stored
from dsfix.memory.rows import ALL_COLUMNS, as_json, row_of

DAY = 86_400.0
FEW = 200  # turns that are dropped at once, in 25 ms: readers wait for the first of them
# A hit keeps a turn young; once a day is enough. By the keys of turns, and by their calls.
_TOUCH = f"UPDATE turns SET used = ?3 WHERE used < ?3 - {DAY} AND"
_NAMED = "IN (SELECT value FROM json_each(?2))"
TOUCH_KEYS = f"{_TOUCH} origin = ?1 AND key {_NAMED}"
TOUCH_CALLS = f"{_TOUCH} id IN (SELECT turn FROM calls WHERE origin = ?1 AND call {_NAMED})"


# Rows as one text of JSON: the loop does not run while Python makes hundreds of statements.
_VALUES = ", ".join(f"json_extract(value, '$[{at}]')" for at in range(ALL_COLUMNS.count(",") + 1))
_TURNS = f"INSERT INTO turns ({ALL_COLUMNS}) SELECT {_VALUES} FROM json_each(?)"
# SQLite reads a text of JSON no further than to a NUL: a call would go by another one's name.
_CALLS = (
    "INSERT INTO calls (origin, call, turn) SELECT origin, value, turns.id"
    " FROM turns, json_each(turns.calls) WHERE turns.id > ?"
    r" AND instr(turns.calls, '\u0000') = 0"
)


def inserted(origin: str, turns: Sequence[Stored], now: float) -> Write:
    """More turns, in this order."""

    def write(connection: sqlite3.Connection) -> None:
        rows = [row_of(origin, stored, now) for stored in turns]
        last = connection.execute(_TURNS, (as_json(rows),)).lastrowid
        assert last is not None  # a row was inserted
        connection.execute(_CALLS, (last - len(rows),))

    return write


def cleared(connection: sqlite3.Connection) -> None:
    """Nothing is left."""
    for table in ("calls", "turns", "sent", "recovery"):
        connection.execute(f"DELETE FROM {table}")


def pruned(connection: sqlite3.Connection, oldest: float, max_bytes: int) -> bool:
    """Drop what was not used since `oldest`, then the least used until the file is small enough.

    Of turns a FEW at a time; gives whether there are more. Where all is too old it is the clock
    that is wrong, or its owner was away for long: nothing is dropped until something new is there.
    """
    for table in ("sent", "recovery"):
        new = f"SELECT 1 FROM {table} WHERE used >= ?"
        connection.execute(
            f"DELETE FROM {table} WHERE used < ? AND EXISTS ({new})", (oldest, oldest)
        )
    old = connection.execute(
        "DELETE FROM turns WHERE id IN (SELECT id FROM turns WHERE used < ?1 LIMIT ?2)"
        " AND EXISTS (SELECT 1 FROM turns WHERE used >= ?1)",
        (oldest, FEW),
    ).rowcount
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    excess = 1 - max_bytes / max((pages - free) * size, 1)
    if excess <= 0:
        return old == FEW
    [count] = connection.execute("SELECT count(*) FROM turns").fetchone()
    least = connection.execute(
        "DELETE FROM turns WHERE id IN (SELECT id FROM turns ORDER BY used LIMIT ?)",
        (min(int(count * excess) + 1, FEW),),
    ).rowcount
    return FEW in (old, least)
