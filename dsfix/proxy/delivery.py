"""The way back: what the upstream says goes on as soon as it is there.

First it is passed on, then it is looked at. No request that follows can be read before that:
while the agent takes what is written, nothing else is done in between.

A cut stays a cut: when the upstream ends early, the agent's connection is closed without the
terminator, because an agent that sees a clean end takes half an answer for a whole one (OpenCode
and pi, measured 2026-11-20).
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol

import aiohttp
from aiohttp import web

from dsfix.admission import Refusal
from dsfix.memory import OriginMemory
from dsfix.protocol import spans, sse
from dsfix.proxy.client import Masking
from dsfix.proxy.headers import agent_headers
from dsfix.proxy.peek import streams
from dsfix.record.exchange import Exchange
from dsfix.repairs.chain import Outgoing
from dsfix.repairs.error_shape import message_of
from dsfix.repairs.recall import Place
from dsfix.repairs.reply import Reply
from dsfix.repairs.tool_pairing import coming_back

# A JSON answer longer than this is passed on unread.
DOCUMENT_LIMIT = sse.LONGEST
# Seconds after which an event that has gone on is read at the latest; the record tells each second.
BEHIND = 0.5


class Journal(Protocol):
    """Where exchanges are written down. Its methods never raise and never wait."""

    def began(self, exchange: Exchange, outgoing: Outgoing) -> None:
        """A request has gone upstream, and the first byte of its answer to the agent."""

    def answering(self, exchange: Exchange, reply: Reply) -> None:
        """`reply` grows from now until the exchange has ended."""

    def ended(self, exchange: Exchange, reply: Reply | None) -> None:
        """The exchange is over, well or not."""

    def refused(self, refusal: Refusal) -> None:
        """A request was refused at the door."""


class _Stream(web.StreamResponse):
    """Its head goes out with the first event, or alone where that is kept back: one call of the
    system less, and one packet."""

    _send_headers_immediately = False


@dataclass(slots=True)
class Delivery:
    """The way back of one exchange; `clock` is when its request came (perf_counter).

    `masked` gives an error's text without the key.
    """

    request: web.BaseRequest
    exchange: Exchange
    outgoing: Outgoing
    reply: Reply
    clock: float
    memory: OriginMemory
    journal: Journal
    masked: Masking
    _remembered: bool = False
    _due: asyncio.TimerHandle | None = None

    async def pass_on(
        self, response: aiohttp.ClientResponse, begun: bytes = b""
    ) -> web.StreamResponse:
        """Pass the upstream's answer on, in the way its kind asks for; `begun` was read already."""
        made = _Stream if streams(response, begun) else web.StreamResponse
        out = made(status=response.status, headers=agent_headers(response.headers.items()))
        if self.request.version >= (1, 1):
            out.enable_chunked_encoding()
        else:  # its end is the connection's, also for who asked to keep that
            out.force_close()
        try:
            await out.prepare(self.request)
            if not begun:  # the upstream has sent a head alone, and may be silent or gone
                await out.write(b"")
                begun = await response.content.readany()
            passing = self._events if streams(response, begun) else self._document
            whole = await passing(begun, response, out)
        except (aiohttp.ClientError, TimeoutError) as error:
            if isinstance(error, aiohttp.ClientConnectionResetError) and _gone(self.request):
                self.exchange.cut = "agent"
            else:
                silent = isinstance(error, TimeoutError)
                self.exchange.error = f"the upstream {'fell silent' if silent else 'broke off'}"
            whole = False
        finally:
            self._remember()
        if not whole:
            self._cut(out)
        return out

    async def _events(
        self, chunk: bytes, response: aiohttp.ClientResponse, out: web.StreamResponse
    ) -> bool:
        reply, loop = self.reply, asyncio.get_running_loop()
        try:
            end = sse.first_end(chunk)  # its bytes are on their way before others are looked at
            while chunk:
                ready = reply.feed(chunk[:end] if end else chunk)
                if ready or self.exchange.first_byte is None:
                    await self._write(out, self._shown(ready))
                if reply.answer.done:
                    self._remember()
                if self._due is None and reply.behind:
                    self._due = loop.call_later(BEHIND, self._catch_up)
                chunk = (end and chunk[end:]) or await response.content.readany()
                end = 0
        finally:
            if self._due is not None:
                self._due.cancel()
            rest = reply.end()
            if rest and not _gone(self.request):  # no event, and nothing that a model has said
                await self._write(out, self._without_key(rest))
        answer = reply.answer
        return bool(answer.done or answer.finish or answer.error or answer.unread)

    def _catch_up(self) -> None:
        self._due = None
        self.reply.catch_up()

    async def _document(
        self, chunk: bytes, response: aiohttp.ClientResponse, out: web.StreamResponse
    ) -> bool:
        """A JSON answer: the blank lines of a queue go on at once, the document when whole."""
        parts: list[bytes] = []
        size = 0
        while chunk:
            size += len(chunk)
            if not parts and not chunk.strip():
                await self._write(out, chunk)
            elif size > DOCUMENT_LIMIT:  # no answer of a model is that long: pass it on unread
                await self._write(out, b"".join(parts) + chunk)
                parts = [b""]
            else:
                parts.append(chunk)
            chunk = await response.content.readany()
        data = b"".join(parts)
        whole = True
        if data.removeprefix(spans.MARK).lstrip()[:1] == b"{" and size <= DOCUMENT_LIMIT:
            whole = data.rstrip().endswith(b"}")
            # Nobody else tells of one that was cut: compressed, and then ended properly, or with
            # its connection for its end.
            names = response.headers
            framed = "Content-Length" in names or "Transfer-Encoding" in names
            if whole and ("Content-Encoding" in names or not framed):
                whole = spans.is_whole(data)
            data = self.reply.whole(data)
            data = data if self._of_model else self._without_key(data)
        else:  # a page, or an error in plain words
            data = self._without_key(data)
        await self._write(out, data)
        return whole

    def refuse(
        self, response: aiohttp.ClientResponse, status: int, data: bytes
    ) -> web.StreamResponse:
        """Pass an error on, in the shape that the agent reads."""
        data = self._without_key(data)
        self.exchange.status, self.exchange.error = status, message_of(data) or f"HTTP {status}"
        out = self.reply.error(status, data)
        headers = [(n, self.masked(v)) for n, v in agent_headers(response.headers.items())]
        if out is not data:
            headers = [(n, v) for n, v in headers if n.lower() != "content-type"]
            headers.append(("Content-Type", "application/json"))
        self.exchange.bytes_out = len(out)
        self._began()
        return web.Response(status=status, body=out, headers=headers)

    @property
    def _of_model(self) -> bool:
        """Whether what came last is a model's answer, which is not altered as an error is.

        An error may be in plain words as well, or in a shape of its own.
        """
        answer = self.reply.answer
        return answer.begun and not answer.error and not answer.unread

    def _shown(self, said: bytes) -> bytes:
        """Events as the agent gets them: what a model says is in their data alone."""
        if not self._of_model:
            return self._without_key(said)
        if not self.masked.finds(self.reply.beside):
            return said
        self.reply.look()
        lines = said.splitlines(keepends=True)
        return b"".join(
            each if each.startswith(b"data:") else self._without_key(each) for each in lines
        )

    def _without_key(self, data: bytes) -> bytes:
        text = data.decode("utf-8", "surrogateescape")
        return self.masked(text).encode("utf-8", "surrogateescape")

    async def _write(self, out: web.StreamResponse, data: bytes) -> None:
        self.exchange.bytes_out += len(data)
        await out.write(data)
        if self.exchange.first_byte is None:
            self._began()

    def _began(self) -> None:
        """Only now is the request written down: the agent does not wait for its record."""
        self.exchange.first_byte = time.perf_counter() - self.clock
        self.journal.began(self.exchange, self.outgoing)
        self.journal.answering(self.exchange, self.reply)

    def _cut(self, out: web.StreamResponse) -> None:
        """End the agent's connection in the middle, as the upstream's ended."""
        if not self.exchange.cut:
            self.exchange.cut = "upstream"
            self.exchange.error = self.exchange.error or "the upstream ended the stream early"
        if self.request.transport is not None:
            self.request.transport.close()

    def _remember(self) -> None:
        """Keep the turn that was answered; of a cut answer, what is complete."""
        history = self.outgoing.history
        answer = self.reply.answer
        if self._remembered or self.reply.lost or answer.overlong or history is None:
            return
        turn = answer.turn()
        if not (turn.calls or turn.text):
            return
        self._remembered = True
        place = Place(history, len(history.messages), self.outgoing.session)
        self.memory.remember(coming_back(turn, history), place)


def _gone(request: web.BaseRequest) -> bool:
    return request.transport is None or request.transport.is_closing()
