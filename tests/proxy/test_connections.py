"""What is left of an agent's connection once it has ended."""

from __future__ import annotations

import asyncio
import gc
import weakref

from aiohttp import web

from dsfix.proxy.door import Door


def test_nothing_of_a_connection_is_left() -> None:
    """Its transport is gone at once, without anybody's looking for garbage."""
    kept: list[weakref.ref[asyncio.Transport]] = []

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport is not None
        kept.append(weakref.ref(request.transport))
        return web.Response(text="well")

    async def asked() -> None:
        loop = asyncio.get_running_loop()
        door = Door(handler)
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
