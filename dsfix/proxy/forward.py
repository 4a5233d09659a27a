"""One exchange: admitted, prepared, sent as often as recovery takes, and answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial

import aiohttp
from aiohttp import web

from dsfix.memory import OriginMemory
from dsfix.protocol.body import Dialect
from dsfix.proxy import local
from dsfix.proxy.answering import Answering, Journal
from dsfix.proxy.client import Client, Unreachable
from dsfix.proxy.guard import Guard, Route
from dsfix.record.exchange import Attempt, Exchange
from dsfix.record.kinds import kind_of, session_of
from dsfix.repairs.base import Place, Repair, Rules, Step
from dsfix.repairs.chain import Outgoing, Reply, prepare
from dsfix.repairs.error_shape import message_of
from dsfix.repairs.recovery import RETRY_AFTER, is_refusal, steps_after
from dsfix.upstreams.base import Upstream

BODY_LIMIT = 64 << 20
ERROR_LIMIT = 1 << 20


@dataclass(slots=True)
class Forwarder:
    """Handles every request of a session. Lives on the proxy's loop."""

    upstream: Upstream
    client: Client
    guard: Guard
    repairs: tuple[Repair, ...]
    rules: Rules
    memory: OriginMemory
    journal: Journal
    wall: Callable[[], float] = time.time
    _count: int = 0
    _since_off: dict[str, int] = field(default_factory=dict)
    _no_count: bool = False

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Admit, answer locally, or forward."""
        headers: dict[str, list[str]] = {}
        for name, value in request.headers.items():
            headers.setdefault(name.lower(), []).append(value)
        target = request.raw_path
        route = self.guard.route(target)
        refusal = self.guard.refusal(request.method, target, headers)
        if refusal is not None:
            return local.refused(request, route, refusal)
        if request.method == "HEAD":
            return web.Response(status=200)
        if route is Route.MODELS:
            return local.models(request, self.upstream)
        body = await _read(request)
        if body is None:
            return local.too_large(request, route, BODY_LIMIT)
        if route is Route.COUNT_TOKENS:
            return await self._count_tokens(request, body)
        return await self._exchange(request, Dialect(str(route)), body)

    async def _count_tokens(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        """Asked upstream until it says that it cannot, then estimated."""
        path = self.upstream.paths.get("count_tokens")
        if path and not self._no_count:
            try:
                async with self.client.post(path, body, request.headers.items()) as response:
                    data = await response.content.read(ERROR_LIMIT)
                    if response.status == 200 and b"input_tokens" in data:
                        return web.Response(body=data, content_type="application/json")
            except (Unreachable, aiohttp.ClientError, TimeoutError):
                pass  # an estimate is what the caller gets either way
            self._no_count = True
        return local.estimated_tokens(body)

    async def _exchange(
        self, request: web.BaseRequest, dialect: Dialect, body: bytes
    ) -> web.StreamResponse:
        self._count += 1
        exchange = Exchange(self._count, self.wall(), dialect, request.path, bytes_in=len(body))
        clock = time.perf_counter()
        outgoing = self._prepared(dialect, body, self._step, session_of(request.headers))
        _describe(exchange, outgoing, kind_of(outgoing, request.headers))
        reply: Reply | None = None
        try:
            async with AsyncExitStack() as stack:
                outgoing, response, error = await self._answered(
                    stack, request, outgoing, exchange, body
                )
                reply = Reply.to(outgoing, self.repairs, self.rules)
                exchange.status = response.status
                answering = Answering(
                    request, exchange, outgoing, reply, clock, self.memory, self.journal
                )
                if error is not None:
                    return answering.refuse(response, error)
                return await answering.pass_on(response)
        except Unreachable as error:
            exchange.status, exchange.error = 502, str(error)
            return local.unreachable(request, dialect, self.upstream.host, error)
        except asyncio.CancelledError:
            exchange.cut = exchange.cut or "agent"
            raise
        finally:
            exchange.duration = time.perf_counter() - clock
            if reply is not None:
                _conclude(exchange, reply)
            if exchange.first_byte is None:
                self.journal.began(exchange, outgoing)
            self.journal.ended(exchange, reply)

    def _prepared(
        self, dialect: Dialect, body: bytes, step: Callable[[str], Step], session: str
    ) -> Outgoing:
        return prepare(dialect, body, self.repairs, self.rules, self.memory, step, session)

    def _learn_soon(self, outgoing: Outgoing) -> None:
        """Not before the answer's last byte is on its way."""
        if outgoing.carried:
            asyncio.get_running_loop().call_soon(self._learn, outgoing)

    def _learn(self, outgoing: Outgoing) -> None:
        """Keep the reasoning that the agent sent itself, now that the upstream has taken it."""
        if outgoing.history is not None:
            self.memory.prefetch([turn.calls[0] for _, turn in outgoing.carried if turn.calls])
            for index, turn in outgoing.carried:
                self.memory.learn(turn, Place(outgoing.history, index, outgoing.session))

    def _step(self, conversation: str) -> Step:
        step = self.memory.step(conversation)
        if step is Step.OFF and self._since_off.get(conversation, 0) >= RETRY_AFTER:
            return Step.PLACEHOLDERS
        return step

    async def _answered(
        self,
        stack: AsyncExitStack,
        request: web.BaseRequest,
        outgoing: Outgoing,
        exchange: Exchange,
        body: bytes,
    ) -> tuple[Outgoing, aiohttp.ClientResponse, bytes | None]:
        """The response to pass on, after as many attempts as recovery takes.

        It is open until `stack` is left; those of earlier attempts are closed at once. An
        error comes with its body.
        """
        path = self.upstream.paths[outgoing.dialect]
        query = request.rel_url.raw_query_string
        path = f"{path}?{query}" if query else path
        left = list(steps_after(outgoing.step) if outgoing.body else ())
        while True:
            async with AsyncExitStack() as attempt:
                response = await attempt.enter_async_context(
                    self.client.post(path, outgoing.data, request.headers.items())
                )
                error = await _error_of(response)
                if error is None or not is_refusal(response.status, error) or not left:
                    if error is None:
                        self._worked(outgoing)
                        stack.callback(self._learn_soon, outgoing)
                    stack.push_async_exit(attempt.pop_all())
                    return outgoing, response, error
            status, words = response.status, message_of(error)
            again = self._next(outgoing, body, left)
            if again is None:
                return outgoing, response, error
            step, outgoing = again
            exchange.attempts.append(Attempt(status, words, step.name.lower()))
            _describe(exchange, outgoing, exchange.kind)

    def _next(
        self, outgoing: Outgoing, body: bytes, left: list[Step]
    ) -> tuple[Step, Outgoing] | None:
        """The next attempt, with the step it is; a step that would change nothing is left out."""
        while left:
            step = left.pop(0)
            if step is Step.RESEND:
                return step, outgoing
            at = partial(_always, step)
            again = self._prepared(outgoing.dialect, body, at, outgoing.session)
            if again.data != outgoing.data:
                return step, again
        return None

    def _worked(self, outgoing: Outgoing) -> None:
        conversation = outgoing.conversation
        if outgoing.step >= Step.NATIVE and outgoing.step is not self.memory.step(conversation):
            self.memory.remember_step(conversation, outgoing.step, kept=bool(outgoing.session))
        if outgoing.step is Step.OFF:
            count = self._since_off.get(conversation, 0)
            self._since_off[conversation] = 0 if count >= RETRY_AFTER else count + 1


