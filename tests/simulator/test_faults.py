"""The switches that make an answer late, wrong, broken or endless."""

from __future__ import annotations

import http.client
import json
import re
from typing import Any

import pytest

from dsfix.simulator.engine import Engine
from dsfix.simulator.options import Options
from dsfix.simulator.rules import Policy
from dsfix.simulator.server import Simulator
from tests.simulator.cases_responses import IMAGE, bare
from tests.simulator.histories import CHAT_PASS_BACK, calls, chat, tool
from tests.simulator.support import (
    AGENT_TOOLS,
    CHAT_AGENT_TOOLS,
    HEADERS,
    PATHS,
    answer_of,
    body,
    engine,
    message_of,
    post,
)

STREAMS: dict[str, dict[str, Any]] = {
    "messages": body(stream=True),
    "chat": body(stream=True),
    "responses": bare(stream=True),
}


@pytest.mark.parametrize(
    ("status", "kind", "text"),
    [
        (429, "application/json", "exceeds your concurrency limit of 39"),
        (500, "text/html", "<center>openresty</center>"),
        (503, "application/json", '"code":"service_unavailable_error"'),
    ],
)
def test_failures(status: int, kind: str, text: str) -> None:
    """Each failure has the body that was seen with its status."""
    reply = post(Engine(Options(fail=(status,))), "chat", body())
    assert (reply.status, reply.content_type, reply.refused_by) == (status, kind, "fail")
    assert text in reply.frames[0].decode()


@pytest.mark.parametrize(
    ("how", "end"),
    [
        ("trace-id", "API. [trace_id="),
        ("wrapped", '"code":"invalid_request_error"}} (reset after 30s)'),
    ],
)
def test_relay(how: Any, end: str) -> None:
    """A relay marks what it passes on, or quotes it; plain text it leaves alone."""
    server = Engine(Options(relay=how))
    reply = post(server, "chat", chat(calls("A"), tool("A")))
    assert (reply.status, reply.refused_by) == (400, "pass-back")
    assert CHAT_PASS_BACK in message_of(reply)
    assert end in message_of(reply)
    assert message_of(post(server, "chat", b"")).startswith("Failed to parse")


def fetched(options: Options, content: dict[str, Any], count: int = 1) -> list[bytes | str]:
    """What so many requests on one server bring: a body, or the name of what went wrong."""
    found: list[bytes | str] = []
    with Simulator.in_thread(options) as simulator:
        for _ in range(count):
            address = simulator.url.removeprefix("http://")
            connection = http.client.HTTPConnection(address, timeout=60)
            try:
                connection.request("POST", PATHS["chat"], json.dumps(content), HEADERS)
                found.append(connection.getresponse().read())
            except (ConnectionError, http.client.HTTPException) as error:
                found.append(type(error).__name__)
            finally:
                connection.close()
    return found


def test_no_answer_at_all() -> None:
    """Status 0 resets the connection before any byte; the next request is answered."""
    broken, whole = fetched(Options(fail=(0,)), body(), 2)
    assert broken in ("ConnectionResetError", "RemoteDisconnected")
    assert json.loads(whole)["object"] == "chat.completion"


