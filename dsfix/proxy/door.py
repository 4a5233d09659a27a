"""The agents' side of a connection: aiohttp's server, with errors that agents can read.

When a chunk's size is nonsense, aiohttp 3.14.5 keeps a 400 for after the request that is being
read, and tells nobody who reads its body (aiohttp/web_protocol.py, `data_received`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web
from aiohttp.http import RawRequestMessage

from dsfix.admission import Refusal
from dsfix.protocol import spans
from dsfix.proxy import local
from dsfix.proxy.headers import CODINGS, PLAIN, TRANSFERS

# Seconds for which an idle agent may come back; and its requests are in the record.
_GIVEN: Mapping[str, Any] = {"keepalive_timeout": 3600.0, "access_log": None}
_NOT_HTTP = Refusal(400, "this is not HTTP")


class BrokenBody(Exception):
    """A body that ends nowhere, or is in a coding that cannot be undone."""


class Door(web.Server):
    """Accepts connections; what they ask is the handler's, which is cancelled when they end.

    What is not HTTP is no request that it could answer; then `refused` is told.
    """

    def __init__(
        self, handler: Callable[[web.BaseRequest], Any], refused: Callable[[Refusal], None]
    ) -> None:
        super().__init__(handler, handler_cancellation=True)
        self.refused = refused

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=asyncio.get_running_loop(), **_GIVEN)


class _Connection(web.RequestHandler):
    """One connection of an agent; `broken` once something came that is not HTTP."""

    broken = False

    def __init__(self, door: Door, **given: Any) -> None:
        super().__init__(door, **given)
        self._refused = door.refused

    def data_received(self, data: bytes) -> None:
        """Feed the parser, which puts an error behind the requests that it has read."""
        super().data_received(data)
        if not self._messages or isinstance(self._messages[-1][0], RawRequestMessage):
            return
        self.broken = True
        request = self._current_request
        if request is not None and not request.content.is_eof():
            request.content.set_exception(BrokenBody())

    def connection_lost(self, exc: BaseException | None) -> None:
        """Let go of the transport, and it of itself.

        It holds a method of its own: a circle, and a kilobyte for each connection until somebody
        looks for garbage (CPython 3.11, asyncio/selector_events.py, `_read_ready_cb`).
        """
        transport = self.transport
        super().connection_lost(exc)
        if transport is not None:
            vars(transport).pop("_read_ready_cb", None)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What is answered where there is no request to answer, or no answer could be made."""
        super().handle_error(request, status, exc, message)  # writes the log
        if status < 500:
            self._refused(_NOT_HTTP)
        return local.failed(status)


async def body_of(request: web.BaseRequest, limit: int) -> bytes | None:
    """The request's body, None when it is larger than the limit. Raises BrokenBody."""
    if (request.content_length or 0) > limit:
        return None
    coding, carried = (
        ",".join(request.headers.getall(name, ())).lower()
        for name in ("Content-Encoding", "Transfer-Encoding")
    )
    if coding not in CODINGS or carried not in TRANSFERS:
        raise BrokenBody
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    parts: list[bytes] = []
    size = 0
    body, connection = request.content, request.protocol
    while not body.at_eof():
        if isinstance(connection, _Connection) and connection.broken and not body.is_eof():
            raise BrokenBody
        try:
            parts.append(await body.readany())
        except web.RequestPayloadError as error:  # compressed, and not well
            raise BrokenBody from error
        size += len(parts[-1])
        if size > limit:
            return None
    whole = b"".join(parts)
    if coding not in PLAIN and not spans.is_whole(whole):
        raise BrokenBody  # nobody else tells of a compressed one that was cut
    return whole
