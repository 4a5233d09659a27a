"""Requests and responses as rows of the index; both halves of one exchange make one row."""

from __future__ import annotations

import sqlite3
from typing import Any

from dsfix.record.exchange import is_count
from dsfix.record.reader import Event, seconds_of


def asked(db: sqlite3.Connection, session: str, event: Event) -> None:
    """What a request says of its exchange."""
    _merge(
        db,
        session,
        event,
        started=seconds_of(event.get("ts")),
        kind=event.get("kind", "other"),
        asked=event.get("asked"),
        sent=event.get("gen_ai.request.model"),
    )


def answered(db: sqlite3.Connection, session: str, event: Event) -> None:
    """What a response says of its exchange."""
    _merge(
        db,
        session,
        event,
        sent=event.get("gen_ai.request.model"),
        served=event.get("gen_ai.response.model"),
        status=event.get("status"),
        error=event.get("error"),
        input=_count(event, "input_tokens"),
        cached=_count(event, "cache_read.input_tokens"),
        output=_count(event, "output_tokens"),
        ended=1,
    )


def _count(event: Event, name: str) -> int | None:
    found = event.get(f"gen_ai.usage.{name}")
    return found if is_count(found) else None


def _merge(db: sqlite3.Connection, session: str, event: Event, **columns: Any) -> None:
    """Write the columns that say something, over what stands there."""
    updates = ", ".join(f"{name} = coalesce(excluded.{name}, {name})" for name in columns)
    db.execute(
        f"INSERT INTO exchanges (session, number, {', '.join(columns)})"
        f" VALUES ({', '.join('?' * (len(columns) + 2))}) ON CONFLICT DO UPDATE SET {updates}",
        (session, int(event["exchange"]), *columns.values()),
    )
