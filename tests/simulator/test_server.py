"""The simulator on a real socket."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
from typing import Any

import pytest

from dsfix.simulator.options import Options
from dsfix.simulator.rules import Policy
from dsfix.simulator.server import Received, Simulator
from tests.simulator.support import HEADERS, PATHS, body

STREAM = body(stream=True)


def request(
    simulator: Simulator, dialect: str, content: Any, method: str = "POST"
) -> tuple[http.client.HTTPResponse, bytes]:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection(simulator.url.removeprefix("http://"), timeout=60)
    try:
        connection.request(method, PATHS[dialect], json.dumps(content), HEADERS)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def test_in_thread() -> None:
    """Tests without a loop get a running server, its requests and its refusals."""
    with Simulator.in_thread() as simulator:
        assert simulator.url.startswith("http://127.0.0.1:")
        assert request(simulator, "messages", body())[0].status == 200
        assert request(simulator, "chat", body(max_tokens=0))[0].status == 400
        assert [received.status for received in simulator.requests] == [200, 400]
        (problem,) = simulator.problems
        assert problem.refused_by == "max-tokens"
        assert json.loads(problem.body_bytes) == body(max_tokens=0)
        assert problem.headers["authorization"] == "Bearer sk-fake"


def test_as_context_manager() -> None:
    """Tests with a loop use it there, and each request is told to a listener."""
    seen: list[Received] = []

    async def run() -> None:
        async with Simulator(on_request=seen.append) as simulator:
            await asyncio.to_thread(request, simulator, "chat", body())

    asyncio.run(run())
    assert [received.path for received in seen] == ["/chat/completions"]


def test_headers() -> None:
    """Answers carry the headers of the real server; refusals their own content type."""
    with Simulator.in_thread() as simulator:
        good, _ = request(simulator, "messages", body())
        bad, _ = request(simulator, "messages", body(max_tokens=0))
        none, empty = request(simulator, "messages", body(), method="GET")
    assert good.headers["server"] == "openresty"
    assert good.headers["x-ds-trace-id"]
    assert good.headers["content-type"] == "application/json"
    assert bad.headers["content-type"] == "application/octet-stream"
    assert (none.status, none.headers["content-type"], empty) == (405, None, b"")


@pytest.mark.parametrize("options", [Options(), Options(chunk=3), Options(delay=0.001)])
def test_stream(options: Options) -> None:
    """Pieces and delays change nothing in what is streamed."""
    with Simulator.in_thread(options) as simulator:
        response, content = request(simulator, "messages", STREAM)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert content.endswith(b'event: message_stop\ndata: {"type":"message_stop"}\n\n')


def test_gzip() -> None:
    """Compressed answers unpack to the plain ones."""
    with Simulator.in_thread(Options(gzip=True)) as simulator:
        stream, packed = request(simulator, "chat", STREAM)
        _, whole = request(simulator, "chat", body())
    assert stream.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed).endswith(b"data: [DONE]\n\n")
    assert json.loads(gzip.decompress(whole))["object"] == "chat.completion"


def test_blank_lines_before_json() -> None:
    """A queued answer is preceded by blank lines."""
    with Simulator.in_thread(Options(keep_alive=True)) as simulator:
        _, content = request(simulator, "chat", body())
    assert content.startswith(b"\n\n\n{")


def test_cut() -> None:
    """The chosen stream is reset after so many events, the next one is whole."""
    with Simulator.in_thread(Options(cut_after=2)) as simulator:
        with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
            request(simulator, "messages", STREAM)
        response, content = request(simulator, "messages", STREAM)
    assert response.status == 200
    assert b"message_stop" in content


def test_hangup_is_counted() -> None:
    """A client that leaves in the middle of an answer is noticed."""
    with Simulator.in_thread(Options(delay=0.05)) as simulator:
        address = simulator.url.removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=60)
        connection.request("POST", PATHS["messages"], json.dumps(STREAM), HEADERS)
        connection.getresponse().read(10)
        connection.close()
        response, _ = request(simulator, "messages", STREAM)
        assert response.status == 200
        assert simulator.hangups == 1


def test_large_body() -> None:
    """A body of several megabytes is read; the context rule answers it."""
    content = [{"role": "user", "content": "x" * 5_000_000}]
    with Simulator.in_thread() as simulator:
        response, _ = request(simulator, "chat", body(messages=content))
        assert response.status == 400
        assert simulator.problems[0].refused_by == "context"


def test_port_in_use() -> None:
    """A port that is taken fails at the start, not in the first request."""

    async def run(port: int) -> None:
        async with Simulator(port=port):
            pass

    with Simulator.in_thread() as simulator:
        port = int(simulator.url.rpartition(":")[2])
        with pytest.raises(OSError, match=r"(?i)address already in use"):
            asyncio.run(run(port))


def test_keys() -> None:
    """Only the configured key is accepted."""
    policy = Policy(keys=frozenset({"sk-real"}))
    with Simulator.in_thread(Options(policy=policy)) as simulator:
        assert request(simulator, "chat", body())[0].status == 401
