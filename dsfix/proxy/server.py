"""The proxy's life: a listening socket made early, served in a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

from dsfix.accepting import accepting
from dsfix.paths import PRIVATE_FILE
from dsfix.proxy.client import Client
from dsfix.proxy.door import Door
from dsfix.proxy.forward import Forwarder

GRACE = 1.0  # seconds for exchanges under way when the agent has ended


class Loop(asyncio.SelectorEventLoop):
    """A loop that ends without waiting for the threads that look names up.

    asyncio would wait for one that asks a silent name server, in a thread that it starts for that:
    seconds for the agent's user, and where the system has no thread left, the agent's exit code
    (CPython 3.11, asyncio/base_events.py, `shutdown_default_executor`).
    """

    async def shutdown_default_executor(
        self,
        timeout: float | None = None,  # noqa: ASYNC109  # as asyncio names it
    ) -> None:
        """Nothing: `close` lets go of them."""


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
    forwarding = forwarder(upstream)
    server = Door(forwarding.handle, forwarding.journal.refused)
    try:
        async with accepting(listener, server):
            ready(partial(_from_any_thread, loop, stop))
            await stop.wait()
    finally:
        await server.shutdown(GRACE / 2)  # aiohttp waits for so long twice
        forwarding.close()
        await upstream.close()


def _from_any_thread(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    loop.call_soon_threadsafe(stop.set)


def to_file(path: Path | None, redact: Callable[[str], str]) -> str:
    """Send every log line, redacted, to a private file, or nowhere: not to the agent's terminal.

    A line that cannot be written is lost, and logging's own words about that are not said. Gives
    why all of them are, where no file can be had.
    """
    logging.raiseExceptions = False
    root = logging.getLogger()
    handler: logging.Handler = logging.NullHandler()
    trouble = ""
    if path is not None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            file = os.fdopen(os.open(path, flags, PRIVATE_FILE), "a", encoding="utf-8")
        except OSError as error:
            trouble = f"{path.name}: {error.strerror}"
        else:
            handler = logging.StreamHandler(file)
            handler.setFormatter(_Redacted(redact))
            root.setLevel(logging.DEBUG)
    root.addHandler(handler)
    return trouble


class _Redacted(logging.Formatter):
    """Lines of the log with every secret taken out, tracebacks included."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))
