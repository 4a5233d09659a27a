"""The user's own proxy on the way to the upstream, where it does not do."""

from __future__ import annotations

import json
import os
import socket

import pytest

from tests.faults.wild import Wild, head
from tests.proxy.wire_data import CLEAN
from tests.support.in_process import InProcess


def refuses(connection: socket.socket) -> None:
    """As a proxy does that wants a password."""
    connection.sendall(head("text/html", "Content-Length: 0", "407 Proxy Authentication Required"))


NOWHERE = "https://api.nowhere.invalid"


def told(
    way: str, monkeypatch: pytest.MonkeyPatch, around: str = "", upstream: str = NOWHERE
) -> str:
    """What the agent reads, where this is the way to an upstream that nobody can look up."""
    for name in [each for each in os.environ if each.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ALL_PROXY", way)
    monkeypatch.setenv("NO_PROXY", around)
    with InProcess(upstream) as proxy:
        status, body = proxy.post("chat", CLEAN["chat"])
    assert status == 502
    return str(json.loads(body)["error"]["message"]).partition("reached: ")[2]


@pytest.mark.parametrize("scheme", ["http://", ""])
def test_a_proxy_that_refuses(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was asked, also where its address has no scheme, and its status is told as its own."""
    with Wild(refuses) as wild:
        way = wild.url.replace("http://", scheme)
        assert told(way, monkeypatch) == "the proxy that is set refused with 407"
        assert len(wild.requests) == 1


def test_a_proxy_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not the upstream that refuses."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        way = f"http://127.0.0.1:{free.getsockname()[1]}"
    assert told(way, monkeypatch) == "the proxy that is set: Connection refused"


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (b"", "it ended the connection without an answer"),
        (b"HTTP/1.1 200 Conn", "it ended the connection without an answer"),
        (b"SSH-2.0-dropbear\r\n\r\n", "what it answered is not HTTP"),
    ],
)
def test_a_proxy_that_makes_no_tunnel(
    says: bytes, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It broke off: the upstream, which has heard of nothing, did not."""

    def breaks_off(connection: socket.socket) -> None:
        connection.sendall(says)
        connection.shutdown(socket.SHUT_RDWR)

    with Wild(breaks_off) as wild:
        assert told(wild.url, monkeypatch) == f"the proxy that is set: {why}"


def test_a_proxy_that_cannot_be_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not the upstream whose name is unknown."""
    assert told("http://proxy.invalid:3128", monkeypatch).startswith("the proxy that is set: ")


@pytest.mark.parametrize(
    ("way", "says"),
    [
        ("socks5://127.0.0.1:1", "a socks5 proxy is set, and dsfix knows http:// proxies only"),
        ("http://:bad:port", "the proxy that is set has no address"),
        ("http://a..b:8080", "the proxy that is set has no address"),
    ],
)
def test_what_is_no_http_proxy(way: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is told as such, and nobody is asked."""
    assert told(way, monkeypatch) == says


@pytest.mark.parametrize(
    ("names", "passed"),
    [("nowhere.invalid", True), ("api.nowhere.invalid:443", True), (".invalid:8443", False)],
)
def test_a_host_that_needs_no_proxy(
    names: str, passed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named by its end, with a port or without."""
    with Wild(refuses) as wild:
        told(wild.url, monkeypatch, names)
        assert (not wild.requests) is passed


@pytest.mark.parametrize(
    ("networks", "passed"),
    [("0.0.0.0/8", True), ("nonsense/8, 0.0.0.1/24", True), ("10.0.0.0/8,0.0.0.0/99,::/0", False)],
)
def test_a_network_that_needs_no_proxy(
    networks: str, passed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As offices name theirs; what is no network is none."""
    with Wild(refuses) as wild:
        told(wild.url, monkeypatch, networks, "https://0.0.0.0:9")
        assert (not wild.requests) is passed
