"""How the strict endpoint's bytes travel: connections, chunks, pauses, and their early ends."""

from __future__ import annotations

import itertools
import json
import select
import socket
import struct
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.strict_base import Answer, Refused
from tests.support.strict_rules import WIRES
from tests.support.strict_switches import Canned


class Server(ThreadingHTTPServer):
    """Serves an endpoint, a thread for each connection."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], endpoint: Any) -> None:
        self.endpoint = endpoint
        self.connections = itertools.count(1)
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End connections that agents keep alive."""
        for each in list(self._open):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        deadline = time.monotonic() + 5
        while self._open and time.monotonic() < deadline:
            time.sleep(0.005)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that ended in the middle is no trouble of the endpoint's."""


class _Ended(Exception):
    """The connection is over."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number = next(self.server.connections)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        received = self._record(b"")
        self._plain(404, b'{"error":{"message":"not here"}}')
        received.over.set()

    def do_POST(self) -> None:
        endpoint = self.server.endpoint
        size = int(self.headers.get("content-length") or 0)
        raw = self._chunks() if self.headers.get("transfer-encoding") else self.rfile.read(size)
        received = self._record(raw)
        try:
            self._post(endpoint, received)
        except _Ended:
            self.close_connection = True
        except (BrokenPipeError, ConnectionResetError):
            received.gone.set()
            self.close_connection = True
        except Exception as error:
            endpoint.trouble.append(error)
            raise
        finally:
            received.over.set()
        if endpoint.idle_close:
            self.close_connection = True

    def _record(self, raw: bytes) -> Any:
        headers = list(self.headers.items())
        return self.server.endpoint.record(self.command, self.path, headers, raw, self.number)

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _post(self, endpoint: Any, received: Any) -> None:
        if endpoint.canned:
            return self._canned(endpoint.canned.pop(0), received)
        dialect = received.dialect
        if not dialect:
            return self._refuse(received, Refused("path", "Not Found", 404))
        shown = (self.headers.get("authorization") or "").removeprefix("Bearer ")
        if endpoint.key and endpoint.key not in (shown, self.headers.get("x-api-key")):
            return self._refuse(received, Refused("key", "Authentication Fails", 401))
        try:
            endpoint.check(received)
        except Refused as refusal:
            return self._refuse(received, refusal)
        answer, step = endpoint.answer(received)
        received.given, received.status = answer.given, 200
        if received.body.get("stream"):
            return self._stream(answer, step, received)
        self._plain(200, json.dumps(WIRES[dialect].whole(answer)).encode(), received)
        return None

    def _refuse(self, received: Any, refusal: Refused) -> None:
        received.status, received.rule, received.text = refusal.status, refusal.rule, refusal.text
        kind = "invalid_request_error"
        error = {"message": refusal.text, "type": kind, "param": None, "code": kind}
        self._plain(refusal.status, json.dumps({"error": error}).encode())

    def _plain(self, status: int, data: bytes, received: Any = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        if received is not None:
            received.sent.append(data)

    def _stream(self, answer: Answer, step: str, received: Any) -> None:
        switches = self.server.endpoint.switches_of(received)
        cut = switches.cut
        kind = "calls" if answer.calls else "text"
        if cut is None or not received.is_main or kind not in cut.kinds or cut.times <= 0:
            cut = None
        else:
            cut.times -= 1
            answer.given.certain = cut.how == "fin"
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        slow = received.is_main and (not switches.delay_steps or step in switches.delay_steps)
        for number, event in enumerate(WIRES[received.dialect].events(answer)):
            if cut is not None and number == cut.after:
                self._end(cut.how)
            if switches.delay and slow:
                self._wait(switches.delay, received)
            if switches.comments:
                event = b": keep-alive\n\n" + event
            if switches.crlf:
                event = event.replace(b"\n", b"\r\n")
            for piece in (
                [event[n : n + 1] for n in range(len(event))] if switches.bytewise else [event]
            ):
                self._chunk(piece)
            received.sent.append(event)
        self._chunk(b"")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def _wait(self, seconds: float, received: Any) -> None:
        """Pause, unless the other side hangs up."""
        readable, _, _ = select.select([self.connection], [], [], seconds)
        if readable and not self.connection.recv(1, socket.MSG_PEEK):
            received.gone.set()
            raise _Ended

    def _end(self, how: str) -> None:
        """End the connection in the middle."""
        self.wfile.flush()
        if how == "rst":
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        raise _Ended

    def _canned(self, canned: Canned, received: Any) -> None:
        received.status = canned.status
        if canned.hold:
            self._wait(canned.hold, received)
        if not canned.status:
            self._end(canned.end)
        self.send_response_only(canned.status)
        for name, value in canned.headers:
            self.send_header(name, value)
        if canned.end == "length":
            self.send_header("Content-Length", str(sum(map(len, canned.pieces))))
        else:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in canned.pieces:
            if canned.pause:
                self._wait(canned.pause, received)
            if canned.end == "length":
                self.wfile.write(piece)
            else:
                self._chunk(piece)
            received.sent.append(piece)
        if canned.end == "chunked":
            self._chunk(b"")
        elif canned.end != "length":
            self._end(canned.end)
