"""The answer names the model that the agent asked for.

Claude Code drops the reasoning of every turn whose response named another model than the next
request (measured with 2.1.197, 2026-11-20), so an upstream that serves an alias breaks the
session at its first tool call. The name that was served is kept for the record first.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from dsfix.protocol import spans
from dsfix.protocol.body import Dialect
from dsfix.repairs.base import ALL, Answering, AnswerRepair, Repair


def _whole(data: bytes, answering: Answering) -> bytes:
    """A JSON answer, or one Chat chunk, under the name that was asked for."""
    message = spans.members(data)
    if message is None or not answering.asked:
        return data
    served = spans.value(message.get("model"))
    if not isinstance(served, str):
        return data
    answering.served = served
    if served == answering.asked:
        return data
    _note(answering)
    return spans.build_object({**message, "model": spans.encode(answering.asked)})


class _Named(msgspec.Struct, frozen=True):
    model: str = ""


def _inside(member: str) -> Callable[[bytes, Answering], list[bytes]]:
    """How an event is put right that names the model inside that member."""
    named = msgspec.json.Decoder(msgspec.defstruct("_Event", [(member, _Named, _Named())]))

    def event(data: bytes, answering: Answering) -> list[bytes]:
        try:
            served = getattr(named.decode(data), member).model
        except spans.Malformed:
            return [data]
        if served and served == answering.asked:  # as nearly always
            answering.served = served
            return [data]
        given = spans.members(data)
        if given is None or member not in given:
            return [data]
        new = _whole(given[member], answering)
        return [data if new is given[member] else spans.build_object({**given, member: new})]

    return event


def _chunk(data: bytes, answering: Answering) -> list[bytes]:
    """A Chat chunk, which names the model itself; so may the arguments of a call in it."""
    return [_whole(data, answering)]


def _note(answering: Answering) -> None:
    answering.note(RESPONSE_MODEL.name, f"{answering.served} -> {answering.asked}")


RESPONSE_MODEL = Repair(
    "response-model",
    "Names the model that the agent asked for, or Claude Code drops the turn's reasoning",
    ALL,
    answer={
        Dialect.MESSAGES: AnswerRepair((b"message_start",), _inside("message"), _whole),
        Dialect.CHAT: AnswerRepair((b'"model"',), _chunk, _whole),
        Dialect.RESPONSES: AnswerRepair((b'"response":',), _inside("response"), _whole),
    },
)
