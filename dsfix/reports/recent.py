"""The newest reports of this machine's own server, read where they lie: for TAB."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing

from dsfix.paths import state_dir
from dsfix.reports.place import SERVER

_WAIT = 0.2  # seconds for a database that is being written


def recent(environ: Mapping[str, str], most: int, *, deleted: bool = False) -> list[str]:
    """Ids, what was sent last first; none where another server is named or nothing can be read."""
    if environ.get(SERVER):
        return []
    path = (state_dir(environ) / "reports" / "reports.db").absolute()
    wanted = "NOT NULL" if deleted else "NULL"
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", timeout=_WAIT, uri=True)) as db:
            db.execute("PRAGMA trusted_schema = OFF")
            rows = db.execute(
                "SELECT id FROM reports JOIN versions ON report = number"
                f" WHERE deleted IS {wanted} GROUP BY number ORDER BY max(sent) DESC LIMIT ?",
                (most,),
            )
            return [str(name) for (name,) in rows]
    except sqlite3.Error:
        return []
