"""A report server as a user starts it, and requests to it byte for byte."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.support.commands import environment

TIMEOUT = 30.0


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


class Running(NamedTuple):
    """A server process."""

    url: str
    home: Path
    process: subprocess.Popen[str]

    @property
    def state(self) -> Path:
        """The directory of its reports."""
        return self.home / ".local/state/dsfix/reports"

    @property
    def token(self) -> str:
        """What manages its reports."""
        return (self.state / "token").read_text()

    def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        token: str | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; with `token` it says that it may manage."""
        host = urlsplit(self.url).netloc
        more = dict(headers or {})
        if token is not None:
            more["Authorization"] = f"Bearer {token}"
        connection = http.client.HTTPConnection(host, timeout=TIMEOUT)
        try:
            connection.request(method, path, body, more)
            found = connection.getresponse()
            heads = {name.lower(): value for name, value in found.getheaders()}
            return Answer(found.status, heads, found.read())
        finally:
            connection.close()


@contextmanager
def serving(home: Path, *words: str, **more: str) -> Iterator[Running]:
    """`dsfix serve` on a free port, stopped in the end."""
    home.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "dsfix", "serve", "--port", "0", *words],
        env=environment(home, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url, process.communicate(timeout=TIMEOUT)[1]
        yield Running(url, home, process)
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
        _, err = process.communicate(timeout=TIMEOUT)
        assert "Traceback" not in err, err


def write(folder: Path, **files: str) -> Path:
    """A folder of files, `__` in a name for its dot; the first of them."""
    paths = [folder / name.replace("__", ".") for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return paths[0]


def shown(address: str) -> str:
    """The path of a report in an address that `send` printed, which is one line."""
    path = urlsplit(address.removesuffix("\n")).path
    assert re.fullmatch("/r/[0-9a-f]{32}", path), address
    return path
