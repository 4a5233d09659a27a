"""A session as OpenTelemetry traces in OTLP's JSON: one trace, one span for each exchange.

The encoding is https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding (identifiers in
hexadecimal, 64-bit numbers as strings), the names are those of the generative-AI conventions
(open-telemetry/semantic-conventions-genai, 2026-11-21). Texts are left out: the conventions make
them opt-in, and a trace store is no place for source code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from dsfix import __version__
from dsfix.record.exchange import Exchange
from dsfix.record.reader import SessionRecord
from dsfix.report.export.resolved import line
from dsfix.upstreams import host_of

Span = dict[str, Any]
_INTERNAL, _CLIENT = 1, 3
_ERROR = 2


def otlp(record: SessionRecord) -> Iterator[str]:
    """The document."""
    facts = {name: record.start.get(name) for name in ("agent", "project", "branch")}
    spans = [session_span(record.id, record.started, record.duration, facts)]
    provider = provider_of(str(record.start.get("upstream", "")))
    spans += [exchange_span(record.id, provider, each.exchange) for each in record.exchanges]
    yield line(document(spans, {"service.name": "dsfix"})) + "\n"


def document(spans: list[Span], resource: Mapping[str, object]) -> dict[str, Any]:
    """An export request with these spans."""
    scope = {"name": "dsfix", "version": __version__}
    made = {"attributes": _attributes(resource)}
    return {"resourceSpans": [{"resource": made, "scopeSpans": [{"scope": scope, "spans": spans}]}]}


def session_span(
    session: str, started: float, duration: float, facts: Mapping[str, object]
) -> Span:
    """The span that the others are under; times in seconds."""
    return {
        "traceId": _hex(session, 16),
        "spanId": _hex(session, 8),
        "name": f"session {facts.get('agent') or '?'}",
        "kind": _INTERNAL,
        **_times(started, duration),
        "attributes": _attributes(
            {"dsfix.session": session, **{f"dsfix.{name}": said for name, said in facts.items()}}
        ),
    }


def provider_of(upstream: str) -> str:
    """A provider's name from the origin of its API: `deepseek` for https://api.deepseek.com."""
    host = host_of(upstream) or "unknown"
    labels = host.split(".")
    return labels[-2] if len(labels) > 1 and not labels[-1].isdigit() else host


def exchange_span(session: str, provider: str, exchange: Exchange) -> Span:
    """One exchange."""
    usage = exchange.usage
    failed = bool(exchange.error or exchange.cut)
    said = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.conversation.id": exchange.conversation,
        "gen_ai.request.model": exchange.sent or exchange.asked,
        "gen_ai.request.stream": exchange.stream,
        "gen_ai.response.model": exchange.served,
        "gen_ai.response.finish_reasons": [exchange.finish] if exchange.finish else None,
        "gen_ai.response.time_to_first_chunk": exchange.first_byte,
        "gen_ai.usage.input_tokens": usage.input if usage else None,
        "gen_ai.usage.cache_read.input_tokens": usage.cached if usage else None,
        "gen_ai.usage.cache_creation.input_tokens": (usage.written or None) if usage else None,
        "gen_ai.usage.output_tokens": usage.output if usage else None,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning if usage else None,
        "http.response.status_code": exchange.status or None,
        "error.type": str(exchange.status or exchange.cut) if failed else None,
        "dsfix.exchange": exchange.id,
        "dsfix.kind": exchange.kind,
        "dsfix.dialect": str(exchange.dialect),
        "dsfix.model.asked": exchange.asked,
        "dsfix.repairs": [each.repair for each in exchange.changes if not each.failed],
        "dsfix.attempts": len(exchange.attempts) + 1,
    }
    return {
        "traceId": _hex(session, 16),
        "spanId": _hex(f"{session} {exchange.id}", 8),
        "parentSpanId": _hex(session, 8),
        "name": f"chat {exchange.sent or exchange.asked}".strip(),
        "kind": _CLIENT,
        **_times(exchange.started, exchange.duration or 0.0),
        "attributes": _attributes(said),
        "status": {"code": _ERROR, "message": exchange.error} if failed else {},
    }


def _times(started: float, duration: float) -> dict[str, str]:
    begin = round(started * 1e6) * 1000
    end = begin + round(duration * 1e6) * 1000
    return {"startTimeUnixNano": str(begin), "endTimeUnixNano": str(end)}


def _hex(name: str, size: int) -> str:
    """An identifier that is the same for the same name: exporting twice makes no second trace."""
    return hashlib.blake2b(name.encode(), digest_size=size).hexdigest()


def _attributes(said: Mapping[str, object]) -> list[dict[str, Any]]:
    """The values that say something."""
    known = {key: value for key, value in said.items() if value not in (None, "", [])}
    return [{"key": key, "value": _value(value)} for key, value in known.items()]


def _value(value: object) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [_value(each) for each in value]}}
        case _:
            return {"stringValue": str(value)}
