"""Token counts that an upstream gives badly, or not at all."""

from __future__ import annotations

import json
import socket
import time

import pytest

from dsfix.proxy import counting
from tests.faults.rows_upstream import PAUSE
from tests.faults.wild import Say, Wild, head
from tests.proxy.wire_data import CLEAN
from tests.support.in_process import InProcess

PATH = "/anthropic/v1/messages/count_tokens"
COUNT = b'{"input_tokens": 1234}'


def counted(say: Say) -> tuple[int, bytes]:
    """Status and body of one count, where the upstream says this."""
    with Wild(say) as wild, InProcess(wild.url) as proxy:
        status, _, body = proxy.ask("POST", PATH, CLEAN["messages"])
    return status, body


def in_pieces(connection: socket.socket) -> None:
    """The count under its length; the second piece comes when the first has been read."""
    connection.sendall(head("application/json", f"Content-Length: {len(COUNT)}") + COUNT[:17])
    time.sleep(PAUSE)
    connection.sendall(COUNT[17:])


def test_a_count_that_comes_in_pieces_is_whole() -> None:
    """The agent gets all of it, as the upstream worded it."""
    assert counted(in_pieces) == (200, COUNT)


@pytest.mark.parametrize("body", [COUNT[:17], b"<html>input_tokens</html>", b'["input_tokens"]'])
def test_what_is_no_count_becomes_an_estimate(body: bytes) -> None:
    """Half a document, a page and another document are no counts."""

    def say(connection: socket.socket) -> None:
        connection.sendall(head("application/json", f"Content-Length: {len(body)}") + body)

    status, found = counted(say)
    assert status == 200 and json.loads(found)["input_tokens"] > 10


def test_nobody_waits_for_a_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """An upstream that does not answer is not asked again; what it would say is estimated."""
    monkeypatch.setattr(counting, "COUNTING", 0.1)
    with Wild(lambda connection: wild.wait_for_end(connection)) as wild:
        with InProcess(wild.url) as proxy:
            found = [json.loads(proxy.ask("POST", PATH, CLEAN["messages"])[2]) for _ in range(2)]
        assert len(wild.requests) == 1
    assert all(each["input_tokens"] > 10 for each in found)


def test_one_that_was_busy_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while a count is the upstream's own again."""
    monkeypatch.setattr(counting, "AGAIN", 0.1)
    busy = [b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"]

    def say(connection: socket.socket) -> None:
        whole = head("application/json", f"Content-Length: {len(COUNT)}") + COUNT
        connection.sendall(busy.pop() if busy else whole)

    with Wild(say) as wild, InProcess(wild.url) as proxy:
        assert proxy.ask("POST", PATH, CLEAN["messages"])[2] != COUNT
        time.sleep(0.2)
        assert proxy.ask("POST", PATH, CLEAN["messages"])[2] == COUNT
