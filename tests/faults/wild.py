"""An upstream made of a bare socket: whatever it is told to say, well-formed or not."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from types import TracebackType

Say = Callable[[socket.socket], None]


class Wild:
    """Reads each request and lets `say` answer it, on a thread for each connection.

    A connection is kept for the next request if `say` leaves it open. `gone` is set when the other
    side has closed one while `say` was waiting for that by `wait_for_end`.
    """

    def __init__(self, *say: Say) -> None:
        self._say = say
        self.requests: list[bytes] = []
        self.gone = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._over = threading.Event()
        self._open = 0
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Wild:
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()

    def ended(self, seconds: float = 60.0) -> bool:
        """Whether every connection to it has ended, or does so soon."""
        deadline = time.monotonic() + seconds
        while self._open and time.monotonic() < deadline:
            time.sleep(0.005)
        return not self._open

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open += 1
                thread = threading.Thread(target=self._serve, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with connection, contextlib.suppress(OSError, _Over):
                while True:
                    self.requests.append(self._request(connection))
                    number = min(len(self.requests), len(self._say))
                    self._say[number - 1](connection)
        finally:
            self._open -= 1

    def _request(self, connection: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._read(connection)
        head, _, body = data.partition(b"\r\n\r\n")
        named = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if named.get(b"transfer-encoding") == b"chunked":
            while not body.endswith(b"0\r\n\r\n"):
                body += self._read(connection)
            return body
        while len(body) < int(named.get(b"content-length", b"0")):
            body += self._read(connection)
        return body

    def _read(self, connection: socket.socket) -> bytes:
        if connection.fileno() < 0:
            raise _Over
        while not select.select([connection], [], [], 0.05)[0]:
            if self._over.is_set():
                raise _Over
        if not (data := connection.recv(1 << 20)):
            raise _Over
        return data

    def wait_for_end(self, connection: socket.socket) -> None:
        """Say nothing more until the connection ends, by whomever."""
        try:
            self._read(connection)
        except ConnectionError:
            self.gone.set()
        except _Over:
            if not self._over.is_set():
                self.gone.set()
            raise


class _Over(Exception):
    """The connection or the whole upstream is over."""


def reset(connection: socket.socket) -> None:
    """End the connection as a crashed host does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def head(kind: str, framing: str, status: str = "200 OK") -> bytes:
    """A response's head; `framing` is one or more header lines."""
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{framing}\r\n\r\n".encode()


def chunk(data: bytes) -> bytes:
    """One chunk."""
    return b"%x\r\n%s\r\n" % (len(data), data)
