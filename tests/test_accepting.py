"""Connections are taken one by one, and one that fails keeps none of the others out."""

from __future__ import annotations

import asyncio
import socket

from dsfix.accepting import accepting


class _Greets(asyncio.Protocol):
    """Says one word, and ends."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"hello")
        transport.close()


def test_one_that_ends_too_soon_is_closed_and_the_next_is_taken() -> None:
    """macOS refuses to set up a connection that its peer has reset."""
    outcomes = [OSError("Invalid argument"), None, None]

    def factory() -> asyncio.Protocol:
        if failed := outcomes.pop(0):
            raise failed
        return _Greets()

    async def heard() -> list[bytes]:
        listener = socket.create_server(("127.0.0.1", 0))
        place = listener.getsockname()
        async with asyncio.timeout(30), accepting(listener, factory):
            said = []
            for _ in range(3):
                reader, writer = await asyncio.open_connection(*place)
                said.append(await reader.read())
                writer.close()
            return said

    assert asyncio.run(heard()) == [b"", b"hello", b"hello"]
