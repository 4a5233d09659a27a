"""A client that asks for planned streams, and knows when each byte came."""

from __future__ import annotations

import itertools
import json
import socket
import time

from benchmarks.upstream import STAMP
from benchmarks.ways import Way

_NUMBERS = itertools.count()
_END = b"0\r\n\r\n"
_BUFFER = 1 << 20


def planned(kind: str, count: int, pause: float = 0.0, chars: int = 80) -> bytes:
    """A request for a stream; `pause` in seconds. Each is a conversation of its own."""
    said = f"Task {next(_NUMBERS)} plan:{kind}:{count}:{round(pause * 1e6)}:{chars}"
    return json.dumps(
        {
            "model": "deepseek-v4-pro",
            "max_tokens": 32000,
            "stream": True,
            "messages": [{"role": "user", "content": said}],
        }
    ).encode()


def connected(way: Way) -> socket.socket:
    """A connection without delay on its way out."""
    connection = socket.create_connection(("127.0.0.1", way.port), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def whole(way: Way, body: bytes) -> tuple[float, int]:
    """Seconds until the last byte of an answer, and how many bytes came."""
    with connected(way) as connection:
        began = time.perf_counter()
        connection.sendall(way.request(body))
        size, tail, head = 0, b"", b""
        while not tail.endswith(_END):
            data = connection.recv(_BUFFER)
            assert data, f"{way.name}: the answer was cut after {size} bytes"
            size += len(data)
            head = head or data[:300]
            tail = (tail + data)[-400:]
        taken = time.perf_counter() - began
    assert head.startswith(b"HTTP/1.1 200") and b"message_stop" in tail, (way.name, head, tail)
    return taken, size


def delays(data: bytes) -> list[float]:
    """Milliseconds since the upstream made each delta that begins in this data."""
    now = time.monotonic_ns()
    return [(now - int(stamp)) / 1e6 for stamp in STAMP.findall(data)]
