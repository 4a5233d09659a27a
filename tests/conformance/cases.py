"""The kinds of rows: a request that is refused, a cache that is missed, an answer that does harm."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from dsfix.memory import OriginMemory
from dsfix.protocol import sse
from dsfix.protocol.body import Dialect
from dsfix.repairs.base import Repair, Rules, Step
from dsfix.repairs.chain import Outgoing, prepare
from dsfix.repairs.recall import Length, Place
from dsfix.repairs.reply import Reply
from dsfix.simulator.engine import Engine
from dsfix.simulator.options import Options
from dsfix.simulator.rules import read
from dsfix.simulator.rules.ledger import Minted
from dsfix.simulator.rules.wire import context
from tests.conformance.diff import encode
from tests.conformance.row import CHAT, Outcome
from tests.conformance.upstream import (
    HEADERS,
    PATHS,
    cached,
    document,
    post,
    refused,
    says_something,
    strict,
)
from tests.repairs.support import RULES, memory

STRICT = strict()
# A member that nobody knows, with numbers that are easily damaged: it must arrive as it is.
OWN = {"x_agent": [1e-07, 12345678901234567890]}

Judge = Callable[[Dialect, Any, Any], str]


def speaks(dialect: Dialect, sent: Any, whole: Any) -> str:
    """An answer says something or calls a tool."""
    return "" if says_something(dialect, whole) else "200, and nothing but reasoning in the answer"


class Passed(NamedTuple):
    """An exchange that went well before: it is remembered here, and by the upstream."""

    body: Any
    answer: Any

    def happen(
        self, dialect: Dialect, repairs: Sequence[Repair], engine: Engine, known: OriginMemory
    ) -> None:
        """Have it happen."""
        out = _prepared(dialect, self.body, repairs, RULES, known)
        reply = Reply.to(out, repairs, RULES)
        reply.whole(encode(self.answer))
        turn, history = reply.answer.turn(), out.history
        assert history is not None
        assert turn.reasoning is not None
        known.remember(turn, Place(history, len(history.messages)))
        request = read(
            *("POST", PATHS[dialect], HEADERS, out.data),
            policy=engine.options.policy,
            ledger=engine.ledger,
        )
        before = context(request.history)
        text = turn.reasoning.text
        engine.ledger.add(Minted(reply.answer.id, request.key, text, turn.text, before, turn.calls))


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that the upstream refuses, or answers in a way that is of no use.

    `wants` says what is wrong with what was sent and its answer, empty if nothing is. `seen` are
    answers of the upstream that went to somebody else: it knows them, we do not. `density` is how
    many tokens the upstream counted for a byte, where it has counted before.
    """

    body: Any
    options: Options = STRICT
    passed: tuple[Passed, ...] = ()
    rules: Rules = RULES
    wants: Judge = speaks
    seen: tuple[Minted, ...] = ()
    density: float = 0.0

    def run(self, dialect: Dialect, repairs: Sequence[Repair]) -> Outcome:
        """Send it through the repairs."""
        engine, known = Engine(self.options), memory()
        for each in self.seen:
            engine.ledger.add(each)
        for passed in self.passed:
            passed.happen(dialect, repairs, engine, known)
        given = {**self.body, **OWN}
        out = _prepared(dialect, given, repairs, self.rules, known, self.density)
        reply = post(engine, dialect, out.data)
        after = json.loads(out.data)
        trouble = refused(reply) or self.wants(dialect, after, document(reply))
        body = (reply.status, b"".join(reply.frames)) if reply.status != 200 else None
        return Outcome(trouble, given, after, out.data, body)


@dataclass(frozen=True, slots=True)
class Shared:
    """Two requests of one user that should have their beginning in common in the cache."""

    first: Any
    second: Any
    options: Options = STRICT

    def run(self, dialect: Dialect, repairs: Sequence[Repair]) -> Outcome:
        """Send both; the second is looked at."""
        engine = Engine(self.options)
        for given in (self.first, self.second):
            out = _prepared(dialect, given, repairs, RULES, memory())
            reply = post(engine, dialect, out.data)
            trouble = refused(reply) or _missed(cached(dialect, document(reply)))
        return Outcome(trouble, given, json.loads(out.data), out.data)


def _missed(hit: int) -> str:
    return "" if hit else "cached tokens: 0"


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, whole or as the events of a stream, and what becomes of it in the agent's hands.

    `answer` may be made from what was sent. `agent` says what is wrong: it gets the request and
    what arrived.
    """

    body: Any
    answer: Any
    agent: Judge

    def run(self, dialect: Dialect, repairs: Sequence[Repair]) -> Outcome:
        """Pass the answer through the repairs."""
        out = _prepared(dialect, self.body, repairs, RULES, memory())
        refusal = refused(post(Engine(STRICT), dialect, out.data))
        if refusal:
            return Outcome(refusal)
        made = callable(self.answer)
        given = self.answer(json.loads(out.data)) if made else self.answer
        reply = Reply.to(out, repairs, RULES)
        if isinstance(given, list):
            data = reply.feed(stream(dialect, given)) + reply.end()
            after: Any = payloads(data)
        else:
            data = reply.whole(encode(given))
            after = json.loads(data)
        return Outcome(self.agent(dialect, self.body, after), given, after, data)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An answer that passes as it is, and what the record must say of it."""

    body: Any
    answer: Any
    says: str

    def run(self, dialect: Dialect, repairs: Sequence[Repair]) -> Outcome:
        """Pass the answer through the repairs."""
        out = _prepared(dialect, self.body, repairs, RULES, memory())
        reply = Reply.to(out, repairs, RULES)
        data = reply.whole(encode(self.answer))
        said = [change.detail for change in reply.answering.changes]
        trouble = "" if self.says in said else f"the record does not say: {self.says}"
        return Outcome(trouble, self.answer, json.loads(data), data)


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal with this status and body, and what the agent makes of it."""

    body: Any
    status: int
    error: Any
    agent: Judge

    def run(self, dialect: Dialect, repairs: Sequence[Repair]) -> Outcome:
        """Pass the refusal through the repairs."""
        out = _prepared(dialect, self.body, repairs, RULES, memory())
        data = Reply.to(out, repairs, RULES).error(self.status, encode(self.error))
        after = json.loads(data)
        return Outcome(self.agent(dialect, self.body, after), self.error, after, data)


def stream(dialect: Dialect, events: Sequence[Any]) -> bytes:
    """Events as they travel."""
    named = dialect is not CHAT
    return b"".join(
        sse.encode(encode(event), str(event["type"]) if named else "") for event in events
    )


def payloads(data: bytes) -> list[Any]:
    """The events of a stream, decoded."""
    return [json.loads(sse.data_of(event)) for event in sse.split(data)]


def _prepared(
    dialect: Dialect,
    body: Any,
    repairs: Sequence[Repair],
    rules: Rules,
    known: OriginMemory,
    density: float = 0.0,
) -> Outgoing:
    return prepare(
        dialect,
        encode(body),
        repairs,
        rules,
        known,
        step=lambda _: Step.NONE,
        length=lambda _: Length(density),
    )
