"""Takes into the index what was written to the records since the last time.

A record is read on from where everything before it is settled: a message waits for the request
that carries it, and an answer that grows for its end. What is taken in twice makes no difference,
so a reader that was stopped, and several at once, leave the same rows as one that read it all.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from dsfix.protocol import spans
from dsfix.record.content import digest
from dsfix.record.index.exchanges import answered, asked
from dsfix.record.labels import META, labels
from dsfix.record.reader import Event, grow, seconds_of
from dsfix.record.sessions import EndState, end_state, ends, event_files

# Role, sort, text, tool: what `report.transcript` gives of messages and of an answer's blocks.
Saying: TypeAlias = tuple[str, str, str, str]
Told: TypeAlias = Callable[[Sequence[Any], Sequence[Any]], Iterable[Saying]]

LONGEST = 64 << 10  # characters of one text that can be found
_AGES = 1e9  # seconds: thirty years
_ROLES = frozenset({"user", "assistant", "tool"})
_SORTS = frozenset({"text", "reasoning", "call", "result"})
# What an event of another version or a broken one can raise; it is passed over.
_ODD = (KeyError, TypeError, ValueError, AttributeError, OverflowError, sqlite3.ProgrammingError)


def update(db: sqlite3.Connection, state: Path, told: Told) -> None:
    """Bring the index to what the records under a state directory say now."""
    known: dict[str, _Known] = {
        row[0]: _Known(*row[1:])
        for row in db.execute("SELECT id, size, changed, labelled, state FROM sessions")
    }
    for path in event_files(state):
        if _stale(path, known.pop(path.parent.name, None)):
            with db:
                db.execute("BEGIN IMMEDIATE")
                _take_in(db, path, told)
    for name in known:
        with db:
            db.execute("BEGIN IMMEDIATE")
            _forget(db, name)


class _Known(NamedTuple):
    """What the files of a session looked like when they were read."""

    size: int = 0
    changed: int = 0
    labelled: str = ""
    state: str = ""

    @classmethod
    def of(cls, path: Path) -> _Known:
        """What they look like now. Raises OSError for a record that is gone."""
        stat = path.stat()
        try:
            meta = (path.parent / META).stat()
            labelled = f"{meta.st_ino} {meta.st_mtime_ns}"
        except OSError:
            labelled = ""
        return cls(stat.st_size, stat.st_mtime_ns, labelled)


def _stale(path: Path, known: _Known | None) -> bool:
    """Whether a session has to be looked at; one that ran may have been killed since."""
    try:
        if known is None or _Known.of(path) != known._replace(state=""):
            return True
    except OSError:
        return False
    return known.state == EndState.RUNNING and end_state(path, {}) != known.state


def _take_in(db: sqlite3.Connection, path: Path, told: Told) -> None:
    """Read one record on, and write down how far. One that is gone is left for the next time."""
    name = path.parent.name
    found = db.execute(
        "SELECT offset, duration, size, changed, state FROM sessions WHERE id = ?", (name,)
    ).fetchone()
    offset, duration, before = (found[0], found[1], found[2:]) if found else (0, 0.0, None)
    try:
        now = _Known.of(path)
        start, end = ends(path)
        now = now._replace(state=str(end_state(path, end)))
        if before and _rewritten(before, now):
            _forget(db, name)
            offset = 0
        reading = _Reading(db, name, told)
        offset = reading.read(path, offset)
    except OSError:
        return
    if now.state == EndState.INTERRUPTED:
        reading.leave()
    started = seconds_of(start.get("ts"))
    if end:
        duration = _seconds(end.get("duration"))
    elif reading.last and started:
        duration = seconds_of(reading.last) - started
    _write(db, path, now, (offset, started, duration, _code(end)), start)


def _rewritten(before: tuple[int, int, str], now: _Known) -> bool:
    """Whether a record is not what was read: shorter, touched, or written on after its end."""
    size, changed, state = before
    if (size, changed) == (now.size, now.changed):
        return False
    return now.size <= size or state == EndState.INTERRUPTED


def _write(
    db: sqlite3.Connection,
    path: Path,
    now: _Known,
    told: tuple[int, float, float, int | None],
    start: Mapping[str, Any],
) -> None:
    """Write the row of a session and its tags."""
    name, own = path.parent.name, labels(path.parent)
    cwd = str(start.get("cwd", ""))
    project = own.project or str(start.get("project") or Path(cwd).name)
    said = (str(start.get(field) or "") for field in ("agent", "upstream", "branch"))
    shown = str(path).encode("utf-8", "replace").decode()  # a path may be no text
    row = (name, shown, *now, *told, *said, cwd, project, own.title, own.category, own.hidden)
    db.execute(f"INSERT OR REPLACE INTO sessions VALUES ({', '.join('?' * len(row))})", row)
    db.execute("DELETE FROM tags WHERE session = ?", (name,))
    db.executemany("INSERT INTO tags VALUES (?, ?)", [(name, tag) for tag in own.tags])


def _seconds(value: object) -> float:
    """A time that a session can have lived; 0 for whatever is none."""
    return float(value) if isinstance(value, int | float) and 0 <= value < _AGES else 0.0


def _code(end: Mapping[str, Any]) -> int | None:
    code = end.get("exit_code")
    return code if isinstance(code, int) and abs(code) < 1 << 16 else None


def _forget(db: sqlite3.Connection, name: str) -> None:
    """Take a session out, and the texts that were said in no other."""
    gone = db.execute(
        "DELETE FROM texts WHERE id IN (SELECT text FROM places WHERE session = ?)"
        " AND id NOT IN (SELECT text FROM places WHERE session <> ?) RETURNING id, text",
        (name, name),
    ).fetchall()
    db.executemany("INSERT INTO found (found, rowid, text) VALUES ('delete', ?, ?)", gone)
    for table in ("places", "exchanges", "tags"):
        db.execute(f"DELETE FROM {table} WHERE session = ?", (name,))
    db.execute("DELETE FROM sessions WHERE id = ?", (name,))


@dataclass(slots=True)
class _Reading:
    """One pass over the end of a record. `last` is the time stamp of its last event."""

    db: sqlite3.Connection
    session: str
    told: Told
    last: str = ""
    _waiting: list[tuple[int, Any]] = field(default_factory=list)
    _growing: dict[int, dict[int, Event]] = field(default_factory=dict)
    _grown: dict[int, int] = field(default_factory=dict)
    _unsettled: dict[int, int] = field(default_factory=dict)  # 0: messages; else an exchange

    def read(self, path: Path, offset: int) -> int:
        """Take in the whole lines from `offset` on; gives where to go on the next time."""
        with path.open("rb") as file:
            file.seek(offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                event = spans.value(line)
                if isinstance(event, dict):
                    with contextlib.suppress(*_ODD):
                        self._event(event, offset)
                offset += len(line)
        return min(self._unsettled.values(), default=offset)

    def leave(self) -> None:
        """Take in the answers that nobody will finish."""
        for exchange, blocks in self._growing.items():
            with contextlib.suppress(*_ODD):
                answer = [blocks[index] for index in sorted(blocks)]
                self._say(exchange, self._grown[exchange], self.told((), answer))

    def _event(self, event: Event, offset: int) -> None:
        self.last = str(event.get("ts", self.last))
        match event.get("type"):
            case "message" if "content" in event:
                self._unsettled.setdefault(0, offset)
                self._waiting.append((event["seq"], event["content"]))
            case "request":
                asked(self.db, self.session, event)
                for seq, content in self._waiting:
                    self._say(event["exchange"], seq, self.told((content,), ()))
                self._waiting.clear()
                self._unsettled.pop(0, None)
            case "progress":
                exchange = event["exchange"]
                grow(self._growing.setdefault(exchange, {}), event)
                self._grown[exchange] = event["seq"]
                self._unsettled.setdefault(exchange, offset)
            case "response":
                exchange = event["exchange"]
                answered(self.db, self.session, event)
                self._say(exchange, event["seq"], self.told((), event.get("answer") or ()))
                self._growing.pop(exchange, None)
                self._unsettled.pop(exchange, None)
            case _:
                pass

    def _say(self, exchange: int, seq: int, said: Iterable[Saying]) -> None:
        for part, (role, sort, text, tool) in enumerate(said):
            if role in _ROLES and sort in _SORTS and text.strip():
                found = self._text(role, str(sort), tool, text[:LONGEST])
                self.db.execute(
                    "INSERT OR IGNORE INTO places VALUES (?, ?, ?, ?, ?)",
                    (self.session, found, exchange, seq, part),
                )

    def _text(self, role: str, sort: str, tool: str, text: str) -> int:
        """The number of a text, which is stored once for all sessions."""
        name = digest(json.dumps([role, sort, tool, text]).encode())
        found = self.db.execute("SELECT id FROM texts WHERE hash = ?", (name,)).fetchone()
        if found is None:
            kept = text.encode("utf-8", "replace").decode()
            found = self.db.execute(
                "INSERT INTO texts (hash, role, sort, name, text) VALUES (?, ?, ?, ?, ?)"
                " RETURNING id",
                (name, role, sort, tool, kept),
            ).fetchone()
            self.db.execute("INSERT INTO found (rowid, text) VALUES (?, ?)", (found[0], kept))
        return int(found[0])
