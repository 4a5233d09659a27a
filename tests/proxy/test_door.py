"""Who is let in, what travels upstream, and what comes back besides the answer."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import time

import pytest

from dsfix.proxy.attempts import ERROR_LIMIT
from tests.proxy.test_wire import _head
from tests.proxy.wire_data import ANSWERS, CLEAN, EVENTS, JSON, STREAM
from tests.support.in_process import KEY, PATHS, TOKEN, InProcess
from tests.support.strict_endpoint import Canned, StrictEndpoint


def test_head_needs_no_token(proxy: InProcess, endpoint: StrictEndpoint) -> None:
    """A HEAD is answered with nothing, without a token, and forwarded nowhere."""
    status, _, body = proxy.ask("HEAD", "/api.deepseek.com/anthropic", Authorization="")
    assert (status, body) == (200, b"")
    assert not endpoint.requests


@pytest.mark.parametrize("token", ["", "Bearer wrong", f"Bearer {TOKEN[:-1]}", f"Bearer {KEY}"])
def test_no_entry_without_the_token(proxy: InProcess, endpoint: StrictEndpoint, token: str) -> None:
    """Without the session's token, the real key included, nothing is forwarded."""
    status, data = proxy.post("messages", CLEAN["messages"], Authorization=token)
    assert status == 401
    assert json.loads(data)["type"] == "error"
    assert not endpoint.requests
    assert proxy.journal.refused_at_door == [(401, "missing or wrong session token")]


def test_refused_before_the_body(proxy: InProcess) -> None:
    """A wrong token is refused from the head alone: the body need never come."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=60) as connection:
        connection.sendall(_head(proxy, "POST", PATHS["chat"], 50_000_000, token="wrong"))
        assert connection.recv(64).startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "attacker.example"}, 421),
        ({"Host": "127.0.0.1:1"}, 421),
        ({"Origin": "https://attacker.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-origin"}, 403),
        ({"Sec_Fetch_Site": "none"}, 200),
        ({"Sec_Fetch_Mode": "cors"}, 200),
        ({"Authorization": "", "x_api_key": TOKEN}, 200),
        ({"Authorization": f"Bearer {TOKEN}", "x_api_key": "another"}, 200),
    ],
)
def test_the_door(
    proxy: InProcess, endpoint: StrictEndpoint, headers: dict[str, str], status: int
) -> None:
    """Browsers and other hosts' names stay out; a Node program's ordinary headers do not."""
    endpoint.canned = [Canned(200, JSON, [ANSWERS["chat"]])]
    assert proxy.post("chat", CLEAN["chat"], **headers)[0] == status
    assert len(endpoint.requests) == (status == 200)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/v1/embeddings", 404),
        ("POST", "/evil.example/v1/messages", 404),
        ("POST", "/../v1/messages", 404),
        ("GET", "/v1/messages", 405),
        ("DELETE", "/v1/messages", 405),
        ("OPTIONS", "/v1/messages", 405),
        ("POST", "/v1/models", 405),
    ],
)
def test_unknown_paths(
    proxy: InProcess, endpoint: StrictEndpoint, method: str, path: str, status: int
) -> None:
    """Only known paths and methods go upstream; the record tells what was asked for."""
    assert proxy.ask(method, f"{path}?key=1", b"{}")[0] == status
    assert not endpoint.requests
    [(told, words)] = proxy.journal.refused_at_door
    assert (told, words.partition(": ")[2]) == (status, f"{method} {path}")


@pytest.mark.parametrize(
    "path",
    [
        "/api.deepseek.com/anthropic/v1/messages?beta=true",
        "/v1/messages?a=%ff%2F&b=c+d%20e&&=?%zz",
        "/anthropic/messages",
        "/v1/messages",
        "/messages",
    ],
)
def test_every_spelling_of_a_path(proxy: InProcess, endpoint: StrictEndpoint, path: str) -> None:
    """The end of the path tells the dialect; the upstream's own path is used, with the query."""
    endpoint.canned = [Canned(200, JSON, [ANSWERS["messages"]])]
    assert proxy.ask("POST", path, CLEAN["messages"])[0] == 200
    query = path.partition("?")[1] + path.partition("?")[2]
    assert endpoint.requests[0].path == PATHS["messages"] + query


