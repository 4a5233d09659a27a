"""Recorded sessions as JSON documents. Keys are stable within one `schema`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from dsfix.record.exchange import Exchange
from dsfix.record.file import stamp
from dsfix.record.index.query import Hit, Indexed
from dsfix.record.reader import Recorded, SessionRecord
from dsfix.report.recall import recalled
from dsfix.report.snippet import snippet


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
        "exchanges": [exchange(each.exchange, ended=each.ended) for each in record.exchanges],
    }
    if messages:
        document["conversations"] = [_said(record, each) for each in record.conversations()]
    return document


def exchange(exchange: Exchange, *, ended: bool) -> dict[str, Any]:
    """One exchange, without what was said in it."""
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
