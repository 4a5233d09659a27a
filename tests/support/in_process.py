"""The proxy on a thread of this process, and a client that speaks to it byte by byte."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from dsfix import repairs, upstreams
from dsfix.memory import OriginMemory, Store
from dsfix.proxy.budget import Budget
from dsfix.proxy.client import Client
from dsfix.proxy.forward import Forwarder
from dsfix.proxy.guard import Guard
from dsfix.proxy.server import Loop, serve
from dsfix.repairs.base import Rules
from tests.support.talk import Talk

__all__ = ["KEY", "PATHS", "TOKEN", "InProcess", "Talk"]

TOKEN = "t" * 64
KEY = "sk-real-0123456789abcdef"
PATHS = {
    "messages": "/anthropic/v1/messages",
    "chat": "/chat/completions",
    "responses": "/responses",
}


class Journal:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.exchanges: list[Any] = []
        self.replies: list[Any] = []
        self.over: list[Any] = []
        self.refused_at_door: list[Any] = []

    def began(self, exchange: Any, outgoing: Any) -> None:
        """An exchange begins."""
        self.exchanges.append(exchange)

    def answering(self, exchange: Any, reply: Any) -> None:
        """An answer begins."""
        self.replies.append(reply)

    def ended(self, exchange: Any, reply: Any) -> None:
        """An exchange is over."""
        self.over.append(exchange)

    def refused(self, refusal: Any) -> None:
        """A request was refused at the door."""
        self.refused_at_door.append(refusal)


class InProcess:
    """A proxy in front of an upstream; it serves while it is entered as a context."""

    def __init__(
        self,
        url: str,
        memory: Path | None = None,
        clock: Callable[[], float] = time.time,
        budget: Budget | None = None,
        **rules: Any,
    ) -> None:
        self.journal = Journal()
        self.store = Store(memory, clock=clock)
        # What a test puts in the place of the usual, for the forwarder and for its client.
        self._forwarding: dict[str, Any] = {"journal": self.journal, "budget": budget}
        self._asking: dict[str, Any] = {}
        self._upstream = upstreams.resolve(url)
        self._rules = Rules(
            main=self._upstream.main,
            small=self._upstream.small,
            limits=self._upstream.model,
            efforts=self._upstream.efforts,
            effort_alone=self._upstream.effort_alone,
            server_tools=self._upstream.server_tools,
            **{"strict": True, **rules},
        )
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._stop: Callable[[], None] = lambda: None

    def __enter__(self) -> InProcess:
        self.store.open()
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()
        self._thread.join(60)
        self.store.close()
        self._listener.close()

    def _run(self) -> None:
        upstream = self._upstream
        forwarder = partial(
            Forwarder,
            upstream,
            guard=Guard(self.port, TOKEN, upstream.segments),
            repairs=repairs.without(frozenset()),
            rules=self._rules,
            memory=OriginMemory(self.store, upstream.origin),
            **self._forwarding,
        )
        client = partial(Client, upstream.origin, KEY, **self._asking)
        with asyncio.Runner(loop_factory=Loop) as runner:
            runner.run(serve(self._listener, client, forwarder, self._serving))

    def _serving(self, stop: Callable[[], None]) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = stop
        self._ready.set()

    @contextmanager
    def asking(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> Iterator[http.client.HTTPResponse]:
        """A response whose body is still to be read; `sec_fetch_site` stands for its header."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", **named}
        try:
            kept = {name: value for name, value in given.items() if value}
            connection.request(method, path, body or None, kept)
            response = connection.getresponse()
            try:
                yield response
            finally:
                response.close()
        finally:
            connection.close()

    def ask(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers in lower case, and the whole body."""
        with self.asking(method, path, body, **headers) as response:
            data = response.read()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, data

    def post(self, dialect: str, body: bytes | dict[str, Any], **headers: str) -> tuple[int, bytes]:
        """Status and body of one request to a dialect's path."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, _, data = self.ask("POST", PATHS[dialect], raw, **headers)
        return status, data
