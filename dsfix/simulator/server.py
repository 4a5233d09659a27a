"""The simulator on a loopback port: the only module here that opens a socket."""

from __future__ import annotations

import asyncio
import math
import socket
import struct
import threading
import uuid
import zlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiohttp import web

from dsfix.accepting import admit
from dsfix.serving import serving
from dsfix.simulator.engine import Engine, Reply
from dsfix.simulator.faults import KEEP_ALIVE
from dsfix.simulator.options import Options

_KEPT = 10_000  # requests, for who looks at them
_STEP = 0.1  # seconds between signs of life while queued
_PAUSE = 0.01  # seconds between the events of a stream without end


@dataclass(frozen=True, slots=True)
class Received:
    """One request that arrived; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body_bytes: bytes
    status: int
    refused_by: str


class Simulator:
    """A running simulator: `async with Simulator(options) as simulator`.

    Tests without a loop of their own use `Simulator.in_thread(options)`. `hangups` counts the
    clients that left before their answer was complete.
    """

    def __init__(
        self,
        options: Options | None = None,
        *,
        port: int = 0,
        on_request: Callable[[Received], None] | None = None,
        kept: int = _KEPT,
    ) -> None:
        self.options = options or Options()
        self.engine = Engine(self.options)
        self.hangups = 0
        self.url = ""
        self._received: deque[Received] = deque(maxlen=kept)
        self._on_request = on_request
        self._port = port
        self._open = AsyncExitStack()

    @property
    def requests(self) -> list[Received]:
        """The latest requests, oldest first."""
        return list(self._received)

    @property
    def problems(self) -> list[Received]:
        """The requests that were refused."""
        return [received for received in self._received if received.refused_by]

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=0)
        app.router.add_route("*", "/{path:.*}", self._handle)
        app.on_response_prepare.append(_without_default_type)
        listener = socket.create_server(("127.0.0.1", self._port))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        served = serving(app, listener, grace=0.1, handler_cancellation=True)
        await self._open.enter_async_context(served)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._open.aclose()

    @classmethod
    @contextmanager
    def in_thread(cls, options: Options | None = None) -> Iterator[Self]:
        """A simulator with a thread and a loop of its own."""
        simulator = cls(options)
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        try:
            asyncio.run_coroutine_threadsafe(simulator.__aenter__(), loop).result()
            try:
                yield simulator
            finally:
                closing = simulator.__aexit__(None, None, None)
                asyncio.run_coroutine_threadsafe(closing, loop).result()
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        admit(request.transport)  # there is nothing here that is anybody's own
        raw = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        reply = self.engine.reply(request.method, request.path, headers, raw)
        received = Received(
            request.method, request.path_qs, headers, raw, reply.status, reply.refused_by
        )
        self._received.append(received)
        if self._on_request is not None:
            self._on_request(received)
        try:
            return await self._send(request, reply)
        except (ConnectionError, asyncio.CancelledError):
            self.hangups += 1
            raise

    async def _send(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        response = web.StreamResponse(
            status=reply.status or 200, headers=_headers(reply, self.options)
        )
        if not reply.status:
            await _reset(request)
            return response
        if reply.streamed:
            response.enable_chunked_encoding()
            await response.prepare(request)
            await self._stream(request, response, reply)
            return response
        body = b"".join(reply.frames)
        if self.options.slow_start and reply.status == 200:
            return await self._slow(request, response, body)
        if self.options.keep_alive and reply.status == 200:
            body = b"\n\n\n" + body
        if self.options.gzip:
            body = zlib.compress(body, wbits=31)
        if not (reply.cut_after and self.options.cut == "end"):
            response.content_length = len(body)
        await response.prepare(request)
        await response.write(body[: reply.cut_after or None])
        if reply.cut_after and await self._broken_off(request):
            return response
        await response.write_eof()
        return response

    async def _broken_off(self, request: web.Request) -> bool:
        """End the connection in the middle of a body, unless it is to look whole."""
        if self.options.cut == "end":
            return False
        await _reset(request, gently=self.options.cut == "close")
        return True

    async def _slow(
        self, request: web.Request, response: web.StreamResponse, body: bytes
    ) -> web.StreamResponse:
        """Blank lines while queued, then the body."""
        response.headers.pop("Content-Encoding", None)
        response.enable_chunked_encoding()
        await response.prepare(request)
        async for _ in _waiting(self.options.slow_start):
            await response.write(b"\n")
        await response.write(body)
        await response.write_eof()
        return response

    async def _stream(
        self, request: web.Request, response: web.StreamResponse, reply: Reply
    ) -> None:
        packer = zlib.compressobj(wbits=31) if self.options.gzip else None
        async for _ in _waiting(self.options.slow_start):
            await response.write(_packed(KEEP_ALIVE, packer))
        for count, frame in enumerate(reply.frames, 1):
            if self.options.delay:
                await asyncio.sleep(self.options.delay)
            for piece in _cut(_packed(frame, packer), self.options.chunk):
                await response.write(piece)
            if count == reply.cut_after:
                if await self._broken_off(request):
                    return
                break
        while reply.repeat:
            await response.write(_packed(reply.repeat, packer))
            await asyncio.sleep(self.options.delay or _PAUSE)
        if packer is not None:
            await response.write(packer.flush())
        await response.write_eof()


async def _without_default_type(request: web.Request, response: web.StreamResponse) -> None:
    """An answer without content type has none: aiohttp would add one."""
    if not response.headers["Content-Type"]:
        del response.headers["Content-Type"]


def _headers(reply: Reply, options: Options) -> dict[str, str]:
    """The headers seen on every answer: SaladDay/cc-switch-cli#170, 2026."""
    headers = {
        "Server": "openresty",
        "Content-Type": reply.content_type or "",
        "x-ds-trace-id": uuid.uuid4().hex,
        "vary": "origin, access-control-request-method, access-control-request-headers",
        "access-control-allow-credentials": "true",
        "x-content-type-options": "nosniff",
    }
    if reply.streamed:
        headers["Cache-Control"] = "no-cache"
    if options.gzip:
        headers["Content-Encoding"] = "gzip"
    return headers


async def _waiting(seconds: float) -> AsyncIterator[None]:
    """A step every tenth of a second until the time is over."""
    for _ in range(math.ceil(seconds / _STEP)):
        yield
        await asyncio.sleep(_STEP)


def _packed(data: bytes, packer: zlib._Compress | None) -> bytes:
    if packer is None:
        return data
    return packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)


def _cut(data: bytes, size: int) -> list[bytes]:
    if not size:
        return [data]
    return [data[start : start + size] for start in range(0, len(data), size)]


async def _reset(request: web.Request, *, gently: bool = False) -> None:
    """End the connection with a reset, as a crashed upstream does; gently, just end it."""
    transport = request.transport
    if transport is None:
        return
    await asyncio.sleep(0.05)
    if gently:
        transport.close()
        return
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
