"""What is at the edge of HTTP: no body at all, one that nobody can undo, an answer to half of one."""

from __future__ import annotations

import gzip
import json
import socket

from tests.faults.rig import BOUND, Rig, answer_on, says, tells
from tests.faults.row import Fault, Scene, Seen
from tests.faults.rows_agent import REFUSED, TOLD, said
from tests.faults.rows_odd import counted
from tests.faults.rows_upstream import SHAPED, SHORT, SILENT
from tests.faults.wild import Say, Wild, chunk, head, reset
from tests.proxy.wire_data import CLEAN

REFUSAL = b'{"error":{"message":"that is too much"}}'
LONG = 4 << 20  # bytes, more than the buffers on the way hold


def says_nothing(scene: Scene) -> Seen:
    """The agent's request has no body, and the upstream counts tokens all the same."""
    wire, meant = counted(5)(scene.dialect)
    with (
        Wild(lambda connection: connection.sendall(wire)) as wild,
        Rig(wild.url, scene.path) as rig,
    ):
        answer = rig.send(scene.dialect, b"")
        assert wild.requests == [b""]
    [exchange] = rig.recorded()
    return Seen(says(answer, scene.dialect, meant), tells(exchange))


def _compressed(coding: str, times: int) -> Fault:
    def speech(rig: Rig, connection: socket.socket, dialect: str) -> None:
        body = CLEAN[dialect]
        for _ in range(times):
            body = gzip.compress(body)
        connection.sendall(rig.head(dialect, len(body), f"Content-Encoding: {coding}\r\n") + body)

    return Fault("agent", f"compresses its request as {coding}", REFUSED, TOLD, said(speech))


def compressed_on_the_way(rig: Rig, connection: socket.socket, dialect: str) -> None:
    start, _, _ = rig.head(dialect, 0).partition(b"Content-Length")
    coded = b"Transfer-Encoding: gzip, chunked\r\n\r\n"
    connection.sendall(start + coded + chunk(gzip.compress(CLEAN[dialect])) + chunk(b""))


def half_compressed(rig: Rig, connection: socket.socket, dialect: str) -> None:
    body = gzip.compress(CLEAN[dialect])[:-20]
    connection.sendall(rig.head(dialect, len(body), "Content-Encoding: gzip\r\n") + body)


class Hasty(Wild):
    """An upstream that answers as soon as it has begun to read, and is gone."""

    def _request(self, connection: socket.socket) -> bytes:
        self._read(connection)
        refusal = head("application/json", f"Content-Length: {len(REFUSAL)}", "413 Too Large")
        connection.sendall(refusal + REFUSAL)
        reset(connection)
        return b""


class Deaf(Wild):
    """An upstream that takes a connection and reads nothing."""

    def __init__(self, *say: Say) -> None:
        super().__init__(*say)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

    def _request(self, connection: socket.socket) -> bytes:
        self._over.wait()
        raise ConnectionError


def is_not_read(scene: Scene) -> Seen:
    """A request that is longer than all buffers on the way, and an upstream that hangs."""
    data = json.dumps(json.loads(CLEAN[scene.dialect]) | {"x_long": "x" * 4 * LONG}).encode()
    with Deaf() as wild, Rig(wild.url, scene.path, silence=SHORT) as rig:
        answer = rig.send(scene.dialect, data)
    [exchange] = rig.recorded()
    return Seen(says(answer, scene.dialect, b""), tells(exchange))


def is_refused_early(scene: Scene) -> Seen:
    """Several times, for it depends on what has come when the next piece is written."""
    data = json.dumps(json.loads(CLEAN[scene.dialect]) | {"x_long": "x" * LONG}).encode()
    with Hasty(lambda connection: None) as wild, Rig(wild.url, scene.path) as rig:
        for _ in range(6):
            with socket.create_connection(("127.0.0.1", rig.port), timeout=BOUND) as connection:
                connection.sendall(rig.head(scene.dialect, len(data)) + data)
                answer = answer_on(connection)
            agent = says(answer, scene.dialect, REFUSAL)
            assert answer.status == 413, agent
    return Seen(agent, " or ".join({tells(each) for each in rig.recorded()}))


def names_too_much(scene: Scene) -> Seen:
    """The agent asks for a model of a megabyte; what is written down of it is short."""
    body = json.loads(CLEAN[scene.dialect]) | {"model": "m" * (1 << 20)}
    wire = b"HTTP/1.1 204 No Content\r\n\r\n"
    with (
        Wild(lambda connection: connection.sendall(wire)) as wild,
        Rig(wild.url, scene.path) as rig,
    ):
        answer = rig.send(scene.dialect, json.dumps(body).encode())
        assert len(wild.requests[0]) < 1000, wild.requests[0][:300]
    [exchange] = rig.recorded()
    assert exchange.asked == "[1048576 characters]", exchange.asked[:300]
    return Seen(says(answer, scene.dialect, b""), tells(exchange))


def leave_at_once(scene: Scene) -> Seen:
    """Each agent goes while its answer is written; whether that is seen in writing is chance."""

    def say(connection: socket.socket) -> None:
        connection.sendall(head("text/event-stream", "Transfer-Encoding: chunked"))
        while True:  # until the other side has had enough
            connection.sendall(chunk(b": keep-alive\n\n" * 200))

    with Wild(say) as wild, Rig(wild.url, scene.path) as rig:
        agents = [socket.create_connection(("127.0.0.1", rig.port), BOUND) for _ in range(20)]
        body = CLEAN[scene.dialect]
        for each in agents:
            each.sendall(rig.head(scene.dialect, len(body)) + body)
        for each in agents:
            assert each.recv(1 << 16)
        for each in agents:
            reset(each)
        assert wild.ended(), "the upstream goes on"
    return Seen("nothing more", " or ".join({tells(each) for each in rig.recorded()}))


EARLY = "answers before it has read a long request, and resets"
TOO_MUCH = "413, `that is too much`"
ROWS = (
    Fault("agent", "sends no body", "200, byte for byte", "200", says_nothing),
    Fault("agent", "names a model in a megabyte", "204, byte for byte", "204", names_too_much),
    Fault(
        "agent",
        "is twenty that leave at once",
        "nothing more",
        "200, cut by the agent",
        leave_at_once,
    ),
    _compressed("gzip, gzip", 2),
    _compressed("x-gzip", 1),
    Fault(
        "agent",
        "compresses what carries its request",
        REFUSED,
        TOLD,
        said(compressed_on_the_way),
    ),
    Fault("agent", "compresses its request, and cuts it", REFUSED, TOLD, said(half_compressed)),
    Fault("upstream", "does not read a long request", SHAPED, SILENT, is_not_read),
    Fault(
        "upstream",
        EARLY,
        "413, an error in the dialect's shape",
        TOO_MUCH,
        is_refused_early,
        ("messages",),
    ),
    Fault(
        "upstream",
        EARLY,
        "413, byte for byte",
        TOO_MUCH,
        is_refused_early,
        ("chat", "responses"),
    ),
)
