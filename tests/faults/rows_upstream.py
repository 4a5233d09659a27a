"""What an upstream can do wrong."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress

from tests.faults.rig import CUT, Rig, says, tells
from tests.faults.row import Fault, Scene, Seen
from tests.faults.wild import Wild, chunk, head, reset
from tests.proxy.wire_data import ANSWERS, CLEAN, EVENTS

STREAM, JSON, HTML = "text/event-stream", "application/json", "text/html"
CHUNKED = "Transfer-Encoding: chunked"
PAGE = b"<!doctype html><html><title>Just a moment</title>" + b"</html>"
PAUSE = 0.2  # seconds in which what was said is read and passed on
SHORT = 0.3  # seconds of silence after which these upstreams count as gone

Speech = Callable[[socket.socket, str], bytes]


def played(speech: Speech, silence: float = 600.0) -> Callable[[Scene], Seen]:
    """A row in which the upstream holds this speech: what it says, and the body it means.

    It keeps the connection open and says no more, unless the speech ends it.
    """

    def play(scene: Scene) -> Seen:
        meant: list[bytes] = []

        def say(connection: socket.socket) -> None:
            meant.append(b"")  # also where the speech is cut short
            meant[-1] = speech(connection, scene.dialect)
            wild.wait_for_end(connection)

        with Wild(say) as wild:
            with Rig(wild.url, scene.path, silence=silence) as rig:
                answer = rig.send(scene.dialect, CLEAN[scene.dialect])
                assert wild.requests, "nothing was asked"
            assert wild.ended(), "a connection upstream stayed"
            [exchange] = rig.recorded()
        return Seen(says(answer, scene.dialect, meant[-1]), tells(exchange))

    return play


def refuses(scene: Scene) -> Seen:
    """Nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Rig(f"http://127.0.0.1:{port}", scene.path) as rig:
        answer = rig.send(scene.dialect, CLEAN[scene.dialect])
    [exchange] = rig.recorded()
    return Seen(says(answer, scene.dialect, b""), tells(exchange))


def first_events(dialect: str) -> bytes:
    return b"\n\n".join(EVENTS[dialect].split(b"\n\n")[:2]) + b"\n\n"


def silent(connection: socket.socket, dialect: str) -> bytes:
    return b""


def silent_in_the_head(connection: socket.socket, dialect: str) -> bytes:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Ty")
    return b""


def silent_in_the_stream(connection: socket.socket, dialect: str) -> bytes:
    connection.sendall(head(STREAM, CHUNKED) + chunk(first_events(dialect)))
    return first_events(dialect)


def reset_in_the_stream(connection: socket.socket, dialect: str) -> bytes:
    connection.sendall(head(STREAM, CHUNKED) + chunk(first_events(dialect)))
    reset(connection)
    return first_events(dialect)


def garbage(connection: socket.socket, dialect: str) -> bytes:
    connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)))
    return b""


def endless_header(connection: socket.socket, dialect: str) -> bytes:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:  # until the other side has had enough
        connection.sendall(b"x" * 65536)


def endless_headers(connection: socket.socket, dialect: str) -> bytes:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-Again: and again\r\n" * 4096)


def _with(body: Callable[[str], bytes], kind: str, status: str = "200 OK") -> Speech:
    """A whole answer."""

    def speech(connection: socket.socket, dialect: str) -> bytes:
        data = body(dialect)
        connection.sendall(head(kind, f"Content-Length: {len(data)}", status) + data)
        return data

    return speech


def _length(difference: int, kind: str) -> Speech:
    """An answer whose Content-Length is off by so many bytes; the connection ends behind it."""

    def speech(connection: socket.socket, dialect: str) -> bytes:
        data = (EVENTS if kind == STREAM else ANSWERS)[dialect]
        told = len(data) + difference
        connection.sendall(head(kind, f"Content-Length: {told}") + data)
        connection.shutdown(socket.SHUT_WR)
        return data[:told]

    return speech


def bad_chunk(connection: socket.socket, dialect: str) -> bytes:
    connection.sendall(head(STREAM, CHUNKED) + chunk(first_events(dialect)))
    time.sleep(PAUSE)
    connection.sendall(b"no size\r\n\r\n")
    return first_events(dialect)


def crlf(connection: socket.socket, dialect: str) -> bytes:
    data = EVENTS[dialect].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return _with(lambda _: data, STREAM)(connection, dialect)


def bytewise(connection: socket.socket, dialect: str) -> bytes:
    data = EVENTS[dialect].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    for byte in head(STREAM, CHUNKED) + b"".join(chunk(bytes([each])) for each in data):
        connection.send(bytes([byte]))
    connection.sendall(chunk(b""))
    return data


