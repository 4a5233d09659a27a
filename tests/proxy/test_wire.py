"""What needs no repair passes byte for byte, and where one thing is repaired nothing else moves."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import time
import tracemalloc

import pytest

from tests.proxy.wire_data import ANSWERS, BIG, CLEAN, EVENTS, JSON, STREAM
from tests.support.in_process import KEY, PATHS, TOKEN, InProcess, Talk
from tests.support.pty_session import wait_until
from tests.support.serving import Came, Given, serving
from tests.support.strict_endpoint import Canned, Cut, StrictEndpoint

both = pytest.mark.parametrize("dialect", ["messages", "chat", "responses"])


@both
def test_request_is_identical(proxy: InProcess, endpoint: StrictEndpoint, dialect: str) -> None:
    """A request that needs no repair goes upstream byte for byte."""
    endpoint.canned = [Canned(200, JSON, [ANSWERS[dialect]])]
    status, data = proxy.post(dialect, CLEAN[dialect])
    assert (status, data) == (200, ANSWERS[dialect])
    assert endpoint.requests[0].raw == CLEAN[dialect]


@both
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_stream_is_identical(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str, size: int
) -> None:
    """A stream that needs no repair comes back byte for byte, however it is cut up."""
    data = EVENTS[dialect]
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    endpoint.canned = [Canned(200, STREAM, pieces, "chunked")]
    assert proxy.post(dialect, CLEAN[dialect]) == (200, data)


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[1,2]", b'{"messages":1}', b"\xff\xfe", b'{"a":1,"a":2,"messages":[]}']
)
@both
def test_what_is_no_request_passes(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str, raw: bytes
) -> None:
    """A body that cannot be taken apart goes upstream as it is, and so does its answer."""
    endpoint.canned = [Canned(400, [("Content-Type", "text/plain")], [b"no"])]
    status, data = proxy.post(dialect, raw)
    assert status == 400 and b"no" in data
    assert endpoint.requests[0].raw == raw


@both
def test_neighbours_are_untouched(proxy: InProcess, endpoint: StrictEndpoint, dialect: str) -> None:
    """Where one message is repaired, the bytes of all others and of all members are untouched."""
    talk = Talk(proxy, dialect, "begin #do bash#")
    talk.turn()
    odd = b'{ "role" : "user", "content":"caf\\u00e9", "n":' + BIG + b', "f":1.0 }'
    raw = json.dumps(talk.body()).encode()
    first = json.dumps(talk.messages[0]).encode()
    assert first in raw
    raw = raw.replace(first, odd)
    raw = raw.replace(b'"max_output_tokens": 512', b'"seed": ' + BIG)
    raw = raw.replace(b'"max_tokens": 512', b'"seed": ' + BIG)
    made = json.dumps(talk.messages[1]).encode()
    mark = b'"type": "function_call"' if dialect == "responses" else b'"role": "assistant"'
    named = made.replace(mark, mark + b' , "n" : ' + BIG)
    raw = raw.replace(made, named)
    status, data = proxy.post(dialect, raw)
    assert status == 200, data
    sent = endpoint.requests[-1].raw
    assert endpoint.replayed(endpoint.main[-1]) == 1
    assert odd in sent and b'"seed":' in sent.replace(b" ", b"")
    assert sent.count(BIG) == 3
    for message in talk.messages[2:]:
        assert json.dumps(message).encode() in sent
    assert mark in sent.replace(b'":"', b'": "')


@both
@pytest.mark.parametrize("kind", [STREAM, [], [("Content-Type", "text/plain;charset=UTF-8")]])
def test_events_come_at_once(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str, kind: list[tuple[str, str]]
) -> None:
    """An event goes to the agent when it comes, not when the next one does, whatever it is called."""
    pieces = [each + b"\n\n" for each in EVENTS[dialect].split(b"\n\n") if each]
    endpoint.canned = [Canned(200, kind, pieces, "chunked", pause=0.2)]
    with proxy.asking("POST", PATHS[dialect], CLEAN[dialect]) as response:
        began = time.monotonic()
        response.read1(65536)
        assert time.monotonic() - began < 0.35
        response.read()


@both
def test_the_head_of_an_answer_waits_for_no_whole_event(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str
) -> None:
    """It goes out with the first event, and alone where of that no more than a part has come."""
    pieces = [EVENTS[dialect][:9], EVENTS[dialect][9:]]
    endpoint.canned = [Canned(200, STREAM, pieces, "chunked", pause=1)]
    with proxy.asking("POST", PATHS[dialect], CLEAN[dialect]) as response:
        headed = time.monotonic()
        assert response.read() == EVENTS[dialect]
        assert time.monotonic() - headed > 0.5


def test_what_has_gone_on_is_read_though_nothing_follows(
    proxy: InProcess, endpoint: StrictEndpoint
) -> None:
    """A killed session leaves what its agent had: nothing stays unread while an upstream rests."""
    said = [b'{"choices":[{"index":0,"delta":{"content":"%d "}}]}' % each for each in range(4)]
    pieces = [b"data: %s\n\n" % each for each in said]
    endpoint.canned = [Canned(200, STREAM, pieces, "chunked", pause=1.5)]
    with proxy.asking("POST", PATHS["chat"], CLEAN["chat"]) as response:
        for piece in pieces[:3]:
            assert response.read1(65536) == piece
        (reply,) = proxy.journal.replies
        wait_until(lambda: [b.text for b in reply.answer.blocks.values()] == ["0 1 2 "])
        assert not proxy.journal.over


@both
@pytest.mark.parametrize("how", ["fin", "rst"])
def test_a_cut_stays_a_cut(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str, how: str
) -> None:
    """A stream that ends early ends without its terminator, so that no agent takes it for whole."""
    pieces = [each + b"\n\n" for each in EVENTS[dialect].split(b"\n\n") if each]
    endpoint.canned = [Canned(200, STREAM, pieces[:2], how)]
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        proxy.post(dialect, CLEAN[dialect])
    wait_until(lambda: proxy.journal.over)
    assert proxy.journal.over[0].cut == "upstream"


@both
def test_a_clean_end_in_the_middle(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str
) -> None:
    """A stream that is ended properly before its answer is whole counts as cut."""
    pieces = [each + b"\n\n" for each in EVENTS[dialect].split(b"\n\n") if each]
    endpoint.canned = [Canned(200, STREAM, pieces[:2], "chunked")]
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        proxy.post(dialect, CLEAN[dialect])


@both
def test_a_cut_document(proxy: InProcess, endpoint: StrictEndpoint, dialect: str) -> None:
    """A JSON answer that ends early is no whole answer either."""
    endpoint.canned = [Canned(200, JSON, [ANSWERS[dialect][:40]], "fin")]
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        proxy.post(dialect, CLEAN[dialect])


@both
def test_an_agent_that_hangs_up(proxy: InProcess, endpoint: StrictEndpoint, dialect: str) -> None:
    """When the agent hangs up in a stream, the upstream's answer is ended within a second."""
    endpoint.switches.delay = 0.05
    endpoint.switches.reasoning = "long " * 50
    talk = Talk(proxy, dialect, "begin #do bash#")
    body = json.dumps(talk.body()).encode()
    with proxy.asking("POST", PATHS[dialect], body) as response:
        response.read1(64)
    began = time.monotonic()
    wait_until(lambda: endpoint.requests and endpoint.requests[0].over.is_set())
    assert endpoint.requests[0].gone.is_set()
    assert time.monotonic() - began < 1
    wait_until(lambda: proxy.journal.over)
    assert proxy.journal.over[0].cut == "agent"


