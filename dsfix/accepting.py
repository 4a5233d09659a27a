"""Taking connections on a port that anybody on this machine can reach.

Where descriptors run out, asyncio's own server tells of it on stderr with a traceback, once for
each connection that its backlog may hold, and plans as many further tries for a second later, each
of which does so again: 28 MB in 25 s, and a whole processor (CPython 3.11.7,
asyncio/selector_events.py, `_accept_connection`).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

BACKLOG = 512  # connections that wait to be taken
AGAIN = 1.0  # seconds until it is tried again where one cannot be taken


@asynccontextmanager
async def accepting(
    listener: socket.socket, factory: Callable[[], asyncio.BaseProtocol]
) -> AsyncIterator[None]:
    """Take connections, each with a protocol of its own, until this is left; it closes the port."""
    with listener:
        listener.setblocking(False)
        listener.listen(BACKLOG)
        taking = asyncio.create_task(_take(listener, factory))
        try:
            yield
        finally:
            taking.cancel()
            await asyncio.wait([taking])


async def _take(listener: socket.socket, factory: Callable[[], asyncio.BaseProtocol]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        try:
            connection, _ = await loop.sock_accept(listener)
        except ConnectionAbortedError:  # it ended while it waited
            continue
        except (OSError, MemoryError):  # no descriptor, or nothing else, is left
            await asyncio.sleep(AGAIN)
            continue
        try:
            await loop.connect_accepted_socket(factory, connection)
        except (OSError, MemoryError):  # it has ended since
            connection.close()
