"""A session as an HTTP archive (HAR 1.2, https://github.com/ahmadnassri/har-spec, 2026-11-21).

Bodies are made from the record: they say what was said, not byte for byte. Headers are not
recorded, so none can leak.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from dsfix import __version__
from dsfix.record.reader import Recorded, SessionRecord
from dsfix.report.cost import Costs, upstream_of
from dsfix.report.documents import costs_in
from dsfix.report.documents import exchange as told
from dsfix.report.export.resolved import body, line
from dsfix.report.summary import Summary

_JSON = "application/json"
_MADE = "put together from the record of dsfix; redacted, and not byte for byte"


def har(record: SessionRecord, summary: Summary) -> Iterator[str]:
    """The document, an entry at a time."""
    creator = line({"name": "dsfix", "version": __version__})
    costs = costs_in(record, summary.bill)
    yield f'{{"log":{{"version":"1.2","creator":{creator},"pages":[],"entries":['
    for place, each in enumerate(record.exchanges):
        yield (",\n" if place else "\n") + line(_entry(record, each, costs))
    yield "\n]}}\n"


def _entry(record: SessionRecord, each: Recorded, costs: Costs | None) -> dict[str, Any]:
    exchange = each.exchange
    whole = 1000 * (exchange.duration or 0.0)
    wait = min(whole, 1000 * (exchange.first_byte or 0.0))
    return {
        "startedDateTime": datetime.fromtimestamp(exchange.started, UTC).isoformat(),
        "time": round(whole, 3),
        "request": _request(record, each),
        "response": _response(each),
        "cache": {},
        "timings": {"send": 0, "wait": round(wait, 3), "receive": round(whole - wait, 3)},
        "comment": _MADE,
        "_dsfix": told(each, costs),
    }


def _request(record: SessionRecord, each: Recorded) -> dict[str, Any]:
    exchange = each.exchange
    request: dict[str, Any] = {
        "method": "POST" if exchange.bytes_in or each.head else "GET",
        "url": f"{record.start.get('upstream', '')}{_path(record, exchange.path)}",
        **_empty(),
        "queryString": [],
        "bodySize": exchange.bytes_in or -1,
    }
    if request["method"] == "POST":
        request["postData"] = {"mimeType": _JSON, "text": line(body(record, each)), "params": []}
    return request


def _path(record: SessionRecord, path: str) -> str:
    """What the agent asked for at the endpoint, whose own path begins with the upstream's host."""
    upstream = upstream_of(record.start)
    host, slash, rest = path.removeprefix("/").partition("/")
    return slash + rest if upstream and host in upstream.hosts else path


def _response(each: Recorded) -> dict[str, Any]:
    exchange = each.exchange
    phrases = {each.value: each.phrase for each in HTTPStatus}
    text = line({"error": exchange.error} if exchange.error else {"content": list(each.answer)})
    return {
        "status": exchange.status,
        "statusText": phrases.get(exchange.status, ""),
        **_empty(),
        "content": {"size": len(text.encode()), "mimeType": _JSON, "text": text},
        "redirectURL": "",
        "bodySize": exchange.bytes_out or -1,
    }


def _empty() -> dict[str, Any]:
    return {"httpVersion": "HTTP/1.1", "cookies": [], "headers": [], "headersSize": -1}
