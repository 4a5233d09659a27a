"""What an agent can do wrong, and what it must not be able to do to the upstream."""

from __future__ import annotations

import gzip
import re
import socket
from collections.abc import Callable

from tests.faults.rig import BOUND, Answer, Rig, answer_on, says, tells
from tests.faults.row import Fault, Scene, Seen
from tests.faults.wild import Wild, chunk, head
from tests.proxy.wire_data import ANSWERS, CLEAN, EVENTS
from tests.support.in_process import TOKEN

Speech = Callable[[Rig, socket.socket, str], None]


def answering(scene: Scene) -> Wild:
    """An upstream that answers each request."""
    data = ANSWERS[scene.dialect]
    whole = head("application/json", f"Content-Length: {len(data)}") + data
    return Wild(lambda connection: connection.sendall(whole))


def said(speech: Speech) -> Callable[[Scene], Seen]:
    """A row in which the agent says this; nothing of it may reach the upstream."""

    def play(scene: Scene) -> Seen:
        with answering(scene) as wild, Rig(wild.url, scene.path) as rig:
            with socket.create_connection(("127.0.0.1", rig.port), timeout=BOUND) as connection:
                speech(rig, connection, scene.dialect)
                answer = answer_on(connection)
            assert rig.send(scene.dialect, CLEAN[scene.dialect]).status == 200, "the next one"
            assert wild.requests == [CLEAN[scene.dialect]]
        assert answer.status in (0, 400)
        assert TOKEN.encode() not in answer.body and b"Traceback" not in answer.body
        agent = f"{answer.status}, no word of a request" if answer.status else "the connection ends"
        recorded = rig.recorded()
        return Seen(agent, rig.refused() if len(recorded) == 1 else tells(recorded[0]))

    return play


def garbage(rig: Rig, connection: socket.socket, dialect: str) -> None:
    connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)))


def endless_header(rig: Rig, connection: socket.socket, dialect: str) -> None:
    connection.sendall(rig.head(dialect, 2)[:-2] + b"X-Long: " + b"x" * (1 << 18) + b"\r\n\r\n{}")


def two_lengths(rig: Rig, connection: socket.socket, dialect: str) -> None:
    more = "Transfer-Encoding: chunked\r\n"
    connection.sendall(rig.head(dialect, 5, more) + b"0\r\n\r\n" + rig.head(dialect, 2) + b"{}")


def no_length(rig: Rig, connection: socket.socket, dialect: str) -> None:
    connection.sendall(rig.head(dialect, "twelve") + b"{}")


def broken_chunks(rig: Rig, connection: socket.socket, dialect: str) -> None:
    told = rig.head(dialect, 2).replace(b"Content-Length: 2", b"Transfer-Encoding: chunked")
    connection.sendall(told + chunk(b"{") + b"no size\r\n\r\n")


def not_compressed(rig: Rig, connection: socket.socket, dialect: str) -> None:
    connection.sendall(rig.head(dialect, 2, "Content-Encoding: gzip\r\n") + b"{}")


def unknown_coding(rig: Rig, connection: socket.socket, dialect: str) -> None:
    connection.sendall(rig.head(dialect, 2, "Content-Encoding: br\r\n") + b"{}")


def a_thousand_headers(rig: Rig, connection: socket.socket, dialect: str) -> None:
    more = "".join(f"X-{number}: 1\r\n" for number in range(1000))
    connection.sendall(rig.head(dialect, 2, more) + b"{}")


def another_protocol(rig: Rig, connection: socket.socket, dialect: str) -> None:
    connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")


def half_a_body(rig: Rig, connection: socket.socket, dialect: str) -> None:
    body = CLEAN[dialect]
    connection.sendall(rig.head(dialect, len(body)) + body[:20])
    connection.shutdown(socket.SHUT_WR)


def asking(*pieces: Callable[[bytes], bytes]) -> Callable[[Scene], Seen]:
    """A row in which an odd request is none the less one: it passes, its body as it was meant.

    The first piece makes the head of the usual one, the others make what follows it of the body.
    """

    def play(scene: Scene) -> Seen:
        body = CLEAN[scene.dialect]
        with (
            answering(scene) as wild,
            Rig(wild.url, scene.path) as rig,
            socket.create_connection(("127.0.0.1", rig.port), timeout=BOUND) as connection,
        ):
            head_, *rest = pieces
            connection.sendall(head_(rig.head(scene.dialect, len(body))))
            for piece in rest:
                connection.sendall(piece(body))
            answer = answer_on(connection)
            assert wild.requests == [body]
        [exchange] = rig.recorded()
        assert not rig.store.trouble
        return Seen(says(answer, scene.dialect, ANSWERS[scene.dialect]), tells(exchange))

    return play


def waits(scene: Scene) -> Seen:
    """It sends its body only when it is told to go on."""
    body = CLEAN[scene.dialect]
    with (
        answering(scene) as wild,
        Rig(wild.url, scene.path) as rig,
        socket.create_connection(("127.0.0.1", rig.port), timeout=BOUND) as connection,
    ):
        connection.sendall(rig.head(scene.dialect, len(body), "Expect: 100-continue\r\n"))
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        answer = answer_on(connection)
        assert wild.requests == [body]
    [exchange] = rig.recorded()
    return Seen(says(answer, scene.dialect, ANSWERS[scene.dialect]), tells(exchange))


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: re.sub(old, new, data)


def drips(scene: Scene) -> Seen:
    """It sends one byte at a time, with a pause in head and body."""
    body = CLEAN[scene.dialect]
    with (
        answering(scene) as wild,
        Rig(wild.url, scene.path) as rig,
        socket.create_connection(("127.0.0.1", rig.port), timeout=BOUND) as connection,
    ):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in rig.head(scene.dialect, len(body)) + body:
            connection.send(bytes([byte]))
        answer = answer_on(connection)
        assert wild.requests == [body]
    [exchange] = rig.recorded()
    return Seen(says(answer, scene.dialect, ANSWERS[scene.dialect]), tells(exchange))


