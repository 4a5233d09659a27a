"""The index as the commands use it: opened, brought up to date, and made anew where it broke."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from dsfix.errors import DsfixError
from dsfix.record.index.file import (
    INDEX,
    Opened,
    emptied,
    for_now,
    move_away,
    opened,
    without_one,
)
from dsfix.record.index.intake import Told, update


@contextmanager
def current(state: Path, told: Told) -> Iterator[Opened]:
    """The index of what the records say now.

    Raises DsfixError when it cannot be read, also for what the caller asks of it.
    """
    with _failing(state):
        found = _through(state, lambda db: update(db, state, told))
        with closing(found.db):
            yield found


def anew(state: Path, told: Told) -> str:
    """Make the index from the records alone; gives the line to pass on.

    Raises DsfixError when it cannot be made, or only in RAM.
    """
    lasting = False

    def remake(db: sqlite3.Connection) -> None:
        nonlocal lasting
        emptied(db)
        update(db, state, told)
        lasting = bool(db.execute("PRAGMA database_list").fetchone()[2])

    with _failing(state):
        found = _through(state, remake)
        found.db.close()
    if found.note and not lasting:
        raise DsfixError(without_one(found.note))
    return found.note


def forget(state: Path, told: Told) -> None:
    """Take what is gone out of the index, where there is one; raises DsfixError as `current`."""
    if os.access(state / INDEX, os.F_OK):
        with current(state, told) as found:
            # words of what was deleted stand in the table until it is merged
            found.db.execute("INSERT INTO found (found) VALUES ('optimize')")


def _through(state: Path, work: Callable[[sqlite3.Connection], None]) -> Opened:
    """The index after that work; a file that turns out to be broken is made anew once.

    Where the disk has no room for it the work is done in RAM.
    """
    found = opened(state)
    try:
        work(found.db)
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            note = "another process is writing the index; what is newest may be missing"
            return found._replace(note=note)
        found.db.close()
        found = for_now(state, error)
        work(found.db)
    except sqlite3.DatabaseError as error:
        found.db.close()
        moved = move_away(state / INDEX)
        found = opened(state)
        work(found.db)
        note = f"the index was broken ({error}); it is now {moved.name} and was made anew"
        return found._replace(note=note)
    return found


@contextmanager
def _failing(state: Path) -> Iterator[None]:
    """Tell what SQLite says as an error for the user."""
    try:
        yield
    except sqlite3.Error as error:
        raise DsfixError(
            f"the index {state / INDEX} failed: {error}",
            hint="make it anew with `dsfix sessions reindex`",
        ) from error
