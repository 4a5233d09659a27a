"""The reports of one server: SQLite for what is said of them, a zip file for each version.

Not for several threads at once.
"""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from dsfix.errors import DsfixError
from dsfix.paths import private_dir, private_file, write_private
from dsfix.reports import query
from dsfix.reports.bundle import Manifest
from dsfix.reports.query import Report, Version
from dsfix.reports.schema import SCHEMA, VERSION

_SHORTEST = 4  # characters of an id's beginning that may stand for it
_KEEP = "REPLACE INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Unknown(DsfixError):
    """There is no such report, or more than one."""


class Content(NamedTuple):
    """What a version holds: its zip file, what the page says, and how large its files are."""

    archive: bytes
    title: str
    text: str
    size: int
    files: int


class Labels(NamedTuple):
    """A change to what is said of a report; None leaves a label as it is."""

    tag: Sequence[str] = ()
    untag: Sequence[str] = ()
    category: str | None = None
    project: str | None = None
    deleted: bool | None = None


class Store:
    """The reports in a directory. Raises DsfixError when its database cannot be used."""

    def __init__(self, directory: Path) -> None:
        self._files = private_dir(directory / "files")
        self.db = _opened(directory / "reports.db")

    def close(self) -> None:
        """Close the database."""
        self.db.close()

    def archive(self, report: Report, version: int) -> Path:
        """The zip file of a version."""
        return self._files / report.id / f"{version}.zip"

    def add(self, manifest: Manifest, content: Content) -> Report:
        """Keep what was sent, as a new report or a version of the one it belongs to.

        Raises Unknown when the report that it names does not exist.
        """
        now = time.time()
        with self._change():
            number = self._report_of(manifest) or self._new(manifest, now)
            self._relabel(number, manifest)
            before = query.newest(self.db, number)
            replaced = before is not None and manifest.replace
            version = 1 if before is None else before.version + (not replaced)
            revision = before.revision + 1 if before and replaced else 0
            made = Version(
                version,
                revision,
                now,
                manifest.entry,
                content.title,
                manifest.branch,
                manifest.session,
                content.size,
                content.files,
            )
            self.db.execute(_KEEP, (number, *made))
            self._index(number, content.text)
            report = query.by_number(self.db, number)
            path = self.archive(report, version)
            private_dir(path.parent)
            write_private(path, [content.archive], force=True)
        return report

    def change(self, report: Report, labels: Labels) -> Report:
        """Change what is said of a report and give it as it is now."""
        number = report.number
        with self._change():
            for name in ("category", "project"):
                if (value := getattr(labels, name)) is not None:
                    self.db.execute(
                        f"UPDATE reports SET {name} = ? WHERE number = ?", (value, number)
                    )
            if labels.deleted is not None:
                moment = time.time() if labels.deleted else None
                self.db.execute("UPDATE reports SET deleted = ? WHERE number = ?", (moment, number))
            self._tag(number, labels.tag)
            gone = [(number, tag) for tag in labels.untag]
            self.db.executemany("DELETE FROM tags WHERE report = ? AND tag = ?", gone)
            self._index(number, None)
        return query.by_number(self.db, number)

    def purge(self, report: Report) -> None:
        """Remove a deleted report for good, files first: what was begun can be done again."""
        with self._change():
            with suppress(FileNotFoundError):
                shutil.rmtree(self._files / report.id)
            for table in ("tags", "versions"):
                self.db.execute(f"DELETE FROM {table} WHERE report = ?", (report.number,))
            self.db.execute("DELETE FROM found WHERE rowid = ?", (report.number,))
            self.db.execute("DELETE FROM reports WHERE number = ?", (report.number,))
            # its words stand in the index until that is merged
            self.db.execute("INSERT INTO found (found) VALUES ('optimize')")
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def named(self, name: str) -> Report:
        """The report of that id, or of the only one that begins so, deleted ones too.

        Raises Unknown.
        """
        known = len(name) >= _SHORTEST and name.isalnum() and name.isascii()
        found = query.beginning(self.db, name.lower()) if known else []
        if not found:
            raise Unknown(f"there is no report {name[:40]!r}")
        if len(found) > 1:
            raise Unknown(f"there is more than one report {name!r}...")
        return found[0]

    def readable(self, name: str) -> Report | None:
        """The report of exactly that id, unless it is deleted or there is none."""
        found = query.by_id(self.db, name)
        return found if found and found.deleted is None else None

    def _report_of(self, manifest: Manifest) -> int | None:
        """The report that this is a version of: by its id, else by host and path."""
        if manifest.id:
            report = self.named(manifest.id)
            if report.deleted is not None:
                raise Unknown(f"the report {manifest.id!r} is deleted")
            return report.number
        if not manifest.path:
            return None
        row = self.db.execute(
            "SELECT max(number) FROM reports WHERE host = ? AND path = ? AND deleted IS NULL",
            (manifest.host, manifest.path),
        ).fetchone()
        return row[0]  # type: ignore[no-any-return]  # an integer or none

    def _new(self, manifest: Manifest, now: float) -> int:
        row = (secrets.token_hex(16), manifest.host, manifest.path, now, manifest.directory)
        added = self.db.execute(
            "INSERT INTO reports (id, host, path, created, title, category, project)"
            " VALUES (?, ?, ?, ?, '', '', ?)",
            row,
        )
        assert added.lastrowid is not None
        return added.lastrowid

    def _relabel(self, number: int, manifest: Manifest) -> None:
        """What the sender says now; what it leaves empty stays."""
        for name in ("title", "category", "project"):
            if value := getattr(manifest, name):
                self.db.execute(f"UPDATE reports SET {name} = ? WHERE number = ?", (value, number))
        self._tag(number, manifest.tags)

    def _tag(self, number: int, tags: Sequence[str]) -> None:
        rows = [(number, tag) for tag in tags if tag]
        self.db.executemany("INSERT OR IGNORE INTO tags VALUES (?, ?)", rows)

    def _index(self, number: int, text: str | None) -> None:
        """Let what is said of a report and in its newest version be found.

        The page's own text, where it is not given, is what stands behind the labels' line.
        """
        if text is None:
            row = self.db.execute("SELECT text FROM found WHERE rowid = ?", (number,)).fetchone()
            text = row[0].partition("\n")[2]
        report = query.by_number(self.db, number)
        labels = " · ".join(filter(None, (report.title, *report.labels())))
        labels = " ".join(labels.split())  # a path may have ends of lines
        self.db.execute("DELETE FROM found WHERE rowid = ?", (number,))
        row = (number, f"{labels}\n{text}")
        self.db.execute("INSERT INTO found (rowid, text) VALUES (?, ?)", row)

    @contextmanager
    def _change(self) -> Iterator[None]:
        """All of it or nothing. Raises DsfixError when the disk does not take it."""
        try:
            with self.db:
                self.db.execute("BEGIN IMMEDIATE")
                yield
        except (OSError, sqlite3.Error) as error:
            raise DsfixError(f"the reports cannot be written: {error}") from error


def _opened(path: Path) -> sqlite3.Connection:
    try:
        private_file(path)
        db = sqlite3.connect(path, isolation_level=None)
        db.create_function("folded", 1, str.casefold)  # SQLite's lower() knows ASCII alone
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute("PRAGMA secure_delete = ON")  # what is purged is gone
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version == 0:
            db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        elif version != VERSION:
            raise DsfixError(f"{path} is of version {version}, not {VERSION}")
    except (OSError, sqlite3.Error) as error:
        raise DsfixError(f"{path} cannot be used: {error}") from error
    return db
