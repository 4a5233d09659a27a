"""The summary of a session that is read back."""

from __future__ import annotations

from urllib.parse import urlsplit

from dsfix.record.reader import SessionRecord
from dsfix.report.summary import Facts, Summary
from dsfix.upstreams import is_loopback


def recalled(record: SessionRecord) -> Summary:
    """The summary of a recorded session; it was redacted when it was written."""
    origin = str(record.start.get("upstream", "?"))
    url = urlsplit(origin)
    facts = Facts(
        session=record.id,
        agent=str(record.start.get("agent", "?")),
        upstream=origin,
        started=record.started,
        duration=record.duration,
        exit_code=record.end.get("exit_code"),
        record=str(record.path),
        plain_http=url.scheme == "http" and not is_loopback(url.hostname or ""),
    )
    return Summary.of([each.exchange for each in record.exchanges], facts, lambda text: text)
