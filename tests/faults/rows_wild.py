"""What an upstream can do to this machine's memory."""

from __future__ import annotations

import socket
import zlib
from collections.abc import Callable
from pathlib import Path

from tests.faults.rig import BOUND, Rig, tells
from tests.faults.row import Fault, Scene, Seen
from tests.faults.wild import Wild, head
from tests.proxy.wire_data import CLEAN

SIZE = 384 << 20  # bytes that a bomb of 400 KB becomes
ROOM = 256 << 20  # bytes that dsfix may take for it: it holds a document of up to 16 MiB
JSON = "application/json"


def resident() -> int:
    """Bytes of memory that this process has now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


def bomb() -> bytes:
    """A few bytes of gzip that become many."""
    packer = zlib.compressobj(9, wbits=31)
    piece = b"a" * (1 << 20)
    parts = [packer.compress(b'{"a": "')] + [packer.compress(piece) for _ in range(SIZE >> 20)]
    return b"".join([*parts, packer.flush()])


def explodes(kind: str, status: str) -> Callable[[Scene], Seen]:
    """A row with a small answer that becomes a very large one when it is decoded."""
    data = bomb()

    def say(connection: socket.socket) -> None:
        more = f"Content-Encoding: gzip\r\nContent-Length: {len(data)}"
        connection.sendall(head(kind, more, status) + data)

    def play(scene: Scene) -> Seen:
        with Wild(say) as wild, Rig(wild.url, scene.path) as rig:
            before = most = resident()
            size = 0
            with socket.create_connection(("127.0.0.1", rig.port), timeout=BOUND) as connection:
                body = CLEAN[scene.dialect]
                connection.sendall(
                    rig.head(scene.dialect, len(body), "Connection: close\r\n") + body
                )
                start = connection.recv(12)
                while piece := connection.recv(1 << 18):
                    size += len(piece)
                    most = max(most, resident())
            assert most - before < ROOM, f"{(most - before) >> 20} MiB"
        [exchange] = rig.recorded()
        exchange.error = exchange.error[:7]
        part = "all of it" if size > SIZE else f"the first {size >> 20} MiB"
        return Seen(f"{start[9:].decode()}, {part}", tells(exchange))

    return play


ROWS = (
    Fault(
        "upstream",
        "sends a gzip bomb",
        "200, all of it",
        "200",
        explodes(JSON, "200 OK"),
        ("chat",),
    ),
    Fault(
        "upstream",
        "sends a gzip bomb as an error",
        "500, the first 1 MiB",
        '500, `{"a": "`',
        explodes(JSON, "500 Oops"),
        ("chat",),
    ),
)
