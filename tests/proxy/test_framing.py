"""Where one message ends and the next begins, on both sides, when the other end gets it wrong."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dsfix.protocol import sse
from dsfix.proxy import peek
from tests.faults.wild import Wild, chunk, head
from tests.proxy.wire_data import ANSWERS, CLEAN, EVENTS, JSON
from tests.support.in_process import PATHS, TOKEN, InProcess
from tests.support.pty_session import wait_until
from tests.support.strict_endpoint import Canned, StrictEndpoint

both = pytest.mark.parametrize("dialect", ["messages", "chat", "responses"])


class _Talkative:
    """An upstream that says one more answer than it was asked for, on each of its connections."""

    def __init__(self, unasked: bytes) -> None:
        self.url = ""
        self.connections = 0
        self.said = threading.Event()
        self._unasked = unasked
        self._listener = socket.create_server(("127.0.0.1", 0))

    @contextmanager
    def serving(self) -> Iterator[_Talkative]:
        """Serve until the block is left."""
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()
        try:
            yield self
        finally:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            while line := lines.readline():
                size = 0
                while line not in (b"\r\n", b""):
                    name, _, value = line.partition(b":")
                    size = int(value) if name.lower() == b"content-length" else size
                    line = lines.readline()
                lines.read(size)
                connection.sendall(_answer(b"asked for"))
                if not self.said.wait(0.1):
                    connection.sendall(self._unasked)
                    self.said.set()


def _answer(text: bytes) -> bytes:
    data = ANSWERS["chat"].replace(b'"ok"', b'"' + text + b'"')
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return (head % len(data)).encode() + data


@pytest.mark.parametrize("unasked", [_answer(b"unasked"), _answer(b"unasked")[:40], b"\r\n"])
def test_an_answer_that_nobody_asked_for(unasked: bytes) -> None:
    """What an upstream says on an idle connection is not the answer to the next request."""
    with _Talkative(unasked).serving() as upstream, InProcess(upstream.url) as proxy:
        for _ in range(3):
            status, data = proxy.post("chat", CLEAN["chat"])
            assert status == 200 and b'"asked for"' in data and b"unasked" not in data
            upstream.said.wait(5)
        assert upstream.connections == 2


def _opened(proxy: InProcess, path: str, framing: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", proxy.port), timeout=60)
    connection.sendall(
        (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{proxy.port}\r\nContent-Type:"
            f" application/json\r\nAuthorization: Bearer {TOKEN}\r\n{framing}"
        ).encode()
    )
    return connection


def _rest(connection: socket.socket) -> bytes:
    """All that comes until the connection is closed from the other side."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def _refused(connection: socket.socket) -> dict[str, Any]:
    head, _, body = _rest(connection).partition(b"\r\n\r\n")
    assert b" 400 " in head[:16]
    found: dict[str, Any] = json.loads(body)
    return found


