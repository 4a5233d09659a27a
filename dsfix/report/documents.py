"""Recorded sessions as JSON documents. Keys are stable within one `schema`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from dsfix.record.file import stamp
from dsfix.record.index.query import Hit, Indexed
from dsfix.record.reader import Recorded, SessionRecord
from dsfix.report.cost import Bill, Costs, cost_of, costs_of, exactly, upstream_of
from dsfix.report.snippet import snippet
from dsfix.report.summary import Summary


def listed(session: Indexed) -> dict[str, Any]:
    """One session of a list."""
    ended = session.state == "ended"
    return {
        "id": session.id,
        "state": session.state,
        "started": stamp(session.started) if session.started else None,
        "duration": session.duration if ended else None,
        "exit_code": session.exit_code,
        "agent": session.agent or None,
        "upstream": session.upstream or None,
        "cwd": session.cwd or None,
        "project": session.project,
        "branch": session.branch,
        "title": session.title,
        "said": session.said,
        "category": session.category,
        "tags": list(session.tags),
        "models": list(session.models),
        "exchanges": session.exchanges,
        "errors": session.errors,
        "tokens": {
            "input": session.input,
            "cached": session.cached,
            "output": session.output,
        },
        "path": session.path,
    }


def hit(found: Hit, words: Sequence[str]) -> dict[str, Any]:
    """One place where the words were said; `marks` are their places in the `snippet`."""
    pieces, at, marks = snippet(found.text, words), 0, []
    for text, marked in pieces:
        if marked:
            marks.append([at, at + len(text)])
        at += len(text)
    return {
        "session": found.session,
        "started": stamp(found.started),
        "project": found.project,
        "exchange": found.exchange,
        "role": found.role,
        "sort": found.sort,
        "tool": found.tool,
        "snippet": "".join(text for text, _ in pieces),
        "marks": marks,
    }


def shown(record: SessionRecord, summary: Summary, *, messages: bool = False) -> dict[str, Any]:
    """One session, with what was said in it where that is asked for."""
    start, costs = record.start, costs_in(record, summary.bill)
    document: dict[str, Any] = {
        "id": record.id,
        "state": str(record.state),
        "started": start.get("ts"),
        "argv": start.get("argv"),
        "cwd": start.get("cwd"),
        "version": start.get("version"),
        "path": str(record.path),
        "summary": summary.as_dict(),
        "exchanges": [exchange(each, costs) for each in record.exchanges],
    }
    if messages:
        document["conversations"] = [_said(record, each) for each in record.conversations()]
    return document


def shown_one(
    record: SessionRecord, summary: Summary, each: Recorded, *, messages: bool
) -> dict[str, Any]:
    """One exchange of a session, with what was said in it where that is asked for."""
    costs = costs_in(record, summary.bill)
    document = {"session": record.id, "exchange": exchange(each, costs)}
    return {**document, "conversations": [_said(record, each)]} if messages else document


def costs_in(record: SessionRecord, bill: Bill | None) -> Costs | None:
    """The costs in the currency of the session's bill; None where it has none."""
    upstream = upstream_of(record.start)
    return None if bill is None or upstream is None else costs_of(upstream, bill.currency)


def exchange(each: Recorded, costs: Costs | None) -> dict[str, Any]:
    """One exchange, without what was said in it; its cost is a decimal number as text."""
    exchange = each.exchange
    cost = cost_of(exchange, exchange.usage, costs) if exchange.usage and costs else None
    return {
        "id": exchange.id,
        "started": round(exchange.started, 3),
        "first_byte": exchange.first_byte,
        "duration": exchange.duration,
        "ended": each.ended,
        "dialect": str(exchange.dialect),
        "path": exchange.path,
        "kind": exchange.kind,
        "conversation": exchange.conversation,
        "stream": exchange.stream,
        "models": {"asked": exchange.asked, "sent": exchange.sent, "served": exchange.served},
        "status": exchange.status,
        "finish": exchange.finish,
        "error": exchange.error,
        "cut": exchange.cut,
        "tokens": asdict(exchange.usage) if exchange.usage else None,
        "cost": None if cost is None else exactly(cost),
        "replayed": exchange.replayed,
        "placeholders": exchange.placeholders,
        "step": exchange.step.name.lower(),
        "repairs": [asdict(change) for change in exchange.changes],
        "edits": each.edited.as_dict(),
        "attempts": [asdict(tried) for tried in exchange.attempts],
    }


def _said(record: SessionRecord, last: Recorded) -> dict[str, Any]:
    """A conversation as its last request carries it, and the answer to that."""
    return {
        "id": last.exchange.conversation,
        "kind": last.exchange.kind,
        "exchange": last.exchange.id,
        "system": record.part(last, "system"),
        "messages": record.messages(last),
        "answer": list(last.answer),
    }
