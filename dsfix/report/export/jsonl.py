"""A session as JSON Lines: one line that tells of the session, then one for each exchange.

Each exchange stands by itself, with the whole of its request: a file grows with the square of a
conversation, where the record grows with what is new.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsfix.record.reader import SessionRecord
from dsfix.report.documents import exchange, shown
from dsfix.report.export.resolved import body, line


def jsonl(record: SessionRecord) -> Iterator[str]:
    """The lines."""
    session = shown(record, messages=False)
    del session["exchanges"]
    yield line({"type": "session", **session}) + "\n"
    for each in record.exchanges:
        fields = exchange(each.exchange, ended=each.ended)
        said = {"request": body(record, each), "answer": list(each.answer)}
        yield line({"type": "exchange", "session": record.id, **fields, **said}) + "\n"
