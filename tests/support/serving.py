"""A server of a test, told by what it answers: an upstream, a collector, somebody else's site."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from typing import Any, NamedTuple


class Came(NamedTuple):
    """A request; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Given(NamedTuple):
    """An answer."""

    status: int
    body: bytes = b""
    kind: str = "application/json"
    headers: Mapping[str, str] = {}


Answer = Callable[[Came], Given]


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """The URL of a server that answers so."""
    with running(ThreadingHTTPServer(("127.0.0.1", 0), handler_of(answer))) as url:
        yield url


@contextmanager
def running(server: HTTPServer) -> Iterator[str]:
    """The URL of that server, which serves until the context is left."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def handler_of(answer: Answer) -> type[BaseHTTPRequestHandler]:
    """What http.server wants of an answer to every request."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            given = answer(Came(self.command, self.path, headers, self.rfile.read(size)))
            self.send_response(given.status)
            own = {"Content-Type": given.kind, "Content-Length": str(len(given.body))}
            for name, value in {**own, **given.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(given.body)

        do_GET = do_HEAD = do_POST = do_PATCH = do_DELETE = do_OPTIONS = _answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
