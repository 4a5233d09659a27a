"""Answers that are odd, right or wrong: their framing, their coding and what they hold."""

from __future__ import annotations

import socket
import zlib
from collections.abc import Callable

from tests.faults.rig import CUT
from tests.faults.row import DIALECTS, Fault
from tests.faults.rows_upstream import (
    CHUNKED,
    ENDED,
    JSON,
    LOST,
    NOT_HTTP,
    SHAPED,
    SHORT,
    SILENT,
    STREAM,
    WHOLE,
    first_events,
    played,
)
from tests.faults.wild import chunk, head
from tests.proxy.wire_data import ANSWERS, EVENTS

# What goes over the wire, and the body that it means.
Said = tuple[bytes, bytes]
Make = Callable[[str], Said]
END = b"0\r\n\r\n"
GZIP = "Content-Encoding: gzip\r\n"
DEEP = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
SLOW = b'{"error":{"message":"slow down"}}'


def gzip(data: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return packer.compress(data) + packer.flush()


def told(body: bytes, more: str = "", status: str = "200 OK") -> bytes:
    """A whole document with its length."""
    return head(JSON, f"{more}Content-Length: {len(body)}", status) + body


def streamed(*parts: bytes, more: str = "", end: bytes = END) -> bytes:
    """A stream of these chunks."""
    return head(STREAM, more + CHUNKED) + b"".join(map(chunk, parts)) + end


def document(more: str = "", status: str = "200 OK") -> Make:
    """The usual document under an odd head."""
    return lambda dialect: (told(ANSWERS[dialect], more, status), ANSWERS[dialect])


def framed(framing: str) -> Make:
    """The usual document, its length told in this way; LENGTH stands for the right number."""

    def make(dialect: str) -> Said:
        data = ANSWERS[dialect]
        return head(JSON, framing.replace("LENGTH", str(len(data)))) + data, data

    return make


def stream(make: Callable[[bytes], bytes], more: str = "", end: bytes = END) -> Make:
    """The usual stream with something odd in it."""

    def changed(dialect: str) -> Said:
        data = make(EVENTS[dialect])
        return streamed(data, more=more, end=end), data

    return changed


def body(data: bytes, more: str = "", status: str = "200 OK") -> Make:
    """This document."""
    return lambda dialect: (told(data, more, status), data)


def breaking(after: bytes) -> Make:
    """The first events, and then this in the place of a chunk."""

    def make(dialect: str) -> Said:
        return streamed(first_events(dialect), end=b"") + after, first_events(dialect)

    return make


def compressed(cut: int = 0, end: bytes = END) -> Make:
    """The usual stream, compressed, perhaps only so many bytes of that."""

    def make(dialect: str) -> Said:
        data = gzip(EVENTS[dialect])
        return streamed(data[: cut or None], more=GZIP, end=end), EVENTS[dialect]

    return make


def compressed_document(dialect: str) -> Said:
    """Half of a compressed document, whose end comes as it should."""
    half = gzip(ANSWERS[dialect])[:100]
    return head(JSON, GZIP + CHUNKED) + chunk(half) + END, ANSWERS[dialect]


def to_a_brace(data: bytes) -> bytes:
    """A document, cut behind a brace that is not its last."""
    return data[: data.rstrip().rindex(b"}", 0, len(data.rstrip()) - 1) + 1]


def compressed_to_a_brace(dialect: str) -> Said:
    half = to_a_brace(ANSWERS[dialect])
    return head(JSON, GZIP + CHUNKED) + chunk(gzip(half)) + END, half


def unframed_to_a_brace(dialect: str) -> Said:
    half = to_a_brace(ANSWERS[dialect])
    return head(JSON, "Connection: close") + half, half


def twice_compressed(dialect: str) -> Said:
    data = gzip(gzip(ANSWERS[dialect]))
    return told(data, "Content-Encoding: gzip, gzip\r\n"), data


def half_a_document(dialect: str) -> Said:
    half = ANSWERS[dialect][:60]
    return told(half), half


def counted(tokens: int) -> Make:
    """The usual document, with so many tokens of each sort."""
    names = "input_tokens", "output_tokens", "prompt_tokens", "completion_tokens"
    usage = b'"usage":{%s},"big"' % ",".join(f'"{each}":{tokens}' for each in names).encode()

    def make(dialect: str) -> Said:
        data = ANSWERS[dialect].replace(b'"big"', usage)
        return told(data), data

    return make


def extended(dialect: str) -> Said:
    data = EVENTS[dialect]
    return head(STREAM, CHUNKED) + b'%x;a=b;c="d"\r\n%s\r\n0;x\r\n\r\n' % (len(data), data), data


def old(part: Callable[[str], bytes]) -> Make:
    """HTTP/1.0: the body ends with its connection."""
    start = b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    return lambda dialect: (start + part(dialect), part(dialect))


def unnamed(part: Callable[[str], bytes]) -> Make:
    """A stream that has no type."""
    start = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return lambda dialect: (start + chunk(part(dialect)) + END, part(dialect))


def half_an_error(dialect: str) -> Said:
    return head(JSON, "Content-Length: 500", "500 Oops") + b'{"error":', b'{"error":'


def early_words(line: bytes, times: int = 1) -> Make:
    """Responses of the 100s before the real one."""
    return lambda dialect: (line * times + told(ANSWERS[dialect]), ANSWERS[dialect])


def _row(
    name: str,
    agent: str,
    record: str,
    make: Make,
    dialects: tuple[str, ...] = DIALECTS,
    *,
    closes: bool = True,
) -> Fault:
    def speech(connection: socket.socket, dialect: str) -> bytes:
        wire, meant = make(dialect)
        connection.sendall(wire)
        if closes:
            connection.shutdown(socket.SHUT_WR)
        return meant

    play = played(speech, 600.0 if closes else SHORT)
    return Fault("upstream", name, agent, record, play, dialects)


CODED = "502, `its answer is in a coding that nobody asked for`"
HALF = '500, `{"error":`'
OTHERS = ("chat", "responses")
ROWS = (
    _row("gives hints before its answer", WHOLE, "200",
         early_words(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")),
    _row("says 10,000 times that it is at work", WHOLE, "200",
         early_words(b"HTTP/1.1 102 Processing\r\n\r\n", 10_000)),
    _row("says that it is at work, and falls silent", SHAPED, SILENT,
         lambda dialect: (b"HTTP/1.1 102 Processing\r\n\r\n", b""), closes=False),
    _row("changes the protocol", SHAPED, "502, `it answered with another protocol`",
         lambda dialect: (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nxx", b"")),
    _row("answers with no content", "204, byte for byte", "204",
         lambda dialect: (b"HTTP/1.1 204 No Content\r\n\r\n", b"")),
    _row("speaks HTTP/0.9", SHAPED, NOT_HTTP, lambda dialect: (ANSWERS[dialect], b"")),
    _row("speaks HTTP/1.0", WHOLE, "200", old(EVENTS.__getitem__)),
    _row("speaks HTTP/1.0 and ends early", CUT, ENDED, old(first_events)),
    _row("tells one length twice", SHAPED, NOT_HTTP,
         framed("Content-Length: LENGTH\r\nContent-Length: LENGTH")),
    _row("tells two lengths", SHAPED, NOT_HTTP,
         framed("Content-Length: LENGTH\r\nContent-Length: 5")),
    _row("tells a length and sends chunks", SHAPED, NOT_HTTP,
         stream(lambda data: data, "Content-Length: 5\r\n")),
    _row("tells a length of forty digits", SHAPED, NOT_HTTP, framed("Content-Length: " + "9" * 40)),
    _row("extends its chunks", WHOLE, "200", extended),
    _row("sends trailers", WHOLE, "200",
         stream(lambda data: data, "Trailer: X-Sum\r\n", b"0\r\nX-Sum: 1\r\n\r\n")),
    _row("has a blank behind a name in its head", WHOLE, "200",
         lambda dialect: (head(STREAM, "Transfer-Encoding : chunked") + chunk(EVENTS[dialect]) + END,
                          EVENTS[dialect])),
    _row("splits its head over lines", WHOLE, "200", document("X-A: b\r\n c\r\n")),
    _row("has a NUL in its head", SHAPED, NOT_HTTP, document("X-A: a\0b\r\n")),
    _row("has a bare CR in its head", SHAPED, NOT_HTTP, document("X-A: a\rSet-Cookie: x\r\n")),
    _row("has a control character in its head", SHAPED, NOT_HTTP, document("X-A: a\x01b\r\n")),
    _row("has bytes beyond ASCII in its head", WHOLE, "200", document("X-A: \xe9\x80\r\n")),
    _row("says more behind its answer", WHOLE, "200",
         lambda dialect: (told(ANSWERS[dialect]) + told(b"bad"), ANSWERS[dialect])),
    _row("compresses a stream", WHOLE, "200", compressed()),
    _row("compresses a stream and dies", CUT, LOST, compressed(60, end=b"")),
    _row("compresses a stream and ends it early", CUT, ENDED, compressed(60)),
    _row("says that it compresses and does not", CUT, LOST, document(GZIP)),
    _row("compresses as nobody here can undo", SHAPED, NOT_HTTP,
         body(b"\x0b\x02\x80abc\x03", "Content-Encoding: br\r\n")),
    _row("compresses a document and ends it early", CUT, ENDED, compressed_document),
    _row("compresses a document up to a brace", CUT, ENDED, compressed_to_a_brace),
    _row("ends a document of no length behind a brace", CUT, ENDED, unframed_to_a_brace),
    _row("ends a document early, as its length says", CUT, ENDED, half_a_document),
    _row("compresses an answer twice", SHAPED, CODED, twice_compressed),
    _row("compresses what carries its answer", SHAPED, CODED,
         lambda dialect: (head(JSON, "Transfer-Encoding: gzip, chunked")
                          + chunk(gzip(ANSWERS[dialect])) + END, b"")),
    _row("does not say that it streams", WHOLE, "200", unnamed(EVENTS.__getitem__)),
    _row("does not say that it streams, and ends early", CUT, ENDED, unnamed(first_events)),
    _row("sends nothing but comments", CUT, ENDED, stream(lambda data: b": keep-alive\n\n" * 50)),
    _row("sends a megabyte of comments first", WHOLE, "200",
         stream(lambda data: b": keep-alive\n\n" * 75_000 + data)),
    _row("ends a stream before it began", CUT, ENDED,
         lambda dialect: (head(STREAM, CHUNKED) + END, b"")),
    _row("dies behind the head of a stream", CUT, LOST,
         lambda dialect: (head(STREAM, CHUNKED), b"")),
    _row("begins with a byte order mark", WHOLE, "200",
         stream(lambda data: b"\xef\xbb\xbf" + data)),
    _row("ends its lines with CR", WHOLE, "200",
         stream(lambda data: data.replace(b"\r\n", b"\n").replace(b"\n", b"\r"))),
    _row("numbers its events", WHOLE, "200", stream(lambda data: b"id: 5\nretry: 1\n" + data)),
    _row("sends bytes that are no UTF-8", WHOLE, "200",
         stream(lambda data: data.replace(b"\\u00e9", b"\xff\xfe\xed\xa0\x80"))),
    _row("sends NUL bytes", WHOLE, "200",
         stream(lambda data: data.replace(b"\\u00e9", b"a\0b\\u0000"))),
    _row("sends half a surrogate pair", WHOLE, "200",
         stream(lambda data: data.replace(b"\\u00e9", b"\\ud800 x"))),
    _row("sends a stream twice", WHOLE, "200", stream(lambda data: data + data)),
    _row("sends 100,000 brackets", WHOLE, "200", body(DEEP)),
    _row("sends an event of 100,000 brackets", WHOLE, "200",
         stream(lambda data: b"data: " + DEEP + b"\n\n" + data)),
    _row("names a call with NUL bytes", WHOLE, "200",
         body(b'{"content":[{"type":"tool_use","id":"a\\u0000b\\u0000","name":"Bash","input":{}}],'
              b'"type":"message","model":"deepseek-v4-pro","stop_reason":"tool_use"}'), ("messages",)),
    _row("counts a token for each atom there is", WHOLE, "200", counted(10**400)),
    _row("counts fewer tokens than none", WHOLE, "200", counted(-5)),
    _row("sends null", WHOLE, "200", body(b"null")),
    _row("sends an empty document", WHOLE, "200", body(b"")),
    _row("says no type", WHOLE, "200",
         lambda dialect: (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"
                          % (len(ANSWERS[dialect]), ANSWERS[dialect]), ANSWERS[dialect])),
    _row("wants to be asked again in 300 years", "429, an error in the dialect's shape",
         "429, `slow down`", body(SLOW, "Retry-After: 9999999999\r\n", "429 Slow"), ("messages",)),
    _row("wants to be asked again in 300 years", "429, byte for byte",
         "429, `slow down`", body(SLOW, "Retry-After: 9999999999\r\n", "429 Slow"), ("chat",)),
    _row("dies in an error", "500, an error in the dialect's shape", HALF, half_an_error,
         ("messages",)),
    _row("dies in an error", "500, byte for byte", HALF, half_an_error, OTHERS),
    _row("is silent in an error", "500, an error in the dialect's shape", HALF, half_an_error,
         ("messages",), closes=False),
    _row("is silent in an error", "500, byte for byte", HALF, half_an_error, OTHERS, closes=False),
    _row("breaks its chunks at once, with a size of 30 digits", SHAPED, NOT_HTTP, breaking(b"f" * 30 + b"\r\nabc")),
    _row("breaks its chunks at once, with a negative size", SHAPED, NOT_HTTP,
         breaking(b"-5\r\nabc")),
)  # fmt: skip