@both
def test_an_agent_that_does_not_wait(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str
) -> None:
    """When the agent hangs up before the answer begins, the request upstream ends too."""
    endpoint.canned = [Canned(200, JSON, [ANSWERS[dialect]], hold=5)]
    raw = CLEAN[dialect]
    with socket.create_connection(("127.0.0.1", proxy.port)) as connection:
        connection.sendall(_head(proxy, "POST", PATHS[dialect], len(raw)) + raw)
        wait_until(lambda: endpoint.requests)
    began = time.monotonic()
    wait_until(lambda: endpoint.requests[0].over.is_set())
    assert time.monotonic() - began < 1


def _head(proxy: InProcess, method: str, path: str, length: int, token: str = TOKEN) -> bytes:
    return (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{proxy.port}\r\nAuthorization: Bearer"
        f" {token}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


@both
def test_gzip_is_undone(proxy: InProcess, endpoint: StrictEndpoint, dialect: str) -> None:
    """An upstream that compresses although it was told not to is understood."""
    data = gzip.compress(EVENTS[dialect])
    endpoint.canned = [Canned(200, [*STREAM, ("Content-Encoding", "gzip")], [data], "chunked")]
    status, headers, body = proxy.ask("POST", PATHS[dialect], CLEAN[dialect])
    assert (status, body) == (200, EVENTS[dialect])
    assert "content-encoding" not in headers
    assert endpoint.requests[0].header("accept-encoding") == "identity"


@both
@pytest.mark.parametrize("millions", [2, 8])
def test_a_document_of_empty_lists_is_not_made(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str, millions: int
) -> None:
    """A few bytes of gzip that would be gigabytes as values pass as the bytes that they are."""
    data = b'{"a":[' + b"[]," * (millions * 1_000_000) + b'0],"error":0}'
    gzipped = [*JSON, ("Content-Encoding", "gzip")]
    endpoint.canned = [Canned(200, gzipped, [gzip.compress(data)])]
    tracemalloc.start()
    try:
        status, body = proxy.post(dialect, CLEAN[dialect])
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (status, body == data) == (200, True)
    assert most < 12 * len(data), "each list would take sixty bytes, twenty for each of the text"


@both
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str, status: int
) -> None:
    """A redirect goes nowhere: no second request, no Location, an error for the agent."""
    with StrictEndpoint() as elsewhere:
        place = ("Location", f"{elsewhere.url}{PATHS[dialect]}")
        endpoint.canned = [Canned(status, [place], [b""])]
        code, headers, data = proxy.ask("POST", PATHS[dialect], CLEAN[dialect])
        assert not elsewhere.requests
    assert code == 502
    assert b"gave no usable answer: it answered with a redirect" in data
    assert "location" not in headers
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_stale_connection(proxy: InProcess, endpoint: StrictEndpoint, how: str) -> None:
    """A kept connection that the upstream closed meanwhile costs the agent nothing."""
    for _ in range(2):
        endpoint.canned = [Canned(200, JSON, [ANSWERS["chat"]])]
        assert proxy.post("chat", CLEAN["chat"])[0] == 200
    assert endpoint.requests[0].connection == endpoint.requests[1].connection
    # the upstream takes the request on the kept connection and closes it without a byte
    endpoint.canned = [Canned(0, [], [], how), Canned(200, JSON, [ANSWERS["chat"]])]
    assert proxy.post("chat", CLEAN["chat"])[0] == 200
    assert endpoint.requests[-1].connection != endpoint.requests[0].connection
    assert len(endpoint.requests) == 4


