"""A web application of ours: who may ask something keeps the connection."""

from __future__ import annotations

import asyncio
import socket

import pytest
from aiohttp import web

from dsfix.accepting import admit
from dsfix.serving import end_refused, serving


async def _handle(request: web.Request) -> web.Response:
    if request.path != "/mine":
        return web.Response(status=401)
    admit(request.transport)
    return web.Response()


def test_who_may_ask_stays_and_others_are_shown_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who ask for nothing after a while, and those who are refused at once."""
    monkeypatch.setattr("dsfix.accepting.STRANGE", 1.0)
    app = web.Application()
    app.router.add_get("/{path}", _handle)
    app.on_response_prepare.append(end_refused)

    async def heard() -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        place = listener.getsockname()
        async with asyncio.timeout(30), serving(app, listener, grace=0.1):
            mine, silent, half, wrong = [await asyncio.open_connection(*place) for _ in range(4)]
            mine[1].write(b"GET /mine HTTP/1.1\r\nHost: x\r\n\r\n")
            half[1].write(b"GET /mine HTTP/1.1\r\nHost: x\r\n")
            wrong[1].write(b"GET /wrong HTTP/1.1\r\nHost: x\r\n\r\n")
            began = asyncio.get_running_loop().time()
            assert (await wrong[0].read()).startswith(b"HTTP/1.1 401")
            assert asyncio.get_running_loop().time() - began < 1.0
            assert await silent[0].read() == b""
            assert await half[0].read() == b""
            assert (await mine[0].readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            mine[1].write(b"GET /mine HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await mine[0].readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            for _, writer in (mine, silent, half, wrong):
                writer.close()

    asyncio.run(heard())
