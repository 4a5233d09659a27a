"""How a run went, as its summary."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from dsfix.errors import DsfixError
from dsfix.record.exchange import Exchange
from dsfix.record.limits import Limits, raised
from dsfix.record.reader import read
from dsfix.report.cache import Cache, explained
from dsfix.report.cost import bill_of, told_in
from dsfix.report.facts import Facts
from dsfix.report.summary import Summary
from dsfix.session import Outcome


def summary_of(outcome: Outcome, limits: Limits, currency: str) -> Summary:
    """The summary of a run that was begun with these limits; the currency is a setting's."""
    log = outcome.log
    limits = raised(log.directory).over(limits)
    facts = Facts(
        log.id,
        outcome.agent,
        outcome.upstream.origin,
        started=log.began_at,
        duration=outcome.duration,
        exit_code=outcome.exit_code,
        record=str(log.path) if log.path and os.access(log.path, os.F_OK) else "",
        bypass=outcome.wiring.bypass,
        notes=(*outcome.wiring.notes, *outcome.troubles),
        beyond=log.beyond,
        limits=limits,
        turned_away=log.turned_away,
    )
    exchanges = log.exchanges
    cache = _cache(exchanges, log.path)
    bill = bill_of(exchanges, outcome.upstream, told_in(limits, currency), cache.saved)
    return Summary.of(exchanges, facts, log.redactor.text, cache, bill)


def _cache(exchanges: Sequence[Exchange], path: Path | None) -> Cache:
    """What became of the cache, told from the record as far as it can be read."""
    try:
        return explained(exchanges, lambda: read(path) if path else None)
    except DsfixError:  # the record is gone; the summary says so
        return explained(exchanges)
