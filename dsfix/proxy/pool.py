"""Connections to the upstream that can be relied on: silent while idle, and told when they end.

aiohttp 3.14.5 asks a kept connection only whether it is open (aiohttp/connector.py, `_get`), so
an answer that nobody had asked for would be taken for the answer to the next request. And where a
chunk's size is nonsense, it closes the connection and tells nobody who is reading the body
(aiohttp/client_proto.py, `data_received`).
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Iterator
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.helpers import _EXC_SENTINEL as _NO_CAUSE
from aiohttp.http import RawResponseMessage
from aiohttp.tracing import Trace

# Seconds within which a closed connection says so when something is sent to it: a network may have
# to wake up first. An answer without a stream takes longer to be made.
SOON = 20.0

# The connection over which the request goes that was sent last in this context.
_USED: ContextVar[_Listener | None] = ContextVar("_USED", default=None)


def was_kept() -> bool:
    """Whether the request was sent over a connection that was kept."""
    used = _USED.get()
    return used is not None and used.kept


def found_closed() -> bool:
    """Whether the request may have found such a one closed: it ended soon, without a byte.

    An upstream that ends it later has taken the request, may have worked on it, and would be paid
    twice.
    """
    used = _USED.get()
    if used is None or not used.kept or used.answers:
        return False
    return asyncio.get_running_loop().time() - used.used < SOON


class NoTunnel(aiohttp.ClientConnectionError):
    """The user's proxy gave no usable answer when it was asked for a way to the upstream.

    Its cause is what came in between; the upstream has heard nothing of the request.
    """


class Pool(aiohttp.TCPConnector):
    """A connector that closes kept connections which were not silent; an end is no silence."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        made = partial(_Listener, loop=asyncio.get_running_loop())
        self._factory: partial[ResponseHandler] = made  # type: ignore[assignment]

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  # as aiohttp names it
    ) -> Connection:
        """A connection to send this request on."""
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol = connection.protocol
            if not isinstance(protocol, _Listener):
                return connection
            kept = protocol.idle
            if kept and (protocol.should_close or protocol.hears()):
                connection.close()
                continue
            protocol.idle, protocol.kept, protocol.answers = False, kept, False
            protocol.used = self._loop.time()
            connection.add_callback(protocol.rest)
            _USED.set(protocol)
            return connection

    async def _create_proxy_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  # as aiohttp names it
    ) -> tuple[asyncio.BaseTransport, ResponseHandler]:
        """aiohttp's, which does not tell who broke off; before TLS it was the proxy."""
        try:
            return await super()._create_proxy_connection(req, traces, timeout)
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError):
            raise  # whose fault these are, they tell
        except (aiohttp.ClientConnectionError, aiohttp.ClientResponseError) as error:
            raise NoTunnel from error.with_traceback(None)


class _Listener(ResponseHandler):
    """The client's side of a connection: `idle` while no answer is due on it, else `kept` if it
    had one before, `used` since then, and `answers` from its first byte on; `early` while the last
    head was none of an answer: hints, or that one is being made (RFC 9110, 15.2)."""

    idle = kept = answers = early = False
    used = 0.0
    _heard = 0.0

    def rest(self) -> None:
        """The answer is over, and so is a request of which not all was read."""
        self.idle = True
        self._forget()

    def data_received(self, data: bytes) -> None:
        """What comes on an idle connection is for nobody."""
        if data and self.idle:
            self.close()
        else:
            self.answers = True
            super().data_received(data)
            if self.early:  # behind it aiohttp waits without end
                self.start_timeout()

    def feed_data(
        self, data: tuple[RawResponseMessage, aiohttp.StreamReader], size: int = 0
    ) -> None:
        """A head was read."""
        self.early = 100 <= data[0].code < 200
        super().feed_data(data, size)

    def set_response_params(self, **given: Any) -> None:
        """A request goes out: one that is not read is met with silence as well.

        aiohttp counts that from the request's end, which never comes then.
        """
        super().set_response_params(**given)
        self.start_timeout()

    def resume_writing(self) -> None:
        """The other side has read of it."""
        self._heard = self._loop.time()
        super().resume_writing()

    def _reschedule_timeout(self) -> None:
        """Something came; the timer that runs already looks after it when its time is up.

        aiohttp makes a new one for each piece of an answer, a tenth of what passing it on costs.
        """
        self._heard = self._loop.time()
        if self._read_timeout_handle is None:
            super()._reschedule_timeout()

    def _on_read_timeout(self) -> None:
        left = self._heard + (self._read_timeout or 0.0) - self._loop.time()
        if left > 0:
            self._read_timeout_handle = self._loop.call_later(left, self._on_read_timeout)
        else:
            super()._on_read_timeout()
            self._forget()

    def _forget(self) -> None:
        """End the connection where something is still to be sent: nobody waits for an answer.

        asyncio closes none before all of it was read, which may be never.
        """
        if self.transport is not None and self.transport.get_write_buffer_size():
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Under TLS the socket is gone when the end is told here, so it is asked for before."""
        super().connection_made(transport)
        secure = getattr(transport, "_ssl_protocol", None)
        if secure is not None:
            secure.connection_lost = partial(_last_heard, transport, secure)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Hear what was said before the end: who refuses a long request may answer and hang up.

        The end is met in writing then, and asyncio reads no more (CPython 3.11,
        asyncio/selector_events.py, `_force_close`).
        """
        if exc is not None and self.transport is not None:
            for data in _unread(self.transport):
                self.data_received(data)
        super().connection_lost(exc)

    def set_exception(self, exc: BaseException, exc_cause: BaseException = _NO_CAUSE) -> None:
        """The connection is of no more use; neither is a body that has not ended."""
        super().set_exception(exc, exc_cause)
        body = self._payload
        if body is not None and not body.is_eof() and body.exception() is None:
            lost = aiohttp.ClientPayloadError("the connection was lost")
            body.set_exception(exc if isinstance(exc, TimeoutError) else lost)

    def hears(self) -> bool:
        """Whether something waits in the socket."""
        if self.transport is None:
            return True
        waiting = select.poll()
        waiting.register(self.transport.get_extra_info("socket"), select.POLLIN)
        return bool(waiting.poll(0))


def _last_heard(
    transport: asyncio.BaseTransport, secure: asyncio.BufferedProtocol, exc: Exception | None
) -> None:
    """The end of a connection under TLS, behind what was said before it."""
    del secure.connection_lost  # it holds itself
    for data in _unread(transport) if exc is not None else ():
        memoryview(secure.get_buffer(len(data)))[: len(data)] = data
        secure.buffer_updated(len(data))
    secure.connection_lost(exc)


def _unread(transport: asyncio.BaseTransport) -> Iterator[bytes]:
    """What waits in the socket of a connection that has ended, while there is one."""
    held = transport.get_extra_info("socket")
    if held is not None:
        with suppress(OSError), held.dup() as rest:
            while data := rest.recv(1 << 16):
                yield data
