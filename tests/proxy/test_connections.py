"""What is left of an agent's connection once it has ended."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import sys
import time
import weakref
from http.client import HTTPConnection
from pathlib import Path

import pytest
from aiohttp import web

from dsfix.proxy import pool
from dsfix.proxy.door import Door
from tests.faults.wild import Wild, chunk, head
from tests.proxy.wire_data import ANSWERS, CLEAN, EVENTS
from tests.support.in_process import PATHS, TOKEN, InProcess
from tests.support.pty_session import wait_until


def test_nothing_of_a_connection_is_left() -> None:
    """Its transport is gone at once, without anybody's looking for garbage."""
    kept: list[weakref.ref[asyncio.Transport]] = []

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        kept.append(weakref.ref(request.transport))
        return web.Response(text="well")

    async def asked() -> None:
        loop = asyncio.get_running_loop()
        door = Door(handler, lambda refusal: None)
        server = await loop.create_server(door, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        for end in ("close", "keep-alive"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET / HTTP/1.1\r\nHost: x\r\nConnection: {end}\r\n\r\n".encode())
            assert b"well" in await reader.readuntil(b"well")
            writer.close()
            await writer.wait_closed()
        await asyncio.sleep(0.05)  # the server's side ends in its own time
        server.close()
        await door.shutdown()

    gc.collect()
    gc.disable()
    try:
        asyncio.run(asked())
        assert [ref() for ref in kept] == [None, None]
    finally:
        gc.enable()


def _given_up(connection: socket.socket) -> None:
    connection.sendall(head("text/plain", "Content-Length: 4", "408 Request Time-out") + b"late")
    connection.close()


def _answered(connection: socket.socket) -> None:
    data = ANSWERS["chat"]
    connection.sendall(head("application/json", f"Content-Length: {len(data)}") + data)


def test_a_kept_connection_that_was_given_up() -> None:
    """A 408 is said to an idle connection, not to the request that came as it was said."""
    with Wild(_answered, _given_up, _answered) as wild, InProcess(wild.url) as proxy:
        assert [proxy.post("chat", CLEAN["chat"])[0] for _ in range(2)] == [200, 200]
        assert len(wild.requests) == 3


def test_a_new_connection_that_is_given_up() -> None:
    """There it is the answer to the request."""
    with Wild(_given_up) as wild, InProcess(wild.url) as proxy:
        assert proxy.post("chat", CLEAN["chat"])[0] == 408
        assert len(wild.requests) == 1


def _worked_on(connection: socket.socket) -> None:
    time.sleep(0.3)
    connection.close()


def test_a_kept_connection_that_ends_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """The upstream has had the request, and may have worked on it: it is not sent once more."""
    monkeypatch.setattr(pool, "SOON", 0.2)
    with Wild(_answered, _worked_on, _answered) as wild, InProcess(wild.url) as proxy:
        assert [proxy.post("chat", CLEAN["chat"])[0] for _ in range(2)] == [200, 502]
        assert len(wild.requests) == 2


@pytest.mark.parametrize("dialect", ["messages", "chat", "responses"])
def test_an_agent_that_hangs_up_when_it_has_all_of_it(dialect: str) -> None:
    """An upstream that does not end its answer yet is left alone, and nothing was cut."""
    told = EVENTS[dialect]

    def stays(connection: socket.socket) -> None:
        connection.sendall(head("text/event-stream", "Transfer-Encoding: chunked") + chunk(told))
        wild.wait_for_end(connection)

    with Wild(stays) as wild, InProcess(wild.url) as proxy:
        with proxy.asking("POST", PATHS[dialect], CLEAN[dialect]) as response:
            assert response.read(len(told)) == told
        wait_until(lambda: proxy.journal.over)
        assert proxy.journal.over[0].cut == ""
        assert proxy.journal.over[0].finish
        assert wild.gone.wait(5)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_long_request_that_is_given_up_unread() -> None:
    """The agent leaves, and the upstream has read nothing: its connection does not stay."""
    held: list[socket.socket] = []

    class Deaf(Wild):
        def _request(self, connection: socket.socket) -> bytes:
            held.append(connection)
            self._over.wait()
            raise ConnectionError

    body = json.dumps(json.loads(CLEAN["chat"]) | {"x_long": "x" * (32 << 20)}).encode()
    with Deaf() as wild, InProcess(wild.url) as proxy:
        agent = HTTPConnection("127.0.0.1", proxy.port)
        agent.request("POST", PATHS["chat"], body, {"Authorization": f"Bearer {TOKEN}"})
        wait_until(lambda: held)
        time.sleep(0.3)  # by then all that lies between the two is full
        files = len(list(Path("/proc/self/fd").iterdir()))
        agent.close()
        wait_until(lambda: len(list(Path("/proc/self/fd").iterdir())) == files - 3, "their ends")