def slow(connection: socket.socket, dialect: str) -> bytes:
    """It says a little now and then, and needs three times as long for all as it may be silent."""
    data, count = EVENTS[dialect], 12
    size = len(data) // count + 1
    connection.sendall(head(STREAM, CHUNKED))
    for begin in range(0, len(data), size):
        connection.sendall(chunk(data[begin : begin + size]))
        time.sleep(3 * SHORT / count)
    connection.sendall(chunk(b""))
    return data


def dripping_error(connection: socket.socket, dialect: str) -> bytes:
    """It is never silent for long, and never at its end."""
    said = b'{"error":{"message":"Oops"}}'
    connection.sendall(head(JSON, CHUNKED, "500 Oops") + chunk(said))
    with suppress(OSError):
        for _ in range(1000):
            connection.sendall(chunk(b" "))
            time.sleep(SHORT / 4)
    return said


def broken_events(dialect: str) -> bytes:
    """Words that are no events, JSON that is none, bytes that are no UTF-8, and a known end."""
    *begun, last, _ = EVENTS[dialect].replace(b"\r\n", b"\n").split(b"\n\n")
    odd = [b"nonsense", b'data: {"type": "x", ', b"data: [1,2]", b"data: \xff\xfe", b"data", b":"]
    return b"\n\n".join([*begun, *odd, last, b""])


def no_events(dialect: str) -> bytes:
    return b"data: {not json\n\n" * 3 + b"\xff\xfe\n\n"


SHAPED = "502, an error in the dialect's shape"
WHOLE = "200, byte for byte"
LOST = "200, cut by the upstream, `the upstream broke off`"
NOT_HTTP = "502, `what it answered is not HTTP`"
SILENT = "502, `no answer in time`"

ENDED = "200, cut by the upstream, `the upstream ended the stream early`"
STALLED = "200, cut by the upstream, `the upstream fell silent`"
BAD = f"502, `{PAGE.decode()}`"
bad_gateway = played(_with(lambda _: PAGE, HTML, "502 Bad Gateway"))


def _row(name: str, agent: str, record: str, speech: Speech, silence: float = 600.0) -> Fault:
    return Fault("upstream", name, agent, record, played(speech, silence))


ROWS = (
    Fault("upstream", "refuses the connection", SHAPED, "502, `Connection refused`", refuses),
    _row("is silent", SHAPED, SILENT, silent, SHORT),
    _row("is silent in the middle of its head", SHAPED, SILENT, silent_in_the_head, SHORT),
    _row("is silent in the middle of a stream", CUT, STALLED, silent_in_the_stream, SHORT),
    _row("resets in the middle of a stream", CUT, LOST, reset_in_the_stream),
    _row("answers with what is not HTTP", SHAPED, NOT_HTTP, garbage),
    _row("sends a header without end", SHAPED, NOT_HTTP, endless_header),
    _row("sends headers without end", SHAPED, NOT_HTTP, endless_headers),
    _row("sends an HTML page with 200", WHOLE, "200", _with(lambda _: PAGE, HTML)),
    _row("sends an HTML page as a stream", CUT, ENDED, _with(lambda _: PAGE, STREAM)),
    Fault("upstream", "sends an HTML page with 502", SHAPED, BAD, bad_gateway, ("messages",)),
    Fault(
        "upstream",
        "sends an HTML page with 502",
        "502, byte for byte",
        BAD,
        bad_gateway,
        ("chat", "responses"),
    ),
    _row("sends events that are none among others", WHOLE, "200", _with(broken_events, STREAM)),
    _row("sends nothing but events that are none", WHOLE, "200", _with(no_events, STREAM)),
    _row("tells too long a length of a stream", CUT, LOST, _length(9, STREAM)),
    _row("tells too short a length of a stream", SHAPED, NOT_HTTP, _length(-30, STREAM)),
    _row("tells too long a length of a document", CUT, LOST, _length(9, JSON)),
    _row("tells too short a length of a document", SHAPED, NOT_HTTP, _length(-30, JSON)),
    _row("breaks its own chunks in the middle of a stream", CUT, LOST, bad_chunk),
    _row("ends its lines with CRLF", WHOLE, "200", crlf),
    _row("sends one byte at a time", WHOLE, "200", bytewise),
    _row("takes longer than it may be silent", WHOLE, "200", slow, SHORT),
    _row(
        "sends an error without end, letter by letter",
        "500, an error in the dialect's shape",
        "500, `Oops`",
        dripping_error,
        SHORT,
    ),
)
