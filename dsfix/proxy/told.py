"""What an exchange tells of itself, filled in as it becomes known."""

from __future__ import annotations

import asyncio
from sys import intern

from dsfix.record.exchange import Exchange, counted
from dsfix.repairs.chain import Outgoing
from dsfix.repairs.reply import Reply

_NAMED = 200  # characters; no vendor's name is that long


def describe(exchange: Exchange, outgoing: Outgoing, kind: str) -> None:
    """Fill in what is known of a request before it goes out."""
    exchange.kind = kind
    exchange.conversation = intern(outgoing.conversation)
    exchange.stream = outgoing.stream
    exchange.asked, exchange.sent = as_name(outgoing.asked), as_name(outgoing.sent)
    exchange.step = outgoing.step
    exchange.changes = list(outgoing.changes)
    exchange.replayed, exchange.placeholders = outgoing.replayed, outgoing.placeholders


def as_name(text: str) -> str:
    """A name to be written down; of one that is none, the length: a secret may be cut in two."""
    return intern(text if len(text) <= _NAMED else f"[{len(text)} characters]")


def broke_off(exchange: Exchange, reply: Reply | None, error: BaseException) -> None:
    """The agent hung up; or a fault of ours, for which it gets a 500 or the end of its answer.

    An agent that has the whole answer need not wait until the upstream ends it.
    """
    if isinstance(error, asyncio.CancelledError):
        whole = reply is not None and reply.answer.done
        exchange.cut = exchange.cut or ("" if whole else "agent")
    else:
        exchange.status = exchange.status or 500
        exchange.error = exchange.error or f"dsfix: {type(error).__name__}"


def conclude(exchange: Exchange, reply: Reply) -> None:
    """Fill in what its answer said."""
    answer = reply.answer
    exchange.served, exchange.finish = as_name(answer.served), as_name(answer.finish)
    exchange.usage = counted(answer.usage)
    exchange.error = exchange.error or answer.error
    exchange.changes += reply.answering.changes