@both
@pytest.mark.parametrize("begun", [b"", b'5\r\n{"a":\r\n'])
def test_a_body_in_chunks_that_are_none(proxy: InProcess, dialect: str, begun: bytes) -> None:
    """A request whose chunks make no sense is refused at once, and its connection is closed."""
    with _opened(
        proxy, PATHS[dialect], "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    ) as it:
        assert it.recv(65536).startswith(b"HTTP/1.1 100")  # the body is being read
        it.sendall(begun + b"this is no size of a chunk\r\n")
        found = _refused(it)
    assert "chunk" in found["error"]["message"]
    assert (found.get("type") == "error") is (dialect == "messages")


@both
def test_garbage_in_one_piece_with_its_head(proxy: InProcess, dialect: str) -> None:
    """Where nothing is known but that it is not HTTP, the error is one that all agents read."""
    more = "Transfer-Encoding: chunked\r\n\r\nthis is no size of a chunk"
    with _opened(proxy, PATHS[dialect], more) as connection:
        found = _refused(connection)
    assert found["type"] == "error" and found["error"]["message"] == "dsfix: this is not HTTP"


def test_garbage_behind_a_whole_request(proxy: InProcess, endpoint: StrictEndpoint) -> None:
    """The request is answered, and then the garbage is refused."""
    endpoint.canned = [Canned(200, JSON, [ANSWERS["chat"]], hold=0.3)]
    with _opened(proxy, PATHS["chat"], "Content-Length: 2\r\n\r\n{}") as connection:
        wait_until(lambda: endpoint.requests)
        connection.sendall(b"nonsense\r\n\r\n")
        answered = _rest(connection)
    assert answered.startswith(b"HTTP/1.1 200") and ANSWERS["chat"] in answered
    assert answered.count(b"HTTP/1.") == 2 and b" 400 " in answered


@both
def test_the_first_event_does_not_wait_for_the_others(dialect: str) -> None:
    """Of events that come together, the first is on its way before the others are looked at."""
    events = EVENTS[dialect]

    def say(connection: socket.socket) -> None:
        framing = head("text/event-stream", "Transfer-Encoding: chunked")
        connection.sendall(framing + chunk(events) + chunk(b""))

    asked = CLEAN[dialect]
    framing = f"Content-Length: {len(asked)}\r\n\r\n"
    with (
        Wild(say) as wild,
        InProcess(wild.url) as proxy,
        _opened(proxy, PATHS[dialect], framing) as agent,
        agent.makefile("rb") as lines,
    ):
        agent.sendall(asked)
        while lines.readline() != b"\r\n":
            pass
        size = int(lines.readline(), 16)
        first = lines.read(size)
    assert first.rstrip() == events[: sse.first_end(events)].rstrip() != events.rstrip()


def test_a_head_alone_goes_on_while_the_upstream_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent that waits for the head has it before there is an event."""
    monkeypatch.setattr(peek, "PATIENCE", 0.1)
    headed = threading.Event()

    def say(connection: socket.socket) -> None:
        connection.sendall(head("text/event-stream", "Transfer-Encoding: chunked"))
        if headed.wait(5):
            connection.sendall(chunk(EVENTS["chat"]) + chunk(b""))

    with (
        Wild(say) as wild,
        InProcess(wild.url) as proxy,
        proxy.asking("POST", PATHS["chat"], CLEAN["chat"]) as response,
    ):
        headed.set()
        assert response.read() == EVENTS["chat"]


def test_a_head_that_is_cut_is_not_asked_for_again() -> None:
    """Who has begun to answer has the request, also on a connection that was kept."""

    def whole(connection: socket.socket) -> None:
        length = f"Content-Length: {len(ANSWERS['chat'])}"
        connection.sendall(head("application/json", length) + ANSWERS["chat"])

    def begun(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 2")
        connection.close()

    with Wild(whole, begun, whole) as wild, InProcess(wild.url) as proxy:
        assert proxy.post("chat", CLEAN["chat"])[0] == 200
        assert proxy.post("chat", CLEAN["chat"])[0] == 502
    assert len(wild.requests) == 2


@both
@pytest.mark.parametrize("status", [200, 401])
def test_a_document_behind_a_byte_order_mark_is_read(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str, status: int
) -> None:
    """It passes with its mark, and what it says is known."""
    told = ANSWERS[dialect] if status == 200 else b'{"error":{"message":"no such key"}}'
    endpoint.canned = [Canned(status, JSON, [b"\xef\xbb\xbf" + told])]
    assert proxy.post(dialect, CLEAN[dialect])[0] == status
    [over] = proxy.journal.over
    assert (over.served, over.error) == (
        ("deepseek-v4-pro", "") if status == 200 else ("", "no such key")
    )


def test_a_header_as_long_as_agents_take() -> None:
    """Node takes one of 16 KiB: a policy or a cookie of that length costs no answer."""
    data = ANSWERS["chat"]
    long = f"Content-Security-Policy: {'a ' * 7500}"
    said = head("application/json", f"{long}\r\nContent-Length: {len(data)}") + data
    with Wild(lambda connection: connection.sendall(said)) as wild, InProcess(wild.url) as proxy:
        assert proxy.post("chat", CLEAN["chat"]) == (200, data)
