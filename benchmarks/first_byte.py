"""Added time to first byte: direct, the bare pass-through and dsfix with everything on, in turns.

*first seen*: every request is a conversation of its own whose turns nobody knows, so each gets
a placeholder. *growing*: one conversation, one call longer each time, whose agent replays no
reasoning, so every turn that has passed gets its real reasoning back.
"""

from __future__ import annotations

import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from benchmarks.traffic import Conversation

_CALL = re.compile(rb'"id": ?"(call_00_b\d+)"')


@contextmanager
def running(*command: str, env: dict[str, str] | None = None) -> Iterator[list[str]]:
    """A program that prints one line when it serves, ended when the block is left."""
    process = subprocess.Popen(
        [sys.executable, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=env,
    )
    assert process.stdin and process.stdout
    try:
        yield process.stdout.readline().split()
    finally:
        process.stdin.close()
        process.wait(10)


class Target:
    """One way to the upstream, over one kept-alive connection."""

    def __init__(self, port: int, path: str, token: str = "") -> None:
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def post(self, body: bytes) -> tuple[float, bytes]:
        """Milliseconds to the first byte, and the whole answer."""
        began = time.perf_counter()
        self._socket.sendall(self._head + str(len(body)).encode() + b"\r\n\r\n" + body)
        data = self._socket.recv(65536)
        taken = (time.perf_counter() - began) * 1e3
        while not data.endswith(b"0\r\n\r\n"):
            data += self._socket.recv(65536)
        assert data.startswith(b"HTTP/1.1 200"), data[:300]
        return taken, data


def measure(targets: dict[str, Target], size: int, rounds: int, kind: str) -> dict[str, Any]:
    """Median and p99 of each target, in turns."""
    times: dict[str, list[float]] = {name: [] for name in targets}
    growing = {name: Conversation(f"g{size}{name[:2]}", size) for name in targets}
    for number in range(rounds + 3):
        for name, target in targets.items():
            if kind == "growing":
                conversation = growing[name]
            else:
                conversation = Conversation(f"f{size}{number}{name[:2]}", size)
            body = conversation.body()
            taken, answer = target.post(body)
            call = _CALL.search(answer)
            assert call is not None
            conversation.grow(call[1].decode(), "")
            if number >= 3:
                times[name].append(taken)
    result: dict[str, Any] = {"kind": kind, "size": size, "rounds": rounds}
    for name, values in times.items():
        result[name] = {
            "p50": round(statistics.median(values), 3),
            "p99": round(sorted(values)[min(len(values) - 1, int(len(values) * 0.99))], 3),
        }
    floor = result["bare"]["p50"] - result["direct"]["p50"]
    ours = result["dsfix"]["p50"] - result["direct"]["p50"]
    result["added_bare"], result["added_dsfix"] = round(floor, 3), round(ours, 3)
    result["ratio"] = round(ours / floor, 2)
    return result


def run(sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000, 4_000_000)) -> list[dict[str, Any]]:
    """All figures of this benchmark."""
    with ExitStack() as stack:
        state = stack.enter_context(tempfile.TemporaryDirectory())
        port = stack.enter_context(running("-m", "benchmarks.upstream"))[0]
        origin = f"http://127.0.0.1:{port}"
        bare = stack.enter_context(running("-m", "benchmarks.bare", origin))[0]
        env = {**os.environ, "DSFIX_STATE_DIR": state, "DEEPSEEK_API_KEY": "benchmark-key-not-real"}
        env.pop("DSFIX_STRICT", None)
        command = ("-m", "dsfix", "run", "-q", "--upstream", origin, "--", sys.executable)
        hold = (
            "import os,sys;"
            "print(os.environ['ANTHROPIC_BASE_URL'],os.environ['ANTHROPIC_AUTH_TOKEN'],flush=True);"
            "sys.stdin.read()"
        )
        url, token = stack.enter_context(running(*command, "-c", hold, env=env))
        own, _, path = url.removeprefix("http://127.0.0.1:").partition("/")
        targets = {
            "direct": Target(int(port), "/anthropic/v1/messages"),
            "bare": Target(int(bare), "/anthropic/v1/messages"),
            "dsfix": Target(int(own), f"/{path}/v1/messages", token),
        }
        return [
            measure(targets, size, rounds=15 if size > 2_000_000 else 40, kind=kind)
            for size in sizes
            for kind in ("first seen", "growing")
        ]


if __name__ == "__main__":
    for row in run():
        print(json.dumps(row))
