"""The ways to the upstream that are compared: direct, the bare pass-through, and dsfix."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

_HOLD = (
    "import os,sys;"
    "print(os.environ['ANTHROPIC_BASE_URL'],os.environ['ANTHROPIC_AUTH_TOKEN'],flush=True);"
    "sys.stdin.read()"
)
_END = "/v1/messages"
MESSAGES = f"/anthropic{_END}"


class Way(NamedTuple):
    """Where a request is sent, and the process that takes it."""

    name: str
    port: int
    path: str
    token: str
    pid: int

    def request(self, body: bytes, end: str = _END) -> bytes:
        """A POST of this body, as bytes, to the path that ends so."""
        path = self.path.removesuffix(_END) + end
        return (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"Authorization: Bearer {self.token}\r\nx-api-key: {self.token}\r\n"
            "anthropic-version: 2023-06-01\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body


@contextmanager
def ways(*wanted: str) -> Iterator[dict[str, Way]]:
    """These ways, each a process of its own: `direct`, `bare`, `dsfix`, `dsfix --private`."""
    with ExitStack() as stack:
        pid, (port,) = stack.enter_context(serving(sys.executable, "-m", "benchmarks.upstream"))
        found = {"direct": Way("direct", int(port), MESSAGES, "", pid)}
        origin = f"http://127.0.0.1:{port}"
        for name in wanted:
            if name == "bare":
                own = serving(sys.executable, "-m", "benchmarks.bare", origin)
                pid, (port,) = stack.enter_context(own)
                found[name] = Way(name, int(port), MESSAGES, "", pid)
            elif name.startswith("dsfix"):
                found[name] = stack.enter_context(launched(origin, *name.split()[1:]))
        yield {name: found[name] for name in wanted}


@contextmanager
def launched(origin: str, *options: str) -> Iterator[Way]:
    """dsfix with repairs, memory and record, in front of an agent that does nothing."""
    with tempfile.TemporaryDirectory() as state:
        env = {**os.environ, "DSFIX_STATE_DIR": state, "DEEPSEEK_API_KEY": "benchmark-key-not-real"}
        env["DSFIX_DEBUG"] = "1"  # what it holds is read from outside
        env.pop("DSFIX_STRICT", None)
        run = (sys.executable, "-m", "dsfix", "run", "-q", *options, "--upstream", origin)
        with serving(*run, "--", sys.executable, "-c", _HOLD, env=env) as (pid, (url, token)):
            port, _, path = url.removeprefix("http://127.0.0.1:").partition("/")
            name = " ".join(("dsfix", *options))
            yield Way(name, int(port), f"/{path}/v1/messages", token, pid)


@contextmanager
def serving(
    *command: str, env: dict[str, str] | None = None
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """A program that says in its first line where it serves, until its stdin ends: its id and
    the words of that line.
    """
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
    )
    assert process.stdin and process.stdout
    try:
        yield process.pid, tuple(process.stdout.readline().split())
    finally:
        process.stdin.close()
        process.wait(20)
        process.stdout.close()
