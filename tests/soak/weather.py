"""The upstream of a soak: the strict simulator, and between it and dsfix all kinds of weather.

The simulator refuses any turn whose reasoning is not the text that it gave. What went out for a
request is kept until its agent has compared it; a request is known by `?soak=N`, its query.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import aiohttp
from aiohttp import web

from dsfix.simulator.options import Options
from dsfix.simulator.rules.base import Policy
from dsfix.simulator.server import Simulator

# What happens to a request, and how often among 100.
FAULTS = {
    "clear": 70,
    "stall": 6,  # a pause in the middle of an answer
    "reset": 4,  # before any byte
    "cut": 5,  # a reset in the middle
    "close": 5,  # an end in the middle, without the last chunk
    "429": 2,
    "503": 2,
    "500 html": 2,
    "404 html": 2,
    "500 cut": 2,  # half an error
}
PAUSE = 0.2  # seconds of a stall
PAGE = b"<html><head><title>%d</title></head><body>nginx</body></html>"
BUSY = b'{"error":{"message":"Service is too busy.","type":"service_unavailable_error"}}'
# With a signature at its start too, thinking needs no repair, and answers pass byte for byte.
OPTIONS = Options(policy=Policy(verify=True), signature="start")


class Sent(NamedTuple):
    """What went out for one attempt; `whole` if nothing is missing at its end."""

    status: int
    body: bytes
    whole: bool


@dataclass
class Weather:
    """Faults at random, from a seed."""

    simulator: Simulator
    seed: int
    url: str = ""
    faults: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    _sent: dict[str, list[Sent]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def sent(self, number: str) -> list[Sent]:
        """What went out for each attempt at this request, which is then forgotten."""
        return self._sent.pop(number, [])

    async def serve(self, started: threading.Event, over: asyncio.Event) -> None:
        """Answer until it is `over`."""
        connector = aiohttp.TCPConnector(limit=0)
        async with self.simulator, aiohttp.ClientSession(connector=connector) as self._client:
            runner = web.ServerRunner(
                web.Server(self._handle, access_log=None), shutdown_timeout=0.1
            )
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            started.set()
            await over.wait()
            await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            body = await request.read()
        except ConnectionError:  # the agent has left
            return web.Response()
        (fault,) = self._random.choices(list(FAULTS), list(FAULTS.values()))
        self.faults[fault] += 1
        made = self._sent.setdefault(request.query.get("soak", ""), [])
        if fault == "reset":
            made.append(Sent(0, b"", False))
            return _ended(request, web.StreamResponse(), rudely=True)
        if fault == "500 cut":
            made.append(Sent(500, BUSY, False))
            half = web.StreamResponse(status=500, headers={"Content-Length": "1000"})
            with contextlib.suppress(ConnectionError):
                await half.prepare(request)
                await half.write(BUSY)
            return _ended(request, half, rudely=False)
        if fault[:3].isdigit():
            status = int(fault[:3])
            page = PAGE % status if fault.endswith("html") else BUSY
            made.append(Sent(status, page, True))
            kind = "text/html" if fault.endswith("html") else "application/json"
            return web.Response(
                status=status, body=page, content_type=kind, headers={"Retry-After": "0"}
            )
        headers = {name: request.headers[name] for name in ("Authorization", "x-api-key", "Content-Type")
                   if name in request.headers}  # fmt: skip
        url = self.simulator.url + request.path
        async with self._client.post(url, data=body, headers=headers) as answer:
            data = await answer.read()
        if answer.status != 200:
            self.refused.append(f"{request.path} {answer.status} {data.decode()[:300]}")
        return await self._passed(request, answer, data, fault, made)

    async def _passed(
        self,
        request: web.BaseRequest,
        answer: aiohttp.ClientResponse,
        data: bytes,
        fault: str,
        made: list[Sent],
    ) -> web.StreamResponse:
        """The simulator's answer, in pieces of any size, as far as the fault lets it."""
        out = web.StreamResponse(status=answer.status)
        out.content_type = answer.content_type
        cut = fault in ("cut", "close")
        end = self._random.randrange(1, len(data)) if cut else len(data)
        made.append(Sent(answer.status, data[:end], not cut))
        if answer.content_type == "application/json":
            out.content_length = len(data)
        else:
            out.enable_chunked_encoding()
        stall = self._random.randrange(end) if fault == "stall" else end
        with contextlib.suppress(ConnectionError):  # the agent has left
            await out.prepare(request)
            await self._pieces(out, data[:end], stall)
            if cut:
                await asyncio.sleep(0.01)
                return _ended(request, out, rudely=fault == "cut")
            await out.write_eof()
        return out

    async def _pieces(self, out: web.StreamResponse, data: bytes, stall: int) -> None:
        """All of it, with a pause at that byte."""
        at = 0
        while at < len(data):
            step = min(len(data) - at, self._random.randint(1, 4000))
            if at <= stall < at + step:
                await asyncio.sleep(PAUSE)
            await out.write(data[at : at + step])
            at += step


def _ended(
    request: web.BaseRequest, response: web.StreamResponse, *, rudely: bool
) -> web.StreamResponse:
    """End the connection now: by a reset, as a crashed host does, or by an end."""
    if request.transport is not None:
        if rudely:
            linger = struct.pack("ii", 1, 0)
            request.transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, linger
            )
        request.transport.close()
    return response


@contextmanager
def weather(seed: int) -> Iterator[Weather]:
    """The upstream, on a thread of its own."""
    found = Weather(Simulator(OPTIONS), seed)
    started, over = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_until_complete, args=(found.serve(started, over),))
    thread.start()
    try:
        assert started.wait(60)
        yield found
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(60)
        loop.close()
        assert not thread.is_alive()
