"""A session as JSON Lines: one line that tells of the session, then one for each exchange.

Each exchange stands by itself, with the whole of its request: a file grows with the square of a
conversation, where the record grows with what is new.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsfix.record.reader import SessionRecord
from dsfix.report.documents import shown
from dsfix.report.export.resolved import body, line
from dsfix.report.summary import Summary


def jsonl(record: SessionRecord, summary: Summary) -> Iterator[str]:
    """The lines."""
    session = shown(record, summary)
    exchanges = session.pop("exchanges")
    yield line({"type": "session", **session}) + "\n"
    for each, fields in zip(record.exchanges, exchanges, strict=True):
        said = {"request": body(record, each), "answer": list(each.answer)}
        yield line({"type": "exchange", "session": record.id, **fields, **said}) + "\n"
