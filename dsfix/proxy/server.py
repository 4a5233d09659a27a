"""The proxy's life: a listening socket made early, served in a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

from aiohttp import web

from dsfix.proxy.client import Client
from dsfix.proxy.forward import Forwarder

GRACE = 1.0  # seconds for exchanges under way when the agent has ended


async def serve(
    listener: socket.socket,
    client: Callable[[], Client],
    forwarder: Callable[[Client], Forwarder],
    ready: Callable[[Callable[[], None]], None],
) -> None:
    """Serve until told to stop. `ready` gets the function that stops it, from any thread."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    upstream = client()
    handler = forwarder(upstream).handle
    server = web.Server(
        handler, handler_cancellation=True, access_log=None, keepalive_timeout=3600.0
    )
    site = await loop.create_server(server, sock=listener, backlog=512)
    try:
        ready(partial(_from_any_thread, loop, stop))
        await stop.wait()
    finally:
        site.close()
        await server.shutdown(GRACE)
        await upstream.close()


def _from_any_thread(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    loop.call_soon_threadsafe(stop.set)


def to_file(path: Path | None) -> None:
    """Send every log line to that file, or nowhere: the terminal belongs to the agent."""
    root = logging.getLogger()
    if path is None:
        root.addHandler(logging.NullHandler())
        return
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
