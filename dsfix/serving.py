"""A web application of ours on a port: the page of a session, reports, the simulator."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from dsfix.accepting import accepting

IDLE = 75.0  # seconds for which who has asked may come back


@asynccontextmanager
async def serving(
    app: web.Application, listener: socket.socket, grace: float, **given: Any
) -> AsyncIterator[None]:
    """Serve until this is left; what is under way then has `grace` seconds.

    What else is `given` is for aiohttp's connections.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=grace, **given)
    await runner.setup()
    assert runner.server is not None
    try:
        async with accepting(listener, runner.server):
            yield
    finally:
        await runner.cleanup()


async def end_refused(request: web.Request, response: web.StreamResponse) -> None:
    """For `on_response_prepare`: who is refused has no connection to keep."""
    if response.status >= 400:
        response.force_close()