def streams(scene: Scene, leave: Callable[[socket.socket], None]) -> Seen:
    """The agent leaves in the middle of a stream that would go on."""
    events = EVENTS[scene.dialect].split(b"\n\n")[0] + b"\n\n"

    def say(connection: socket.socket) -> None:
        connection.sendall(head("text/event-stream", "Transfer-Encoding: chunked") + chunk(events))
        wild.wait_for_end(connection)

    with (
        Wild(say) as wild,
        Rig(wild.url, scene.path) as rig,
        socket.create_connection(("127.0.0.1", rig.port), timeout=BOUND) as connection,
    ):
        body = CLEAN[scene.dialect]
        connection.sendall(rig.head(scene.dialect, len(body)) + body)
        while b"\n\n" not in connection.recv(65536):
            pass
        leave(connection)
        assert wild.gone.wait(BOUND), "the upstream goes on"
        connection.settimeout(BOUND)
        connection.recv(65536)
    [exchange] = rig.recorded()
    return Seen("the connection ends, and the upstream's at once", tells(exchange))


def half_closes(scene: Scene) -> Seen:
    """It sends its end, and would still read."""
    return streams(scene, lambda connection: connection.shutdown(socket.SHUT_WR))


def pipelines(scene: Scene) -> Seen:
    """It sends three requests before it reads the first answer."""
    body = CLEAN[scene.dialect]
    with (
        answering(scene) as wild,
        Rig(wild.url, scene.path) as rig,
        socket.create_connection(("127.0.0.1", rig.port), timeout=BOUND) as connection,
    ):
        connection.sendall((rig.head(scene.dialect, len(body)) + body) * 3)
        seen = {_answered(connection, scene.dialect) for _ in range(3)}
        assert wild.requests == [body] * 3
    recorded = {tells(each) for each in rig.recorded()}
    assert len(rig.recorded()) == 3
    return Seen(f"three times {', '.join(seen)}", f"three times {', '.join(recorded)}")


def _answered(connection: socket.socket, dialect: str) -> str:
    """One of several answers on a connection, in the words of the table."""
    data = b""
    while not data.endswith(b"\r\n0\r\n\r\n"):
        data += connection.recv(1)
    start, _, rest = data.partition(b"\r\n\r\n")
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    status = int(start.split(b" ")[1])
    return says(Answer(status, body, cut=False), dialect, ANSWERS[dialect])


WHOLE = "200, byte for byte"
ENDS = "the connection ends"
REFUSED, TOLD = "400, no word of a request", "refused with 400"
ROWS = (
    Fault("agent", "sends what is not HTTP", REFUSED, TOLD, said(garbage)),
    Fault("agent", "sends a header that is too long", REFUSED, TOLD, said(endless_header)),
    Fault("agent", "tells two lengths of one body", REFUSED, TOLD, said(two_lengths)),
    Fault("agent", "tells a length that is no number", REFUSED, TOLD, said(no_length)),
    Fault("agent", "breaks its own chunks", REFUSED, TOLD, said(broken_chunks)),
    Fault("agent", "compresses, and not well", REFUSED, TOLD, said(not_compressed)),
    Fault("agent", "compresses as nobody here can undo", REFUSED, TOLD, said(unknown_coding)),
    Fault("agent", "sends a thousand headers", REFUSED, TOLD, said(a_thousand_headers)),
    Fault("agent", "speaks HTTP/2", REFUSED, TOLD, said(another_protocol)),
    Fault("agent", "sends half a body and its end", ENDS, "nothing", said(half_a_body)),
    Fault(
        "agent",
        "half closes in the middle of a stream",
        "the connection ends, and the upstream's at once",
        "200, cut by the agent",
        half_closes,
    ),
    Fault(
        "agent",
        "sends three requests at once",
        "three times 200, byte for byte",
        "three times 200",
        pipelines,
    ),
    Fault("agent", "sends one byte at a time", WHOLE, "200", drips),
    Fault(
        "agent", "speaks HTTP/1.0", WHOLE, "200", asking(replaced(b"HTTP/1.1", b"HTTP/1.0"), bytes)
    ),
    Fault(
        "agent",
        "speaks HTTP/1.0 and would keep its connection",
        WHOLE,
        "200",
        asking(replaced(b"HTTP/1.1", b"HTTP/1.0\r\nConnection: keep-alive"), bytes),
    ),
    Fault(
        "agent",
        "names its session in bytes that are no UTF-8",
        WHOLE,
        "200",
        asking(replaced(b"Content-Type", b"X-Session-Id: caf\xe9\xff\r\nContent-Type"), bytes),
    ),
    Fault(
        "agent",
        "waits to be asked for its body",
        WHOLE,
        "200",
        waits,
    ),
    Fault(
        "agent",
        "sends chunks, extended and with trailers",
        WHOLE,
        "200",
        asking(
            replaced(b"Content-Length: [0-9]+", b"Transfer-Encoding: chunked"),
            lambda body: b"%x;a=b\r\n%s\r\n0\r\nX-T: 1\r\n\r\n" % (len(body), body),
        ),
    ),
    Fault(
        "agent",
        "compresses its request",
        WHOLE,
        "200",
        asking(
            replaced(
                b"Content-Length: [0-9]+", b"Transfer-Encoding: chunked\r\nContent-Encoding: gzip"
            ),
            lambda body: chunk(gzip.compress(body)) + chunk(b""),
        ),
    ),
)