def _describe(exchange: Exchange, outgoing: Outgoing, kind: str) -> None:
    """Fill in what is known of a request before it goes out."""
    exchange.kind = kind
    exchange.conversation = outgoing.conversation
    exchange.stream = outgoing.stream
    exchange.asked, exchange.sent = outgoing.asked, outgoing.sent
    exchange.step = outgoing.step
    exchange.changes = list(outgoing.changes)
    exchange.replayed, exchange.placeholders = outgoing.replayed, outgoing.placeholders


def _conclude(exchange: Exchange, reply: Reply) -> None:
    answer = reply.answer
    exchange.served, exchange.finish, exchange.usage = answer.served, answer.finish, answer.usage
    exchange.error = exchange.error or answer.error
    exchange.changes += reply.answering.changes


def _always(step: Step, conversation: str) -> Step:
    return step


async def _error_of(response: aiohttp.ClientResponse) -> bytes | None:
    """The body of an error, up to a limit; None for a success. A redirect goes nowhere."""
    if response.status < 300:
        return None
    if response.status < 400:
        raise Unreachable("it answered with a redirect, which is not followed")
    parts: list[bytes] = []
    async for chunk in response.content.iter_any():
        parts.append(chunk)
        if sum(map(len, parts)) > ERROR_LIMIT:
            break
    return b"".join(parts)[:ERROR_LIMIT]


async def _read(request: web.BaseRequest) -> bytes | None:
    """The request's body, None when it is larger than the cap."""
    if (request.content_length or 0) > BODY_LIMIT:
        return None
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    parts: list[bytes] = []
    size = 0
    async for chunk in request.content.iter_any():
        parts.append(chunk)
        size += len(chunk)
        if size > BODY_LIMIT:
            return None
    return b"".join(parts)
