"""What listens at a loopback port."""

from __future__ import annotations

import socket
from pathlib import Path

_TABLE = Path("/proc/net/tcp")
_LISTENS = "0A"


def listener(port: int) -> str | None:
    """The inode of the socket that listens on a port of 127.0.0.1; None where none does.

    A port that was given back may be another test's a moment later (Linux hands out few of them,
    and at random), so a port alone does not tell whose it is. Without Linux's table any listener
    is the same.
    """
    if not _TABLE.exists():
        with socket.socket() as probe:
            return "somebody" if probe.connect_ex(("127.0.0.1", port)) == 0 else None
    address = f"0100007F:{port:04X}"
    with _TABLE.open(encoding="ascii") as table:
        for line in table:
            fields = line.split()
            if fields[1] == address and fields[3] == _LISTENS:
                return fields[9]
    return None
