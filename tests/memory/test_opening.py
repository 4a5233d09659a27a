"""A file of memory that others open at the same moment."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from dsfix.memory import database
from dsfix.memory.opening import connect
from dsfix.memory.store import Store


class Busy(sqlite3.Connection):
    """A connection to a file of which another process just now changes the journal's mode."""

    refused = 0

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """As SQLite does then, which is not to wait."""
        if "journal_mode" in sql and Busy.refused < 3:
            Busy.refused += 1
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        return super().execute(sql, *values)


def test_a_file_that_others_open_just_now_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first sessions of a user may begin together: each of them has its memory."""
    connect = sqlite3.connect
    monkeypatch.setattr(
        database.sqlite3, "connect", lambda *args, **named: connect(*args, factory=Busy, **named)
    )
    store = Store(tmp_path / "memory.db")
    store.open()
    assert store.stats() != (0, 0) and not store.trouble
    store.close()
    assert Busy.refused == 3


class Careless(sqlite3.Connection):
    """A connection of a SQLite that leaves what is deleted, as it does unless it was built not to."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.execute("PRAGMA secure_delete = OFF")


def test_what_is_forgotten_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not stand in the file until its place is needed."""
    made = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **named: made(*args, factory=Careless, **named)
    )
    file, said = tmp_path / "memory.db", "what was thought "
    connection = connect(file, 1)
    connection.execute("CREATE TABLE turns (reasoning)")
    connection.executemany("INSERT INTO turns VALUES (?)", [(said * 9,), ("another",)])
    connection.commit()
    assert said.encode() in file.read_bytes()
    connection.execute("DELETE FROM turns WHERE reasoning <> 'another'")
    connection.commit()
    connection.close()
    assert said.encode() not in file.read_bytes()
