"""How many tokens a request has: the upstream's own count, and an estimate where it gives none."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from dsfix.protocol import spans
from dsfix.proxy import local
from dsfix.proxy.ask import ask
from dsfix.proxy.client import Client, Unreachable

COUNTING = 10.0  # seconds for the upstream's own count; nobody waits longer for an estimate
AGAIN = 60.0  # seconds until one that gave none is asked again: it may have been busy


@dataclass(slots=True)
class Counting:
    """Asks one upstream. `path` is where it counts, None where it does not; `clock` is monotonic.

    One that cannot count is not asked each time: Claude Code 2.1.197 sends 14 counts at once for
    its `/context` (measured 2026-11-20).
    """

    client: Client
    path: str | None
    clock: Callable[[], float] = time.monotonic
    _again: float = 0.0

    async def answer(self, request: web.BaseRequest, body: bytes) -> web.Response:
        """The count as the upstream words it, or an estimate."""
        if self.path and self.clock() >= self._again:
            if data := await self._counted(self.path, request, body):
                return web.Response(body=data, content_type="application/json")
            self._again = self.clock() + AGAIN
        return local.estimated_tokens(body)

    async def _counted(self, path: str, request: web.BaseRequest, body: bytes) -> bytes:
        """The upstream's own count, whole; empty where it gives none."""
        try:
            told = await ask(self.client, "POST", path, body, request.headers, COUNTING)
        except (Unreachable, aiohttp.ClientError, OSError):
            return b""  # an estimate is what the caller gets either way
        found = spans.value(told.body)
        counts = told.status == 200 and isinstance(found, dict) and "input_tokens" in found
        return told.body if counts else b""
