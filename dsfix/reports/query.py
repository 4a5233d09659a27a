"""Questions to the reports: one by its name, or those that fit."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from dsfix.report.snippet import snippet

# The trigram tokenizer finds nothing shorter (https://sqlite.org/fts5.html#the_trigram_tokenizer).
_TRIGRAM = 3


class Version(NamedTuple):
    """One sending of a page. `sent` is in wall-clock seconds, `size` in bytes of its files."""

    version: int
    revision: int
    sent: float
    entry: str
    title: str
    branch: str
    session: str
    size: int
    files: int


class Report(NamedTuple):
    """A page in all its versions, oldest first; `deleted` and `created` in wall-clock seconds."""

    number: int
    id: str
    host: str
    path: str
    created: float
    deleted: float | None
    given_title: str
    category: str
    project: str
    tags: tuple[str, ...]
    versions: tuple[Version, ...]

    @property
    def newest(self) -> Version:
        """The version that the report's own address shows."""
        return self.versions[-1]

    @property
    def title(self) -> str:
        """The sender's title, else that of the newest page, else its file's name."""
        return self.titled(self.newest)

    def titled(self, version: Version) -> str:
        """The title of one version."""
        return self.given_title or version.title or version.entry

    def labels(self) -> tuple[str, ...]:
        """What else it can be found by."""
        newest = self.newest
        said = (self.category, self.project, newest.branch, newest.session, self.path)
        return (*self.tags, *said)

    def as_dict(self) -> dict[str, Any]:
        """As the commands print it."""
        newest = self.newest
        return {
            "id": self.id,
            "title": self.title,
            "category": self.category,
            "project": self.project,
            "tags": list(self.tags),
            "branch": newest.branch,
            "session": newest.session,
            "host": self.host,
            "path": self.path,
            "created": self.created,
            "deleted": self.deleted,
            "version": newest.version,
            "versions": [each._asdict() for each in self.versions],
        }


class Wanted(NamedTuple):
    """Which reports: all of what is given must fit; each of `words` stands in the report.

    `session` is an id, its start or its end.
    """

    words: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    category: str = ""
    project: str = ""
    session: str = ""
    deleted: bool = False


_REPORT = """
SELECT number, id, host, path, created, deleted, title, category, project,
    (SELECT json_group_array(tag) FROM (SELECT tag FROM tags WHERE report = number ORDER BY tag)),
    (SELECT json_group_array(json_array(version, revision, sent, entry, title, branch, session,
        size, files)) FROM (SELECT * FROM versions WHERE report = number ORDER BY version))
FROM reports WHERE {where}
"""
_SENT = "(SELECT max(sent) FROM versions WHERE report = number)"


def by_number(db: sqlite3.Connection, number: int) -> Report:
    """The report of that row."""
    return _report(db.execute(_REPORT.format(where="number = ?"), (number,)).fetchone())


def by_id(db: sqlite3.Connection, name: str) -> Report | None:
    """The report of exactly that id."""
    row = db.execute(_REPORT.format(where="id = ?"), (name,)).fetchone()
    return _report(row) if row else None


def beginning(db: sqlite3.Connection, start: str) -> list[Report]:
    """At most two reports whose id begins so."""
    where = "substr(id, 1, ?) = ? LIMIT 2"
    return list(map(_report, db.execute(_REPORT.format(where=where), (len(start), start))))


def newest(db: sqlite3.Connection, number: int) -> Version | None:
    """The newest version of a report that may have none yet."""
    row = db.execute(
        "SELECT version, revision, sent, entry, title, branch, session, size, files"
        " FROM versions WHERE report = ? ORDER BY version DESC LIMIT 1",
        (number,),
    ).fetchone()
    return Version(*row) if row else None


def listed(db: sqlite3.Connection, wanted: Wanted, limit: int, offset: int) -> list[Report]:
    """The reports that fit, what was sent last first."""
    where, values = _conditions(wanted)
    order = f"{where} ORDER BY {_SENT} DESC, number DESC LIMIT ? OFFSET ?"
    return list(map(_report, db.execute(_REPORT.format(where=order), (*values, limit, offset))))


def found(db: sqlite3.Connection, report: Report, words: Sequence[str]) -> list[tuple[str, bool]]:
    """The line of the report in which the words stand, in pieces; whether each is one of them."""
    (text,) = db.execute("SELECT text FROM found WHERE rowid = ?", (report.number,)).fetchone()
    return snippet(text, words)


def _report(row: Sequence[Any]) -> Report:
    *plain, tags, versions = row
    told = tuple(Version(*each) for each in json.loads(versions))
    return Report._make((*plain, tuple(json.loads(tags)), told))


def _conditions(wanted: Wanted) -> tuple[str, list[object]]:
    conditions = ["deleted IS NOT NULL" if wanted.deleted else "deleted IS NULL"]
    values: list[object] = []
    for name in ("category", "project"):
        if value := getattr(wanted, name):
            conditions.append(f"{name} = ?")
            values.append(value)
    for tag in wanted.tags:
        conditions.append("number IN (SELECT report FROM tags WHERE tag = ?)")
        values.append(tag)
    if wanted.session:
        fits = "substr(session, 1, length(?)) = ? OR substr(session, -1 - length(?)) = '-' || ?"
        conditions.append(f"number IN (SELECT report FROM versions WHERE {fits})")
        values += [wanted.session] * 4
    for word in wanted.words:
        long = len(word) >= _TRIGRAM
        test = "found MATCH ?" if long else "instr(folded(text), folded(?))"
        conditions.append(f"number IN (SELECT rowid FROM found WHERE {test})")
        values.append('"{}"'.format(word.replace('"', '""')) if long else word)
    return " AND ".join(conditions), values
