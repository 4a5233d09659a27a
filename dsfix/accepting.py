"""Taking connections on a port that anybody on this machine can reach.

Where descriptors run out, asyncio's own server tells of it on stderr with a traceback, once for
each connection that its backlog may hold, and plans as many further tries for a second later, each
of which does so again: 28 MB in 25 s, and a whole processor (CPython 3.11.7,
asyncio/selector_events.py, `_accept_connection`). And who asks nothing that it may is shown out, as
it would only take up a descriptor.
"""

from __future__ import annotations

import asyncio
import socket
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

BACKLOG = 512  # connections that wait to be taken
AGAIN = 1.0  # seconds until it is tried again where one cannot be taken
STRANGE = 10.0  # seconds for a connection to ask something that it may; who means to does at once

_Transport = asyncio.BaseTransport
_strangers: weakref.WeakKeyDictionary[_Transport, asyncio.TimerHandle] = weakref.WeakKeyDictionary()


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


def admit(transport: _Transport | None) -> None:
    """What was asked on this connection may be asked: it stays."""
    if transport is not None and (stranger := _strangers.pop(transport, None)) is not None:
        stranger.cancel()


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
            transport, _ = await loop.connect_accepted_socket(factory, connection)
        except (OSError, MemoryError):  # it has ended since
            connection.close()
        else:
            stranger = weakref.ref[_Transport](transport)
            _strangers[transport] = loop.call_later(STRANGE, _show_out, stranger)


def _show_out(stranger: weakref.ref[_Transport]) -> None:
    if (transport := stranger()) is not None:
        transport.close()
