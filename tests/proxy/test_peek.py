"""Errors behind a 200: tried again like a refusal, before the agent sees anything."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from dsfix.protocol import sse
from tests.proxy.wire_data import CLEAN, JSON, STREAM
from tests.support.in_process import PATHS, InProcess, Talk
from tests.support.strict_endpoint import Canned, StrictEndpoint
from tests.support.strict_rules import PASS_BACK

EACH = pytest.mark.parametrize("dialect", ["messages", "chat", "responses"])
BUSY = {"message": "busy", "code": 429}


def document(dialect: str, text: str) -> dict[str, Any]:
    """An error as a relay writes it there."""
    if dialect == "messages":
        return {"type": "error", "error": {"type": "invalid_request_error", "message": text}}
    if dialect == "responses":
        return {"type": "error", "code": "invalid_request_error", "message": text}
    return {"error": {"message": text, "code": 400}}


def as_event(error: dict[str, Any]) -> bytes:
    return sse.encode(json.dumps(error).encode(), str(error.get("type", "")))


def begun(proxy: InProcess, endpoint: StrictEndpoint, dialect: str) -> Talk:
    """A conversation with a turn behind it."""
    talk = Talk(proxy, dialect, "begin #do bash bash bash#")
    talk.turn()
    endpoint.requests.clear()
    return talk


@EACH
@pytest.mark.parametrize("way", ["event", "behind a comment", "in pieces", "document"])
def test_a_refusal_behind_a_200(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str, way: str
) -> None:
    """The request is sent again, and the agent gets the answer alone."""
    talk = begun(proxy, endpoint, dialect)
    error = document(dialect, PASS_BACK[dialect])
    event = as_event(error)
    pieces = [event[:30], event[30:70], event[70:]] if way == "in pieces" else [event]
    if way == "behind a comment":
        pieces = [b": wait\n\n" + event]
    endpoint.canned = [Canned(200, STREAM, pieces, "chunked", pause=0.05)]
    if way == "document":
        endpoint.canned = [Canned(200, JSON, [json.dumps(error).encode()])]
    talk.turn()
    assert len(endpoint.requests) == 2
    assert len({each.raw for each in endpoint.requests}) == 1
    exchange = proxy.journal.over[-1]
    assert [each.then for each in exchange.attempts] == ["resend"]
    assert exchange.attempts[0].status >= 400 and exchange.status == 200


@EACH
def test_a_refusal_that_stays(proxy: InProcess, endpoint: StrictEndpoint, dialect: str) -> None:
    """After the last step the agent gets the upstream's own event, and no step is remembered."""
    talk = begun(proxy, endpoint, dialect)
    event = as_event(document(dialect, PASS_BACK[dialect]))
    endpoint.canned = [Canned(200, STREAM, [event], "chunked") for _ in range(9)]
    assert proxy.post(dialect, talk.body()) == (200, event)
    sent = endpoint.requests[0].raw
    assert 2 < len(endpoint.requests) <= 5
    endpoint.canned = []
    endpoint.requests.clear()
    talk.turn()
    assert endpoint.requests[0].raw == sent


@EACH
def test_a_document_that_is_no_answer(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str
) -> None:
    """An error in place of a JSON answer comes to the agent under the status that it means."""
    error = {"error": {"message": "Insufficient Balance", "code": 402}}
    endpoint.canned = [Canned(200, JSON, [json.dumps(error).encode()])]
    status, data = proxy.post(dialect, CLEAN[dialect])
    assert (status, len(endpoint.requests)) == (402, 1)
    assert json.loads(data)["error"]["message"] == "Insufficient Balance"
    assert proxy.journal.over[-1].error == "Insufficient Balance"
    if dialect == "messages":
        assert json.loads(data)["error"]["type"] == "billing_error"


@EACH
def test_another_error_as_an_event(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str
) -> None:
    """What trying again would not help goes to the agent as the event that it came as."""
    event = as_event(document(dialect, "Content Exists Risk"))
    endpoint.canned = [Canned(200, STREAM, [event], "chunked")]
    assert proxy.post(dialect, CLEAN[dialect]) == (200, event)
    assert len(endpoint.requests) == 1


def test_a_busy_upstream_behind_a_200(proxy: InProcess, endpoint: StrictEndpoint) -> None:
    """Codex is spared that too."""
    headers = [*STREAM, ("retry-after", "0")]
    endpoint.canned = [Canned(200, headers, [as_event({"error": BUSY})], "chunked")]
    Talk(proxy, "responses", "begin #do bash#").turn()
    assert [each.then for each in proxy.journal.over[-1].attempts] == ["busy"]


@EACH
@pytest.mark.parametrize("alone", [b": keep-alive\n\n", b"\n"])
def test_a_queue_is_not_kept_from_the_agent(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str, alone: bytes
) -> None:
    """A comment or a blank line that comes alone goes on at once, and the error after it too."""
    error = document(dialect, PASS_BACK[dialect])
    stream = alone.startswith(b":")
    pieces = [alone, as_event(error) if stream else json.dumps(error).encode()]
    kind = STREAM if stream else JSON
    endpoint.canned = [Canned(200, kind, pieces, "chunked", pause=0.3)]
    with proxy.asking("POST", PATHS[dialect], CLEAN[dialect]) as response:
        began = time.monotonic()
        assert response.read1(99) == alone
        assert time.monotonic() - began < 0.25
        assert PASS_BACK[dialect].encode() in response.read().replace(b'\\"', b'"')
    assert len(endpoint.requests) == 1
