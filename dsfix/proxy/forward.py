"""One exchange: admitted, prepared, sent as often as recovery takes, and answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from sys import intern
from typing import TypeVar

from aiohttp import web

from dsfix.accepting import admit
from dsfix.admission import Refusal
from dsfix.foreground import Foreground
from dsfix.memory import OriginMemory
from dsfix.protocol.body import Dialect
from dsfix.protocol.growing import Growing
from dsfix.proxy import local
from dsfix.proxy.attempts import Attempts
from dsfix.proxy.budget import STATUS, Budget
from dsfix.proxy.client import Client, Unreachable
from dsfix.proxy.counting import Counting
from dsfix.proxy.delivery import Delivery, Journal
from dsfix.proxy.door import BrokenBody, body_of
from dsfix.proxy.garbage import Garbage
from dsfix.proxy.guard import NOT_ADMITTED, Guard, Route
from dsfix.proxy.learning import Learning
from dsfix.proxy.told import as_name, broke_off, conclude, describe
from dsfix.record.exchange import Exchange
from dsfix.record.kinds import kind_of, session_of
from dsfix.repairs.base import Repair, Rules, Step
from dsfix.repairs.chain import Outgoing, prepare
from dsfix.repairs.recall import Length
from dsfix.repairs.recovery import RETRY_AFTER
from dsfix.repairs.reply import Reply
from dsfix.upstreams.base import Upstream

BODY_LIMIT = 64 << 20
_TOO_LARGE = Refusal(413, f"request body over {BODY_LIMIT >> 20} MiB")
_BROKEN = Refusal(400, "the request's body cannot be read: its chunks or its coding are broken")
CONVERSATIONS = 256  # of which something is known here: the most recent ones

Known = TypeVar("Known", int, float)


@dataclass(slots=True)
class _UnderWay:
    """An exchange that is under way, since `clock` (perf_counter).

    `prepared` makes what goes upstream of the request, `outgoing` is what went last, and `reply`
    its answer once there is one.
    """

    exchange: Exchange
    clock: float
    prepared: Callable[..., Outgoing]
    outgoing: Outgoing
    reply: Reply | None = None


@dataclass(slots=True)
class Forwarder:
    """Handles every request of a session. Lives on the proxy's loop.

    `retries` is how often a busy upstream is asked again, None for as often as the dialect's
    agents need it. `budget` is what the session may use up, None where nothing limits it. The
    `foreground` is claimed for a request until its answer begins.
    """

    upstream: Upstream
    client: Client
    guard: Guard
    repairs: tuple[Repair, ...]
    rules: Rules
    memory: OriginMemory
    journal: Journal
    retries: int | None = None
    budget: Budget | None = None
    foreground: Foreground = field(default_factory=Foreground)
    wall: Callable[[], float] = time.time
    _count: int = 0
    _since_off: dict[str, int] = field(default_factory=dict)
    _density: dict[str, float] = field(default_factory=dict)
    _bodies: Growing = field(default_factory=Growing)
    _garbage: Garbage = field(default_factory=Garbage)
    _counting: Counting = field(init=False)
    _learning: Learning = field(init=False)

    def __post_init__(self) -> None:
        """Count where the upstream says."""
        self._counting = Counting(self.client, self.upstream.paths.get("count_tokens"))
        self._learning = Learning(self.memory)

    def close(self) -> None:
        """Keep what has still to be kept."""
        self._learning.finish()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Admit, answer locally, or forward."""
        headers: dict[str, list[str]] = {}
        for name, value in request.headers.items():
            headers.setdefault(name.lower(), []).append(value)
        target = request.raw_path
        route = self.guard.route(target)
        refusal = self.guard.refusal(request.method, target, headers)
        if refusal is not None:
            return self._refused(request, route, refusal)
        if request.method == "HEAD":
            return local.alive(request, self.guard.token)
        admit(request.transport)
        if route is Route.MODELS:
            return local.models(request, self.upstream)
        self.foreground.claim()
        try:
            return await self._taken(request, route)
        finally:
            self.foreground.release()

    async def _taken(self, request: web.BaseRequest, route: Route | None) -> web.StreamResponse:
        """The answer to a request that may be made."""
        try:
            body = await body_of(request, BODY_LIMIT)
        except BrokenBody:  # nobody can tell where the next request begins
            request.content.feed_eof()  # what follows is not waited for
            return self._refused(request, route, _BROKEN)
        if body is None:
            return self._refused(request, route, _TOO_LARGE)
        if route is Route.COUNT_TOKENS:
            return await self._counting.answer(request, body)
        dialect = Dialect(str(route))
        if dialect not in self.upstream.paths:
            return self._refused(request, route, local.not_served(dialect, self.upstream))
        return await self._exchange(request, dialect, body)

    def _refused(
        self, request: web.BaseRequest, route: Route | None, refusal: Refusal
    ) -> web.Response:
        """Refuse it at the door. Whoever does not hold the token has no say in what is told."""
        status, told = refusal
        if status not in NOT_ADMITTED:
            told = f"{told}: {request.method} {as_name(request.path)}"
        self.journal.refused(Refusal(status, told))
        return local.refused(request, route, refusal)

    async def _exchange(
        self, request: web.BaseRequest, dialect: Dialect, body: bytes
    ) -> web.StreamResponse:
        under_way = self._begun(request, dialect, body)
        self._garbage.began()
        exchange = under_way.exchange
        try:
            return await self._answered(request, under_way)
        except Unreachable as error:
            exchange.status, exchange.error = 502, str(error)
            return local.unreachable(dialect, error.told(self.upstream.host))
        except BaseException as error:
            broke_off(exchange, under_way.reply, error)
            raise
        finally:
            self._over(under_way)

    def _begun(self, request: web.BaseRequest, dialect: Dialect, body: bytes) -> _UnderWay:
        """The request, as it came."""
        self.foreground.claim()  # the body may have been long in coming
        self._count += 1
        path = intern(request.path)
        exchange = Exchange(self._count, self.wall(), dialect, path, bytes_in=len(body))
        clock = time.perf_counter()
        session = session_of(request.headers)
        chosen = self.repairs, self.rules, self.memory
        prepared = partial(prepare, dialect, body, *chosen, session=session, read=self._bodies.read)
        return _UnderWay(exchange, clock, prepared, Outgoing(dialect, (body,)))

    async def _answered(self, request: web.BaseRequest, under_way: _UnderWay) -> web.StreamResponse:
        """Prepare it, send it as often as it takes, and pass the answer on."""
        exchange = under_way.exchange
        self._learning.finish()
        outgoing = under_way.outgoing = under_way.prepared(step=self._step, length=self._length)
        describe(exchange, outgoing, kind_of(outgoing, request.headers))
        if why := self._refusal(exchange, outgoing):
            exchange.status, exchange.error = STATUS, why
            return local.over_budget(exchange.dialect, why)
        async with AsyncExitStack() as stack:
            attempts = self._attempts(request, exchange, under_way.prepared)
            last = await attempts.answered(stack, under_way.outgoing)
            self.foreground.release()
            outgoing = under_way.outgoing = last.outgoing
            describe(exchange, outgoing, exchange.kind)
            if last.status < 400:
                self._worked(outgoing)
                stack.callback(self._learning.soon, outgoing)
            reply = under_way.reply = Reply.to(outgoing, self.repairs, self.rules)
            exchange.status = last.response.status
            places = self.memory, self.journal, self.client.masked
            delivery = Delivery(request, exchange, outgoing, reply, under_way.clock, *places)
            if last.error is not None:
                return delivery.refuse(last.response, last.status, last.error)
            return await delivery.pass_on(last.response, last.begun)

    def _over(self, under_way: _UnderWay) -> None:
        """The exchange has ended, well or not: count what it used up, and write it down."""
        exchange, outgoing, reply = under_way.exchange, under_way.outgoing, under_way.reply
        exchange.duration = time.perf_counter() - under_way.clock
        if reply is not None:
            conclude(exchange, reply)
            self._measure(exchange, outgoing)
        if self.budget is not None:
            self.budget.settle(exchange)
        if exchange.first_byte is None:
            self.journal.began(exchange, outgoing)
        self.journal.ended(exchange, reply)
        self.memory.store.recent.trim()
        self._bodies.settle()
        self._garbage.ended()

    def _refusal(self, exchange: Exchange, outgoing: Outgoing) -> str:
        """Why the session's budget has no room for this request; empty where it has."""
        if self.budget is None:
            return ""
        density = self._density.get(outgoing.conversation, 0.0)
        return self.budget.refusal(exchange, outgoing.size, density)

    def _attempts(
        self, request: web.BaseRequest, exchange: Exchange, prepared: Callable[..., Outgoing]
    ) -> Attempts:
        def again(step: Step, length: Length) -> Outgoing:
            return prepared(step=lambda _: step, length=lambda _: length)

        path, query = self.upstream.paths[exchange.dialect], request.rel_url.raw_query_string
        path = f"{path}?{query}" if query else path
        return Attempts(self.client, path, request.headers.items(), exchange, again, self.retries)

    def _length(self, conversation: str) -> Length:
        return Length(self._density.get(conversation, 0.0))

    def _measure(self, exchange: Exchange, outgoing: Outgoing) -> None:
        """Keep how many tokens the upstream made of a byte, for the conversation's next request."""
        if (size := outgoing.size) and exchange.usage and exchange.usage.input:
            density = exchange.usage.input / size
            _keep(self._density, outgoing.conversation, density)

    def _step(self, conversation: str) -> Step:
        step = self.memory.step(conversation)
        if step is Step.OFF and self._since_off.get(conversation, 0) >= RETRY_AFTER:
            return Step.PLACEHOLDERS
        return step

    def _worked(self, outgoing: Outgoing) -> None:
        conversation = outgoing.conversation
        if outgoing.step >= Step.NATIVE and outgoing.step is not self.memory.step(conversation):
            self.memory.remember_step(conversation, outgoing.step, kept=bool(outgoing.session))
        if outgoing.step is Step.OFF:
            count = self._since_off.get(conversation, 0)
            _keep(self._since_off, conversation, 0 if count >= RETRY_AFTER else count + 1)


def _keep(known: dict[str, Known], conversation: str, value: Known) -> None:
    """Keep what is known of a conversation; the least recent ones go."""
    known.pop(conversation, None)
    known[conversation] = value
    if len(known) > CONVERSATIONS:
        del known[next(iter(known))]
