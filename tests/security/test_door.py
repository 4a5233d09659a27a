"""The head of a request at the proxy's real socket: names, browsers, paths and framing."""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.support.in_process import KEY, TOKEN, InProcess
from tests.support.strict_endpoint import StrictEndpoint

BODY = b'{"model":"m","messages":[{"role":"user","content":"x"}]}'


class Front(NamedTuple):
    """A proxy, and the endpoint that must not hear of any of this."""

    proxy: InProcess
    endpoint: StrictEndpoint

    def said(self, line: str, *headers: str, body: bytes = b"", host: str = "") -> tuple[int, str]:
        """Status and whole answer to a head written by hand; no Host but those given."""
        named = [f"Host: 127.0.0.1:{self.proxy.port}"] if not host else []
        head = "\r\n".join([line, *named, *headers, "", ""])
        head = head.replace("PORT", str(self.proxy.port))
        with socket.create_connection(("127.0.0.1", self.proxy.port), timeout=60) as connection:
            connection.sendall(head.encode("latin-1") + body)
            response = http.client.HTTPResponse(connection)
            response.begin()
            names = "".join(f"{name}: {value}\n" for name, value in response.getheaders())
            text = response.read().decode("utf-8", "replace")
            response.close()
            return response.status, names + text


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    """One for all: nothing of what is tried here reaches the endpoint."""
    with StrictEndpoint(key=KEY) as endpoint, InProcess(endpoint.url) as proxy:
        yield Front(proxy, endpoint)
        assert not endpoint.requests


BEARER = f"Authorization: Bearer {TOKEN}"


@pytest.mark.parametrize(
    "hosts",
    [
        (),
        ("localhost.evil.example:PORT",),
        ("127.0.0.1.evil.example:PORT",),
        ("evil.localhost:PORT",),
        ("localhost.:PORT",),
        ("127.0.0.1:PORT, evil.example",),
        ("127.0.0.1:PORT", "127.0.0.1:PORT"),
        ("127.0.0.1:PORT", "evil.example"),
        ("127.0.0.1",),
        ("0.0.0.0:PORT",),
        ("[::1]:PORT",),
        ("127.1:PORT",),
        ("2130706433:PORT",),
        ("user@127.0.0.1:PORT",),
    ],
)
def test_names_that_are_not_ours(front: Front, hosts: tuple[str, ...]) -> None:
    """With the right token, but under a name that a rebound page could have (JobCtrl#217)."""
    given = [f"Host: {host}" for host in hosts]
    status, _ = front.said("GET /v1/models HTTP/1.1", *given, BEARER, host="given")
    assert status in (400, 421)


def test_the_name_comes_before_the_token(front: Front) -> None:
    """A page that got here under its own name does not learn whether its token is right."""
    answers = {
        front.said("GET /v1/models HTTP/1.1", "Host: evil.example", *more, host="given")[0]
        for more in ((), (BEARER,), ("Origin: https://evil.example",))
    }
    assert answers == {421}


def test_a_preflight_is_refused_without_a_word_of_cors(front: Front) -> None:
    """No answer has a CORS header or a cookie, whatever a browser asks; OPTIONS is no method."""
    asks = ("Access-Control-Request-Method: POST", "Access-Control-Request-Private-Network: true")
    for more, expected in ((("Origin: https://evil.example",), 403), ((), 401), ((BEARER,), 405)):
        status, text = front.said("OPTIONS /v1/messages HTTP/1.1", *asks, *more)
        assert status == expected
        assert not re.search(r"^(access-control|set-cookie|allow-origin)", text, re.I | re.M)


