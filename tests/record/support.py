"""Requests and answers as the proxy hands them to the journal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dsfix.protocol.answer import Answer, Block
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.usage import Usage
from dsfix.record.exchange import Exchange
from dsfix.record.index.opening import current
from dsfix.record.index.query import Indexed, Wanted, listed
from dsfix.record.log import SessionLog
from dsfix.redact import Redactor
from dsfix.repairs.base import Answering, Change
from dsfix.repairs.chain import Outgoing
from dsfix.repairs.reply import Reply
from dsfix.report.transcript import transcript

NONE = Redactor({})
ALL = Wanted()
START = 1_795_230_922.0  # 2026-11-21 03:15:22 UTC
META = {"agent": "claude", "upstream": "https://api.deepseek.com", "cwd": "/home/me/work"}


def request(
    messages: Sequence[Any],
    conversation: str = "c1",
    changes: Sequence[Change] = (),
    **members: Any,
) -> Outgoing:
    """A request of a Messages agent; a message may be given as bytes."""
    whole = {"model": "claude-sonnet-4-5", "max_tokens": 100, "stream": True, **members}
    spans = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in messages]
    data = json.dumps(whole).encode()[:-1] + b', "messages": [' + b", ".join(spans) + b"]}"
    body = Body.read(Dialect.MESSAGES, data)
    assert body is not None
    return Outgoing(
        Dialect.MESSAGES,
        (data,),
        asked="claude-sonnet-4-5",
        sent="deepseek-v4-pro",
        stream=True,
        body=body,
        conversation=conversation,
        changes=tuple(changes),
    )


def exchange(number: int = 1, **fields: Any) -> Exchange:
    """An exchange as the proxy has it when its request went out."""
    known: dict[str, Any] = {"path": "/v1/messages", "conversation": "c1"}
    known |= {"asked": "claude-sonnet-4-5", "sent": "deepseek-v4-pro"}
    return Exchange(number, START + number, Dialect.MESSAGES, **{**known, **fields})


def reply(*blocks: Block) -> Reply:
    """An answer of these blocks."""
    answer = Answer(blocks=dict(enumerate(blocks)), done=True)
    return Reply(
        Dialect.MESSAGES, (), Answering(Dialect.MESSAGES, "claude-sonnet-4-5"), answer=answer
    )


def finished(each: Exchange, *, usage: Usage | None = None, **fields: Any) -> Exchange:
    """The same exchange when it is over."""
    each.status, each.served, each.finish = 200, "deepseek-v4-pro", "end_turn"
    each.first_byte, each.duration, each.usage = 0.25, 1.5, usage or Usage(1000, 900, 50)
    for name, value in fields.items():
        setattr(each, name, value)
    return each


def user(text: str, **marks: Any) -> dict[str, Any]:
    """A user's message."""
    return {"role": "user", "content": [{"type": "text", "text": text, **marks}]}


def assistant(text: str, thought: str = "hm") -> dict[str, Any]:
    """A model's message."""
    thinking = {"type": "thinking", "thinking": thought, "signature": "s"}
    return {"role": "assistant", "content": [thinking, {"type": "text", "text": text}]}


def opened(state: Path, redactor: Redactor = NONE, **options: Any) -> SessionLog:
    """A journal on disk, started."""
    log = SessionLog(state, redactor, clock=lambda: START, **options)
    log.start(META)
    return log


def recorded(
    log: SessionLog, outgoing: Outgoing, answer: Reply | None, number: int = 1, **fields: Any
) -> None:
    """One whole exchange."""
    fields |= {"conversation": outgoing.conversation, "stream": outgoing.stream}
    each = exchange(number, **fields)
    log.began(each, outgoing)
    if answer is not None:
        log.answering(each, answer)
    log.ended(finished(each), answer)


def events(log: SessionLog) -> list[dict[str, Any]]:
    """What stands in the file, as far as its lines are whole."""
    assert log.path is not None
    lines = log.path.read_bytes().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


def of_type(log: SessionLog, kind: str) -> list[dict[str, Any]]:
    """The events of one type."""
    return [event for event in events(log) if event["type"] == kind]


def indexed(state: Path, wanted: Wanted = ALL) -> list[Indexed]:
    """The sessions as they are listed."""
    with current(state, transcript) as found:
        return listed(found.db, wanted, 100)
