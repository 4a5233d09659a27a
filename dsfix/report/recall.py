"""The summary of a session that is read back."""

from __future__ import annotations

from collections import Counter

from dsfix.record.limits import Limits, raised
from dsfix.record.reader import SessionRecord
from dsfix.report.cache import explained
from dsfix.report.cost import bill_at, upstream_of
from dsfix.report.facts import Facts
from dsfix.report.summary import Summary


def recalled(record: SessionRecord, currency: str = "auto") -> Summary:
    """The summary of a recorded session; it was redacted when it was written.

    The currency is a setting's: see `dsfix.report.cost.told_in`.
    """
    limits = raised(record.path.parent).over(Limits.of(record.start.get("budget")))
    facts = Facts(
        session=record.id,
        agent=str(record.start.get("agent", "?")),
        upstream=str(record.start.get("upstream", "?")),
        started=record.started,
        duration=record.duration,
        exit_code=record.end.get("exit_code"),
        record=str(record.path),
        limits=limits,
        turned_away=Counter(record.turned_away).most_common(),
    )
    exchanges = [each.exchange for each in record.exchanges]
    cache = explained(exchanges, lambda: record)
    bill = bill_at(exchanges, upstream_of(record.start), limits, cache.saved, currency)
    return Summary.of(exchanges, facts, str, cache, bill)
