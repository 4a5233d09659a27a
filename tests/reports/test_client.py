"""What a server that is none, or means no good, can do to the commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from dsfix.errors import DsfixError
from dsfix.reports.client import Server

ANSWERS = {
    "no JSON": (200, b"<html>hello"),
    "no report": (200, b"{}"),
    "another's error": (404, b'{"error": {"message": "no such route"}}'),
    "words that drive a terminal": (400, b'{"error": "\\u001b[2J"}'),
    "an address that does": (200, b'{"address": "/r/\\u001b]0;x"}'),
    "an address elsewhere": (200, b'{"address": ".evil.example/"}'),
    "a number": (200, b"1"),
    "a list of numbers": (200, b"[1]"),
    "a redirect": (302, b""),
    "bytes": (200, b"\xff\xfe"),
}


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """A server that answers everything so; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:9/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PATCH = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("name", ANSWERS)
def test_no_report_server(name: str) -> None:
    """Whatever answers, the error is one printable line, and no redirect is followed."""
    with answering(*ANSWERS[name]) as url:
        server = Server(url, url, "t" * 20)
        for ask in (
            lambda: server.sent(b"x"),
            lambda: server.listed([("limit", "1")]),
            lambda: server.changed("abcd", {"tag": ["x"]}),
        ):
            with pytest.raises(DsfixError, match="is no report server") as raised:
                ask()
            assert raised.value.message.isprintable()
