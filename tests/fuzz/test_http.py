"""Whatever bytes arrive at the door, nothing goes upstream for them, and the proxy lives on."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.inputs import any_bytes, examples, mutated, seeds
from tests.support.in_process import KEY, PATHS, TOKEN, InProcess
from tests.support.strict_endpoint import StrictEndpoint

PATIENCE = 0.05  # seconds for an answer; what is no whole request gets none


class Front(NamedTuple):
    """A proxy, and the endpoint behind it."""

    proxy: InProcess
    endpoint: StrictEndpoint


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    """One for all examples: what one of them breaks, the next one shows."""
    with StrictEndpoint(key=KEY) as endpoint, InProcess(endpoint.url) as proxy:
        yield Front(proxy, endpoint)


def said(proxy: InProcess, data: bytes) -> bytes:
    """What comes back for these bytes before the proxy hangs up or waits for more."""
    out = b""
    connection = socket.create_connection(("127.0.0.1", proxy.port), timeout=60)
    with connection, contextlib.suppress(OSError):  # it may hang up before it has read everything
        connection.sendall(data.replace(b"PORT", str(proxy.port).encode()))
        connection.settimeout(PATIENCE)
        while chunk := connection.recv(65536):
            out += chunk
            connection.settimeout(PATIENCE / 10)
    return out


def check_alive(front: Front) -> None:
    """The next one is answered as if nothing had been."""
    assert front.proxy.ask("GET", "/v1/models")[0] == 200


@given(data=any_bytes("http"))
@examples(60)
def test_any_bytes_at_the_door(front: Front, data: bytes) -> None:
    """Without the token: no answer but a refusal, no traceback, and nothing goes upstream."""
    out = said(front.proxy, data)
    for line in out.split(b"\r\n"):
        if line.startswith(b"HTTP/1."):
            assert line.split()[1][:1] == b"4" or line.split()[1] in (b"200", b"100"), out
    assert b"Traceback" not in out and b'File "' not in out
    assert b"access-control" not in out.lower() and KEY.encode() not in out
    assert not front.endpoint.requests
    check_alive(front)


HEAD = st.sampled_from(sorted(PATHS))


@given(dialect=HEAD, body=any_bytes("bodies"))
@examples(40)
def test_any_body_behind_the_token(front: Front, dialect: str, body: bytes) -> None:
    """With the token: what is no request is the upstream's to refuse, and never our exception."""
    status, data = front.proxy.post(dialect, body)
    front.endpoint.requests.clear()
    assert status != 500 and b"Traceback" not in data


@given(dialect=HEAD, head=mutated(seeds("http")))
@examples(30)
def test_spoilt_heads_with_the_token(front: Front, dialect: str, head: bytes) -> None:
    """The token in a spoilt head opens no other path: only known ones are asked upstream."""
    first, _, rest = head.partition(b"\r\n")
    out = said(front.proxy, first + f"\r\nx-api-key: {TOKEN}\r\n".encode() + rest)
    paths = {request.path.partition("?")[0] for request in front.endpoint.requests}
    front.endpoint.requests.clear()
    known = {*PATHS.values(), PATHS["messages"] + "/count_tokens"}
    assert paths <= known
    assert b" 500 " not in out.partition(b"\r\n")[0] and b"Traceback" not in out
    check_alive(front)


def test_the_corpus_is_what_it_says(front: Front) -> None:
    """Of the seeds, only a HEAD gets a success; each other whole request is refused."""
    statuses: dict[str, Any] = {}
    for data in seeds("http"):
        out = said(front.proxy, data)
        statuses[data.partition(b"\r\n")[0].decode("latin-1")] = out[9:12]
    assert {b"421", b"401"} <= set(statuses.values()), json.dumps(str(statuses))
    assert {line for line, status in statuses.items() if status == b"200"} == {"HEAD / HTTP/1.1"}
    assert not front.endpoint.requests
