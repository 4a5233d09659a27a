"""What stands in an event: an exchange as JSON fields, and back.

Names are OpenTelemetry's where it has one (gen_ai.*, semantic-conventions-genai); input tokens
include cached ones there as here. A field that says nothing is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dsfix.changes import Change, Step
from dsfix.protocol import spans
from dsfix.protocol.body import Dialect
from dsfix.protocol.usage import Usage
from dsfix.record.exchange import Attempt, Exchange, counted

if TYPE_CHECKING:
    from dsfix.protocol.answer import Answer, Block
    from dsfix.redact import Redactor
    from dsfix.repairs.chain import Outgoing

Fields = dict[str, Any]
ERROR = 4000  # letters of an error that are kept: some upstreams send a whole page


def _slim(fields: Mapping[str, Any]) -> Fields:
    """The fields that say something."""
    return {k: value for k, value in fields.items() if value or (value == 0 and value is not False)}


def _told(fields: Mapping[str, Any], redactor: Redactor) -> Fields:
    """Likewise, with no secret in any of them: an upstream may put one wherever there is a text."""
    return {name: redactor.value(value) for name, value in _slim(fields).items()}


def request_fields(exchange: Exchange, outgoing: Outgoing, size: int, redactor: Redactor) -> Fields:
    """What is known of an exchange when its request of so many bytes goes out."""
    return _told(
        {
            "exchange": exchange.id,
            "dialect": str(outgoing.dialect),
            "path": exchange.path,
            "kind": exchange.kind,
            "gen_ai.conversation.id": outgoing.conversation,
            "asked": exchange.asked,
            "gen_ai.request.model": exchange.sent,
            "gen_ai.request.stream": outgoing.stream or None,
            "bytes_in": exchange.bytes_in or None,
            "bytes_sent": size or None,
            "step": outgoing.step.name.lower() if outgoing.step else None,
            "changes": _changes(outgoing.changes),
        },
        redactor,
    )


def response_fields(exchange: Exchange, redactor: Redactor) -> Fields:
    """What is known of an exchange when it is over."""
    usage = exchange.usage
    return _told(
        {
            "exchange": exchange.id,
            "status": exchange.status,
            "gen_ai.request.model": exchange.sent,
            "gen_ai.response.model": exchange.served,
            "gen_ai.response.finish_reasons": [exchange.finish] if exchange.finish else None,
            "gen_ai.response.time_to_first_chunk": _seconds(exchange.first_byte),
            "duration": _seconds(exchange.duration),
            "bytes_out": exchange.bytes_out or None,
            "gen_ai.usage.input_tokens": usage.input if usage else None,
            "gen_ai.usage.cache_read.input_tokens": usage.cached if usage else None,
            "gen_ai.usage.output_tokens": usage.output if usage else None,
            "gen_ai.usage.reasoning.output_tokens": usage.reasoning if usage else None,
            "gen_ai.usage.cache_creation.input_tokens": (usage.written or None) if usage else None,
            "written_1h": (usage.written_1h or None) if usage else None,
            "searches": (usage.searches or None) if usage else None,
            "fetches": (usage.fetches or None) if usage else None,
            "error": redactor.text(exchange.error)[:ERROR],
            "cut": exchange.cut,
            "step": exchange.step.name.lower() if exchange.step else None,
            "replayed": exchange.replayed or None,
            "placeholders": exchange.placeholders or None,
            "changes": _changes(exchange.changes),
            "attempts": [
                {
                    "status": tried.status,
                    "words": redactor.text(tried.words)[:ERROR],
                    "then": tried.then,
                }
                for tried in exchange.attempts
            ],
        },
        redactor,
    )


def answer_fields(answer: Answer, redactor: Redactor, *, bodies: bool = True) -> list[Fields]:
    """The blocks of an answer.

    Of a call whose arguments were cut, or go deeper than Python follows, their text as `partial`.
    """
    blocks = [answer.blocks[index] for index in sorted(answer.blocks)]
    return [_block(block, redactor, bodies=bodies) for block in blocks]


def named(block: Block, redactor: Redactor) -> Fields:
    """What is known of a block when it begins."""
    return _told({"type": block.kind, "id": block.id, "name": block.name}, redactor)


def _block(block: Block, redactor: Redactor, *, bodies: bool) -> Fields:
    fields = named(block, redactor)
    text = block.text
    if not bodies:
        return {**fields, "characters": len(text)}
    if block.kind != "tool_use":
        return {**fields, "text": redactor.text(text)}
    given = spans.value(text.encode("utf-8", "replace") or b"{}")
    with suppress(RecursionError):
        if given is not None:
            return {**fields, "input": redactor.value(given)}
    return {**fields, "partial": redactor.text(text)}


def exchange_of(request: Mapping[str, Any], response: Mapping[str, Any], at: float) -> Exchange:
    """The exchange that these events tell of, begun `at`; without a `response` it is open."""
    both = {**request, **response}
    finish: Sequence[str] = both.get("gen_ai.response.finish_reasons") or [""]
    return Exchange(
        id=int(both.get("exchange", 0)),
        started=at,
        dialect=_dialect(both.get("dialect")),
        path=both.get("path", ""),
        kind=both.get("kind", "other"),
        conversation=both.get("gen_ai.conversation.id", ""),
        stream=bool(both.get("gen_ai.request.stream")),
        asked=both.get("asked", ""),
        sent=both.get("gen_ai.request.model", ""),
        served=both.get("gen_ai.response.model", ""),
        status=both.get("status", 0),
        finish=finish[0],
        error=both.get("error", ""),
        cut=both.get("cut", ""),
        step=Step.__members__.get(str(both.get("step", "none")).upper(), Step.NONE),
        usage=_usage(both),
        first_byte=both.get("gen_ai.response.time_to_first_chunk"),
        duration=both.get("duration"),
        bytes_in=both.get("bytes_in", 0),
        bytes_out=both.get("bytes_out", 0),
        replayed=both.get("replayed", 0),
        placeholders=both.get("placeholders", 0),
        changes=[
            Change(each["repair"], each.get("detail", ""), each.get("count", 1), "failed" in each)
            for each in both.get("changes", ())
        ],
        attempts=[
            Attempt(each["status"], each["words"], each["then"])
            for each in both.get("attempts", ())
        ],
    )


def _usage(fields: Mapping[str, Any]) -> Usage | None:
    if "gen_ai.usage.input_tokens" not in fields:
        return None
    return counted(
        Usage(
            fields["gen_ai.usage.input_tokens"],
            fields.get("gen_ai.usage.cache_read.input_tokens", 0),
            fields.get("gen_ai.usage.output_tokens", 0),
            fields.get("gen_ai.usage.reasoning.output_tokens"),
            fields.get("gen_ai.usage.cache_creation.input_tokens", 0),
            fields.get("written_1h", 0),
            fields.get("searches", 0),
            fields.get("fetches", 0),
        )
    )


def _changes(changes: Iterable[Change]) -> list[Fields]:
    return [
        _slim(
            {
                "repair": change.repair,
                "detail": change.detail,
                "count": change.count if change.count != 1 else None,
                "failed": change.failed,
            }
        )
        for change in changes
    ]


def _dialect(name: object) -> Dialect:
    try:
        return Dialect(str(name))
    except ValueError:
        return Dialect.MESSAGES


def _seconds(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
