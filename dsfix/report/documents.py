"""Recorded sessions as JSON documents. Keys are stable within one `schema`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from dsfix.record.exchange import Exchange
from dsfix.record.reader import Recorded, SessionRecord
from dsfix.record.sessions import Listed
from dsfix.report.recall import recalled


def listed(session: Listed) -> dict[str, Any]:
    """One session of a list."""
    start, end, totals = session.start, session.end, session.totals
    return {
        "id": session.id,
        "state": str(session.state),
        "started": start.get("ts"),
        "duration": end.get("duration"),
        "exit_code": end.get("exit_code"),
        "agent": start.get("agent"),
        "upstream": start.get("upstream"),
        "cwd": start.get("cwd"),
        "exchanges": totals.get("exchanges", 0),
        "errors": totals.get("errors", 0),
        "tokens": {name: totals.get(name, 0) for name in ("input", "cached", "output")},
        "path": str(session.path),
    }


def shown(record: SessionRecord, *, messages: bool) -> dict[str, Any]:
    """One session, with what was said in it where that is asked for."""
    start = record.start
    document: dict[str, Any] = {
        "id": record.id,
        "state": str(record.state),
        "started": start.get("ts"),
        "argv": start.get("argv"),
        "cwd": start.get("cwd"),
        "version": start.get("version"),
        "path": str(record.path),
        "summary": recalled(record).as_dict(),
        "exchanges": [_exchange(each.exchange, ended=each.ended) for each in record.exchanges],
    }
    if messages:
        document["conversations"] = [_said(record, each) for each in record.conversations()]
    return document


def _exchange(exchange: Exchange, *, ended: bool) -> dict[str, Any]:
    return {
        "id": exchange.id,
        "started": round(exchange.started, 3),
        "first_byte": exchange.first_byte,
        "duration": exchange.duration,
        "ended": ended,
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
        "replayed": exchange.replayed,
        "placeholders": exchange.placeholders,
        "step": exchange.step.name.lower(),
        "repairs": [asdict(change) for change in exchange.changes],
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
