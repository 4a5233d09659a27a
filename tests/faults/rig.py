"""The proxy with its real record on disk, an agent that reads byte by byte, and their words."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from dsfix.record.exchange import Exchange
from dsfix.record.log import SessionLog
from dsfix.record.reader import read
from dsfix.redact import Redactor
from tests.support.in_process import PATHS, TOKEN, InProcess
from tests.support.ports import listener
from tests.support.stands import stands

CUT = "200, what came of it, then the connection ends"
# Seconds that an agent waits for a byte; whatever takes longer hangs, but a machine may pause.
BOUND = 60.0


class Answer(NamedTuple):
    """What an agent got; `cut` where the connection ended before the answer said it was over."""

    status: int
    body: bytes
    cut: bool


class Rig(InProcess):
    """A proxy with record and memory below `state`. `silence` is the upstream's, in seconds."""

    bound = BOUND

    def __init__(
        self,
        url: str,
        state: Path,
        *,
        silence: float = 600.0,
        wall: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(url, state / "memory.db", wall)
        self.log = SessionLog(state, Redactor({}), clock=wall)
        self._forwarding |= {"journal": self.log, "wall": wall}
        self._asking["silence"] = silence

    def __enter__(self) -> Rig:
        self.log.start({})
        self._listens = listener(self.port)
        assert self._listens
        super().__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        self.log.close(0, 1.0, timeout=BOUND)
        assert not self._thread.is_alive()
        assert listener(self.port) != self._listens, "the port is still there"

    def head(self, dialect: str, length: int | str, more: str = "") -> bytes:
        """The head of a request that is admitted."""
        return (
            f"POST {PATHS[dialect]} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAuthorization:"
            f" Bearer {TOKEN}\r\nContent-Type: application/json\r\n{more}"
            f"Content-Length: {length}\r\n\r\n"
        ).encode()

    def send(self, dialect: str, body: bytes) -> Answer:
        """The answer to one request, however it ends. A TimeoutError tells where it hung."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=self.bound) as connection:
            connection.sendall(self.head(dialect, len(body)) + body)
            try:
                return answer_on(connection)
            except TimeoutError as error:
                error.add_note(stands(self.loop))
                raise

    def refused(self) -> str:
        """What the record says of requests that were refused at the door."""
        assert self.log.path is not None
        found = read(self.log.path).turned_away
        return ", ".join(f"refused with {each.status}" for each in found) or "nothing"

    def recorded(self) -> tuple[Exchange, ...]:
        """The exchanges as they are read back from the disk, once the session is over."""
        assert self.log.path is not None
        return tuple(each.exchange for each in read(self.log.path).exchanges)


def answer_on(connection: socket.socket) -> Answer:
    """The next answer on a connection; status 0 where the connection ended without one."""
    response = http.client.HTTPResponse(connection)
    body = bytearray()
    status, cut = 0, False
    try:
        response.begin()
        status = response.status
        while piece := response.read1(1 << 20):
            body += piece
        cut = bool(response.length)
    except (http.client.HTTPException, ConnectionError) as error:
        body += error.partial if isinstance(error, http.client.IncompleteRead) else b""
        cut = True
    finally:
        response.close()
    return Answer(status, bytes(body), cut)


def says(answer: Answer, dialect: str, sent: bytes) -> str:
    """What the agent saw, where the upstream sent these bytes as its answer's body."""
    if not answer.status:
        return "the connection ends"
    if answer.body == sent and not answer.cut:
        return f"{answer.status}, byte for byte"
    if answer.cut:
        assert sent.startswith(answer.body), "an answer was altered"
        return f"{answer.status}, what came of it, then the connection ends"
    document: Any = json.loads(answer.body)
    assert document["error"]["message"]
    assert (document.get("type") == "error") == (dialect == "messages"), document
    return f"{answer.status}, an error in the dialect's shape"


def tells(exchange: Exchange) -> str:
    """What the record says of an exchange."""
    assert exchange.duration is not None and exchange.duration >= 0
    parts = [str(exchange.status)]
    if exchange.cut:
        parts.append(f"cut by the {exchange.cut}")
    if exchange.error:
        parts.append(f"`{exchange.error}`")
    return ", ".join(parts)
