"""What a server that is none, or means no good, can do to the commands."""

from __future__ import annotations

import pytest

from dsfix.errors import DsfixError
from dsfix.reports.client import Server
from tests.support.serving import Given, serving

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


@pytest.mark.parametrize("name", ANSWERS)
def test_no_report_server(name: str) -> None:
    """Whatever answers, the error is one printable line, and no redirect is followed."""
    status, body = ANSWERS[name]
    away = Given(status, body, headers={"Location": "http://127.0.0.1:9/"})
    with serving(lambda came: away) as url:
        server = Server(url, url, "t" * 20)
        for ask in (
            lambda: server.sent(b"x"),
            lambda: server.listed([("limit", "1")]),
            lambda: server.changed("abcd", {"tag": ["x"]}),
        ):
            with pytest.raises(DsfixError, match="is no report server") as raised:
                ask()
            assert raised.value.message.isprintable()