@pytest.mark.parametrize("dialect", ["messages", "chat"])
@pytest.mark.parametrize("told", [True, False])
def test_too_large(proxy: InProcess, endpoint: StrictEndpoint, dialect: str, told: bool) -> None:
    """More than 64 MiB is refused in the dialect's shape, whether its size is told or not."""
    size = (64 << 20) + 1
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=60) as connection:
        head = _head(proxy, "POST", PATHS[dialect], size)
        if told:
            connection.sendall(head)
        else:
            framing = f"Content-Length: {size}".encode()
            connection.sendall(head.replace(framing, b"Transfer-Encoding: chunked"))
            chunk = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
            with contextlib.suppress(OSError):  # it may be answered before all of it was sent
                for _ in range(65):
                    connection.sendall(chunk)
        response = http.client.HTTPResponse(connection)
        response.begin()
        error = json.loads(response.read())
        response.close()
    assert response.status == 413
    assert time.monotonic() - began < 4
    assert error["error"]["message"]
    assert (error.get("type") == "error") == (dialect == "messages")
    assert not endpoint.requests
    words = f"request body over 64 MiB: POST {PATHS[dialect]}"
    assert proxy.journal.refused_at_door == [(413, words)]


def test_headers_upstream(proxy: InProcess, endpoint: StrictEndpoint) -> None:
    """Both credentials are dropped, the real key is added, and unknown headers stay here."""
    endpoint.canned = [Canned(200, JSON, [ANSWERS["messages"]])]
    proxy.post(
        "messages",
        CLEAN["messages"],
        x_api_key=TOKEN,
        anthropic_version="2023-06-01",
        anthropic_beta="a,b",
        accept="text/event-stream",
        cookie="secret=1",
        x_session_id="ses_1",
        x_forwarded_for="10.0.0.1",
        x_claude_code_agent_id="agent",
        User_Agent="agent/1",
        Accept_Encoding="gzip, br",
    )
    (request,) = endpoint.requests
    names = sorted(name.lower() for name, _ in request.headers)
    assert names == [
        "accept",
        "accept-encoding",
        "anthropic-beta",
        "anthropic-version",
        "authorization",
        "content-length",
        "content-type",
        "host",
        "user-agent",
    ]
    assert request.header("authorization") == f"Bearer {KEY}"
    assert request.header("user-agent") == "agent/1"
    assert not any(TOKEN in value for _, value in request.headers)


@pytest.mark.parametrize("size", [0, 1 << 20])
def test_a_type_that_nobody_named(proxy: InProcess, endpoint: StrictEndpoint, size: int) -> None:
    """None is made up for a body, short or long."""
    endpoint.canned = [Canned(200, JSON, [ANSWERS["chat"]])]
    proxy.post("chat", CLEAN["chat"] + b" " * size, Content_Type="")
    assert endpoint.requests[0].header("content-type") is None


def test_headers_back(proxy: InProcess, endpoint: StrictEndpoint) -> None:
    """What a web page would need to read an answer does not come back; what agents read does."""
    extra = [
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Credentials", "true"),
        ("Set-Cookie", "a=b"),
        ("Connection", "keep-alive, X-Hop"),
        ("x-hop", "of the upstream's connection alone"),
        ("x-ds-trace-id", "trace"),
        ("retry-after", "2"),
    ]
    endpoint.canned = [Canned(200, [*JSON, *extra], [ANSWERS["chat"]])]
    _, headers, _ = proxy.ask("POST", PATHS["chat"], CLEAN["chat"])
    assert not [name for name in headers if name.startswith("access-control") or "cookie" in name]
    assert "x-hop" not in headers
    assert (headers["x-ds-trace-id"], headers["retry-after"]) == ("trace", "2")


@pytest.mark.parametrize("dialect", ["messages", "chat", "responses"])
@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}."}}),
        json.dumps({"detail": [f"Bearer {KEY}"], "type": "error"}),
        f"<p>no such key: {KEY}",
        f"{KEY}\udcff",
    ],
    ids=["error", "another shape", "text", "no UTF-8"],
)
def test_an_error_does_not_tell_the_key(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str, text: str
) -> None:
    """An upstream that repeats the key it refuses, in text or a header, says it to nobody."""
    data = text.encode("utf-8", "surrogateescape")
    endpoint.canned = [Canned(401, [*JSON, ("x-refused", f"Bearer {KEY}")], [data])]
    status, headers, body = proxy.ask("POST", PATHS[dialect], CLEAN[dialect])
    assert status == 401 and headers["x-refused"] == "Bearer [REDACTED:api-key]"
    assert KEY.encode() not in body and b"[REDACTED:api-key]" in body


