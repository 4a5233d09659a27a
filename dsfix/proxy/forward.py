"""One exchange from the agent to the upstream and back: bytes passed on, repaired, read.

What the upstream says goes on as soon as it is there. A cut stays a cut: when the upstream ends
early, the agent's connection is closed without the terminator, because an agent that sees a
clean end takes half an answer for a whole one (OpenCode and pi, measured 2026-11-20).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import aiohttp
from aiohttp import web

from dsfix.memory import OriginMemory
from dsfix.protocol.body import Dialect
from dsfix.proxy import local
from dsfix.proxy.client import Client, Unreachable
from dsfix.proxy.guard import Guard, Route
from dsfix.proxy.headers import agent_headers
from dsfix.record.exchange import Attempt, Exchange
from dsfix.record.kinds import kind_of
from dsfix.repairs.base import Repair, Rules, Step
from dsfix.repairs.chain import Outgoing, Reply, prepare
from dsfix.repairs.error_shape import message_of
from dsfix.repairs.recovery import RETRY_AFTER, is_refusal, steps_after
from dsfix.upstreams.base import Upstream

BODY_LIMIT = 64 << 20
ERROR_LIMIT = 1 << 20


class Journal(Protocol):
    """Where exchanges are written down. Its methods never raise and never wait."""

    def began(self, exchange: Exchange, outgoing: Outgoing) -> None:
        """A request has gone upstream, and the first byte of its answer to the agent."""

    def answering(self, exchange: Exchange, reply: Reply) -> None:
        """`reply` grows from now until the exchange has ended."""

    def ended(self, exchange: Exchange, reply: Reply | None) -> None:
        """The exchange is over, well or not."""


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
    _resent: set[str] = field(default_factory=set)
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
        outgoing = prepare(dialect, body, self.repairs, self.rules, self.memory, self._step)
        _describe(exchange, outgoing, kind_of(outgoing, request.headers))
        reply: Reply | None = None
        try:
            async with AsyncExitStack() as stack:
                outgoing, response = await self._answered(stack, request, outgoing, exchange, body)
                reply = Reply.to(outgoing, self.repairs, self.rules)
                exchange.status = response.status
                answering = _Answering(self, request, exchange, outgoing, reply, clock)
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
    ) -> tuple[Outgoing, aiohttp.ClientResponse]:
        """The response to pass on, after as many attempts as recovery takes.

        It is open until `stack` is left; those of earlier attempts are closed at once.
        """
        path = self.upstream.paths[outgoing.dialect]
        query = request.rel_url.raw_query_string
        path = f"{path}?{query}" if query else path
        resent = outgoing.conversation in self._resent
        left = list(steps_after(outgoing.step, resent=resent) if outgoing.body else ())
        while True:
            async with AsyncExitStack() as attempt:
                response = await attempt.enter_async_context(
                    self.client.post(path, outgoing.data, request.headers.items())
                )
                refused = await self._refused(response)
                if refused is None or not left:
                    if refused is None:
                        self._worked(outgoing)
                    stack.push_async_exit(attempt.pop_all())
                    return outgoing, response
            step = left.pop(0)
            status, words = response.status, message_of(refused)
            exchange.attempts.append(Attempt(status, words, step.name.lower()))
            if step is Step.RESEND:
                self._resent.add(outgoing.conversation)
            else:
                again = partial(_always, step)
                outgoing = prepare(
                    outgoing.dialect, body, self.repairs, self.rules, self.memory, again
                )
                _describe(exchange, outgoing, exchange.kind)

    async def _refused(self, response: aiohttp.ClientResponse) -> bytes | None:
        """The body of an answer that refuses the history, None for any other answer.

        What was read of another error stays readable: aiohttp keeps a body that was read whole.
        """
        if response.status < 400:
            return None
        data = await response.read()
        return data if is_refusal(response.status, data) else None

    def _worked(self, outgoing: Outgoing) -> None:
        conversation = outgoing.conversation
        if outgoing.step >= Step.NATIVE and outgoing.step is not self.memory.step(conversation):
            self.memory.remember_step(conversation, outgoing.step)
        if outgoing.step is Step.OFF:
            count = self._since_off.get(conversation, 0)
            self._since_off[conversation] = 0 if count >= RETRY_AFTER else count + 1


@dataclass(slots=True)
class _Answering:
    """The way back of one exchange."""

    forwarder: Forwarder
    request: web.BaseRequest
    exchange: Exchange
    outgoing: Outgoing
    reply: Reply
    clock: float
    _remembered: bool = False

    async def pass_on(self, response: aiohttp.ClientResponse) -> web.StreamResponse:
        """Pass the upstream's answer on, in the way its kind asks for."""
        kind = response.content_type
        if response.status >= 300:
            return await self._error(response)
        out = web.StreamResponse(
            status=response.status, headers=agent_headers(response.headers.items())
        )
        out.enable_chunked_encoding()
        passing = self._events if kind == "text/event-stream" else self._document
        try:
            await out.prepare(self.request)
            whole = await passing(response, out)
        except (aiohttp.ClientError, TimeoutError) as error:
            if isinstance(error, aiohttp.ClientConnectionResetError) and _gone(self.request):
                self.exchange.cut = "agent"
            else:
                self.exchange.error = f"upstream: {type(error).__name__}"
            whole = False
        finally:
            self._remember()
        if not whole:
            self._cut(out)
        return out

    async def _events(self, response: aiohttp.ClientResponse, out: web.StreamResponse) -> bool:
        reply = self.reply
        try:
            async for chunk in response.content.iter_any():
                ready = reply.feed(chunk)
                if reply.answer.done:
                    self._remember()
                if ready:
                    await self._write(out, ready)
        finally:
            rest = reply.end()
            if rest and not _gone(self.request):
                await self._write(out, rest)
        answer = reply.answer
        known = self.exchange.dialect is not Dialect.RESPONSES
        return bool(not known or answer.done or answer.finish or answer.error)

    async def _document(self, response: aiohttp.ClientResponse, out: web.StreamResponse) -> bool:
        """A JSON answer: the blank lines of a queue go on at once, the document when whole."""
        parts: list[bytes] = []
        async for chunk in response.content.iter_any():
            if not parts and not chunk.strip():
                await self._write(out, chunk)
            else:
                parts.append(chunk)
        data = b"".join(parts)
        if response.content_type == "application/json":
            data = self.reply.whole(data)
            self._remember()
        await self._write(out, data)
        return True

    async def _error(self, response: aiohttp.ClientResponse) -> web.StreamResponse:
        data = await response.read()
        if response.status < 400:
            status, data = 502, b"the upstream answered with a redirect, which is not followed"
        else:
            status = response.status
        self.exchange.status, self.exchange.error = status, message_of(data) or f"HTTP {status}"
        out = self.reply.error(status, data)
        headers = agent_headers(response.headers.items())
        if out is not data:
            headers = [(n, v) for n, v in headers if n.lower() not in ("content-type", "location")]
            headers.append(("Content-Type", "application/json"))
        self.exchange.bytes_out = len(out)
        self._began()
        return web.Response(status=status, body=out, headers=headers)

    async def _write(self, out: web.StreamResponse, data: bytes) -> None:
        self.exchange.bytes_out += len(data)
        await out.write(data)
        if self.exchange.first_byte is None:
            self._began()

    def _began(self) -> None:
        """Only now is the request written down: the agent does not wait for its record."""
        self.exchange.first_byte = time.perf_counter() - self.clock
        journal = self.forwarder.journal
        journal.began(self.exchange, self.outgoing)
        journal.answering(self.exchange, self.reply)

    def _cut(self, out: web.StreamResponse) -> None:
        """End the agent's connection in the middle, as the upstream's ended."""
        self.exchange.cut = self.exchange.cut or "upstream"
        self.exchange.error = self.exchange.error or "the upstream ended the stream early"
        if self.request.transport is not None:
            self.request.transport.close()

    def _remember(self) -> None:
        """Keep the turn that was answered; of a cut answer, what is complete."""
        turn = self.reply.answer.turn()
        history = self.outgoing.history
        if self._remembered or history is None or not (turn.calls or turn.text):
            return
        self._remembered = True
        place = len(history.messages)
        self.forwarder.memory.remember(turn, history.previous(place), history.chain(place))


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


def _gone(request: web.BaseRequest) -> bool:
    return request.transport is None or request.transport.is_closing()


async def _read(request: web.BaseRequest) -> bytes | None:
    """The request's body, None when it is larger than the cap."""
    if (request.content_length or 0) > BODY_LIMIT:
        return None
    parts: list[bytes] = []
    size = 0
    async for chunk in request.content.iter_any():
        parts.append(chunk)
        size += len(chunk)
        if size > BODY_LIMIT:
            return None
    return b"".join(parts)