def test_a_fresh_connection_is_not_tried_twice(proxy: InProcess, endpoint: StrictEndpoint) -> None:
    """An upstream that closes without a byte, twice, is an error and not a loop."""
    endpoint.canned = [Canned(0, [], [], "rst") for _ in range(9)]
    status, data = proxy.post("messages", CLEAN["messages"])
    assert status == 502
    assert json.loads(data)["type"] == "error"
    assert len(endpoint.requests) <= 2


@both
def test_many_streams_at_once(proxy: InProcess, endpoint: StrictEndpoint, dialect: str) -> None:
    """The 101st stream does not wait for the first to end."""
    endpoint.canned = [
        Canned(200, STREAM, [EVENTS[dialect]], "chunked", hold=2) for _ in range(120)
    ]
    raw = CLEAN[dialect]
    open_ones = [socket.create_connection(("127.0.0.1", proxy.port)) for _ in range(120)]
    try:
        for each in open_ones:
            each.sendall(_head(proxy, "POST", PATHS[dialect], len(raw)) + raw)
        wait_until(lambda: len(endpoint.requests) == 120)
        assert not any(request.sent for request in endpoint.requests)
    finally:
        for each in open_ones:
            each.close()


@both
def test_unfinished_turn_is_no_turn(
    proxy: InProcess, endpoint: StrictEndpoint, dialect: str
) -> None:
    """A stream cut inside a call's arguments leaves no call behind, and the retry works."""
    endpoint.switches.cut = Cut(after=6)
    talk = Talk(proxy, dialect, "begin #do bash#")
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        talk.turn()
    talk.work()
    assert not endpoint.refusals
    assert {request.header("authorization") for request in endpoint.requests} == {f"Bearer {KEY}"}


@pytest.mark.parametrize(
    ("base", "sent"),
    [("a%20b/%C3%BC", "a%20b/%C3%BC"), ("a b/ü", "a%20b/%C3%BC"), ("/127.0.0.1:9", "127.0.0.1:9")],
)
def test_the_path_before_the_vendors(base: str, sent: str) -> None:
    """It may be quoted or not, and leads nowhere else."""
    asked: list[str] = []

    def answer(came: Came) -> Given:
        asked.append(came.path)
        return Given(200, b"{}")

    with serving(answer) as url, InProcess(f"{url}/{base}") as proxy:
        proxy.post("messages", CLEAN["messages"])
    assert asked == [f"/{sent}/anthropic/v1/messages"]