@pytest.mark.parametrize(
    ("how", "outcome"),
    [
        ("reset", ("ConnectionResetError", "IncompleteRead")),
        ("close", ("IncompleteRead",)),
        ("end", ()),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_cut(how: Any, outcome: tuple[str, ...], stream: bool) -> None:
    """An answer breaks off by a reset, by a close, or looks whole though its end is missing."""
    options = Options(cut_after=2 if stream else 40, cut=how)
    broken, whole = fetched(options, body(stream=stream), 2)
    if outcome:
        assert broken in outcome
    else:
        assert isinstance(broken, bytes)
        assert (broken.count(b"data: "), len(broken)) == ((2, len(broken)) if stream else (0, 40))
    assert isinstance(whole, bytes)
    assert whole.rstrip().endswith(b"[DONE]" if stream else b"}")


@pytest.mark.parametrize(
    ("dialect", "start"),
    [
        ("messages", b'event: error\ndata: {"type": "error", "error": '),
        ("chat", b'data: {"error": '),
        ("responses", b"event: response.failed\n"),
    ],
)
def test_error_event(dialect: str, start: bytes) -> None:
    """An error takes the place of the rest of one answer; the next one is whole."""
    server = Engine(Options(error_after=3))
    frames = post(server, dialect, STREAMS[dialect]).frames
    assert len(frames) == 4
    assert frames[-1].startswith(start)
    assert len(post(server, dialect, STREAMS[dialect]).frames) > 4


@pytest.mark.parametrize("dialect", sorted(STREAMS))
@pytest.mark.parametrize("how", ["comments", "events"])
def test_endless(dialect: str, how: Any) -> None:
    """A stream without end goes on until the client leaves, which is noticed."""
    with Simulator.in_thread(Options(endless=how)) as simulator:
        address = simulator.url.removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=60)
        connection.request("POST", PATHS[dialect], json.dumps(STREAMS[dialect]), HEADERS)
        received = connection.getresponse().read(5000)
        connection.close()
        repeated = b": keep-alive" if how == "comments" else b"turn 1-"
        assert received.count(repeated) > 5
        assert not re.search(rb"message_stop|\[DONE\]|response\.completed", received)


@pytest.mark.parametrize("stream", [True, False])
def test_slow_start(stream: bool) -> None:
    """While queued there are comments or blank lines, then the usual answer."""
    with Simulator.in_thread(Options(slow_start=0.25)) as simulator:
        address = simulator.url.removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=60)
        try:
            connection.request("POST", PATHS["chat"], json.dumps(body(stream=stream)), HEADERS)
            received = connection.getresponse().read()
        finally:
            connection.close()
    if stream:
        assert received.startswith(b": keep-alive\n\n" * 3 + b"data: {")
    else:
        assert received.startswith(b"\n\n\n{")


@pytest.mark.parametrize(
    ("where", "place", "choices"), [("last", -2, 1), ("own", -2, 0), ("none", None, 0)]
)
def test_usage_chunk(where: Any, place: int | None, choices: int) -> None:
    """The usage rides on the last chunk, has its own, or is missing."""
    server = Engine(Options(usage_chunk=where))
    frames = post(server, "chat", body(stream=True)).frames
    chunks = [json.loads(frame.decode().removeprefix("data: ")) for frame in frames[:-1]]
    found = [chunk for chunk in chunks if chunk.get("usage")]
    assert len(found) == (0 if place is None else 1)
    if place is not None:
        assert chunks[place + 1] is found[0]
        assert len(found[0]["choices"]) == choices


@pytest.mark.parametrize(
    ("dialect", "tools"), [("messages", AGENT_TOOLS), ("chat", CHAT_AGENT_TOOLS)]
)
def test_dsml(dialect: str, tools: Any) -> None:
    """A call that leaks is text in the model's own syntax, and no call."""
    asked = body(messages=[{"role": "user", "content": "[[dsml]]"}], tools=tools)
    whole = json.dumps(answer_of(post(engine(), dialect, asked)), ensure_ascii=False)
    assert "<｜DSML｜tool_calls>\\n<｜DSML｜invoke name=" in whole
    assert 'string=\\"true\\">echo turn 1</｜DSML｜parameter>' in whole
    assert "tool_use" not in whole
    assert "call_00" not in whole


@pytest.mark.parametrize(
    ("images", "model", "seen"),
    [
        ("support", "deepseek-flash", 1),
        ("support", "deepseek-v4-pro", 0),
        ("drop", "deepseek-flash", 0),
    ],
)
def test_images(images: Any, model: str, seen: int) -> None:
    """Flash sees images where they are supported, and the model says how many."""
    server = Engine(Options(policy=Policy(images=images)))
    prompt = {"role": "user", "content": [IMAGE, {"type": "input_text", "text": "[[see]]"}]}
    tool = {"type": "function", "name": "f", "parameters": {"type": "object"}}
    asked = bare(model=model, input=[prompt], tools=[tool])
    said = answer_of(post(server, "responses", asked))["output"][-1]
    assert said["content"][0]["text"].endswith(f"images seen: {seen}.")