@pytest.mark.parametrize(
    "line",
    [
        "CONNECT evil.example:443 HTTP/1.1",
        "GET http://evil.example/v1/models HTTP/1.1",
        "GET http://127.0.0.1:PORT/v1/models HTTP/1.1",
        "GET //evil.example/v1/models HTTP/1.1",
        "POST /v1/../v1/messages HTTP/1.1",
        "POST /v1/%2e%2e/v1/messages HTTP/1.1",
        "POST /v1%2fmessages HTTP/1.1",
        "POST /v1/messages%00 HTTP/1.1",
        "POST /v1/messages/ HTTP/1.1",
        "POST /V1/MESSAGES HTTP/1.1",
        "POST /v1/messages#/models HTTP/1.1",
        "POST /v1/files HTTP/1.1",
        "GET /user/balance HTTP/1.1",
        "POST /stop HTTP/1.1",
        "POST /budget HTTP/1.1",
        "GET /debug HTTP/1.1",
        "TRACE /v1/messages HTTP/1.1",
        "PUT /v1/messages HTTP/1.1",
    ],
)
def test_other_paths_and_methods_with_the_token(front: Front, line: str) -> None:
    """The token opens the paths of the list: no other host, no account, no controls of ours."""
    status, _ = front.said(line, BEARER, "Content-Length: 0")
    assert status in (400, 404, 405)


@pytest.mark.parametrize("path", ["/v1/responses", "/v1/messages", "/responses"])
def test_no_other_protocol(front: Front, path: str) -> None:
    """A WebSocket is not opened: an agent falls back to plain requests."""
    headers = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", BEARER)  # fmt: skip
    status, _ = front.said(f"GET {path} HTTP/1.1", *headers)
    assert status in (400, 405)


@pytest.mark.parametrize(
    "query", [f"token={TOKEN}", f"key={TOKEN}", f"api_key={TOKEN}", f"access_token={TOKEN}"]
)
def test_a_token_in_an_address_is_none(front: Front, query: str) -> None:
    """Nor in a cookie, nor with another scheme: addresses and cookies travel further."""
    assert front.said(f"GET /v1/models?{query} HTTP/1.1")[0] == 401
    assert front.said("GET /v1/models HTTP/1.1", f"Cookie: {query}")[0] == 401
    basic = f"Authorization: Basic {TOKEN}"
    assert front.said("GET /v1/models HTTP/1.1", basic)[0] == 401


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 4", "Content-Length: 40"),
        ("Content-Length: 4", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked, identity",),
        ("Content-Length: -1",),
        ("Content-Length: +4",),
        ("X-A: b\0c",),
        ("X-A : b", "Content-Length: 0"),
        ("X-Long: " + "a" * 70_000,),
    ],
)
def test_ambiguous_and_endless_heads(front: Front, headers: tuple[str, ...]) -> None:
    """No body whose length two readers would tell differently, no name or value without end."""
    status, _ = front.said("POST /v1/messages HTTP/1.1", BEARER, *headers, body=b"0\r\n\r\n")
    assert status == 400


def test_who_never_says_the_token_is_shown_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody takes up descriptors by keeping connections open; the agent's own may be idle."""
    monkeypatch.setattr("dsfix.accepting.STRANGE", 0.5)
    with StrictEndpoint(key=KEY) as endpoint, InProcess(endpoint.url) as proxy:
        where = "127.0.0.1", proxy.port
        with socket.create_connection(where, 10) as agent:
            host = f"Host: 127.0.0.1:{proxy.port}"
            agent.sendall(f"GET /v1/models HTTP/1.1\r\n{host}\r\n{BEARER}\r\n\r\n".encode())
            assert agent.recv(65536).startswith(b"HTTP/1.1 200")
            for said in (b"", b"POST /v1/messages HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\n"):
                with socket.create_connection(where, 10) as stranger:
                    stranger.sendall(said)
                    assert stranger.recv(65536) == b""
            with socket.create_connection(where, 10) as stranger, stranger.makefile("rb") as heard:
                stranger.sendall(f"HEAD / HTTP/1.1\r\n{host}\r\n\r\n".encode())
                assert heard.read().startswith(b"HTTP/1.1 200")  # and no more, to its end
            agent.sendall(f"GET /v1/models HTTP/1.1\r\n{host}\r\n{BEARER}\r\n\r\n".encode())
            assert agent.recv(65536).startswith(b"HTTP/1.1 200")