@pytest.mark.parametrize("told", range(1, len(KEY), 5))
def test_an_error_that_is_cut_within_the_key_does_not_tell_its_beginning(
    proxy: InProcess, endpoint: StrictEndpoint, told: int
) -> None:
    """More than what a vendor's prefix says; whether it was too long or its connection ended."""
    long = b" " * (ERROR_LIMIT - told) + KEY.encode() + b" is no key"
    endpoint.canned = [Canned(401, JSON, [long]), Canned(401, JSON, [long[:ERROR_LIMIT]])]
    for _ in endpoint.canned[:]:
        body = proxy.ask("POST", PATHS["chat"], CLEAN["chat"])[2]
        assert KEY[:8].encode() not in body
        assert told < 8 or body.endswith(b"[REDACTED:api-key]")


@pytest.mark.parametrize("dialect", ["messages", "chat", "responses"])
@pytest.mark.parametrize("begun", [False, True])
def test_an_error_in_a_stream_does_not_tell_the_key(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str, begun: bool
) -> None:
    """As its first event, and after others, which stay as they were."""
    error = {"type": "authentication_error", "message": f"no such key: {KEY}"}
    data = json.dumps({"type": "error", "error": error}).encode()
    first = EVENTS[dialect].split(b"\n\n")[0] + b"\n\n" if begun else b": keep-alive\n\n"
    endpoint.canned = [Canned(200, STREAM, [first, b"event: error\ndata: " + data + b"\n\n"])]
    body = proxy.ask("POST", PATHS[dialect], CLEAN[dialect])[2]
    assert KEY.encode() not in body and b"no such key: [REDACTED:api-key]" in body
    assert body.startswith(first)


def test_only_the_key_is_masked_and_only_in_errors(
    proxy: InProcess, endpoint: StrictEndpoint
) -> None:
    """What else looks like a key stays in an error; an answer is what the model said."""
    other = "sk-" + "0a1b2c3d" * 4
    refused = json.dumps({"error": {"message": other, "type": "x", "code": "x"}}).encode()
    said = ANSWERS["chat"].replace(b'"content":"', f'"content":"{KEY}'.encode(), 1)
    assert KEY.encode() in said
    endpoint.canned = [Canned(400, JSON, [refused]), Canned(200, JSON, [said])]
    assert other.encode() in proxy.ask("POST", PATHS["chat"], CLEAN["chat"])[2]
    assert KEY.encode() in proxy.ask("POST", PATHS["chat"], CLEAN["chat"])[2]


def test_retry_after_on_an_error(proxy: InProcess, endpoint: StrictEndpoint) -> None:
    """A refusal keeps its status, its words and its retry-after."""
    text = b'{"error":{"message":"Rate limit reached"}}'
    endpoint.canned = [Canned(429, [*JSON, ("retry-after", "2")], [text])]
    status, headers, body = proxy.ask("POST", PATHS["messages"], CLEAN["messages"])
    assert (status, headers["retry-after"]) == (429, "2")
    found = json.loads(body)
    assert (found["type"], found["error"]["type"]) == ("error", "rate_limit_error")
    assert found["error"]["message"] == "Rate limit reached"


def test_count_tokens(proxy: InProcess, endpoint: StrictEndpoint) -> None:
    """Tokens are counted upstream; where it says that it cannot, they are estimated."""
    path = "/anthropic/v1/messages/count_tokens?beta=true"
    endpoint.canned = [Canned(200, JSON, [b'{"input_tokens":7}'])]
    assert proxy.ask("POST", path, CLEAN["messages"])[2] == b'{"input_tokens":7}'
    estimates = [json.loads(proxy.ask("POST", path, CLEAN["messages"])[2]) for _ in range(3)]
    assert len(endpoint.requests) == 2  # the second one was refused with 404, no third was sent
    assert all(each["input_tokens"] > 10 for each in estimates)


def test_models(proxy: InProcess, endpoint: StrictEndpoint) -> None:
    """The list of models has the shape that the asking dialect reads."""
    listed = json.loads(proxy.ask("GET", "/v1/models", anthropic_version="2023-06-01")[2])
    assert listed["data"][0]["type"] == "model" and "has_more" in listed
    listed = json.loads(proxy.ask("GET", "/models")[2])
    assert listed["object"] == "list" and listed["data"][0]["object"] == "model"
    assert not endpoint.requests
