"""Whose program is at the other end of a loopback connection, where the system tells (Linux).

The address that opens the page is an argument of the browser, and for every user of the machine
to read in /proc/PID/cmdline: the first to use it must be one of ours.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import TypeAlias

Address: TypeAlias = tuple[str, int]
# An IPv4 connection of a program that opened an IPv6 socket stands in the second
# (https://docs.kernel.org/networking/proc_net_tcp.html).
_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


def is_anothers(peer: Address, own: Address) -> bool:
    """Whether another user, who is not root, has the end `peer` of a connection to `own`."""
    return not _owners(peer, own) <= {0, os.geteuid()}


def _owners(peer: Address, own: Address) -> set[int]:
    """The user ids of that end; none where the system does not tell."""
    local, remote = _written(peer), _written(own)
    found = set()
    for table in _TABLES:
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        for line in lines[1:]:
            fields = line.split()
            if fields[1].endswith(local) and fields[2].endswith(remote):
                found.add(int(fields[7]))
    return found


def _written(address: Address) -> str:
    """An address as the tables have it: a number of this machine's byte order, and a port."""
    number = int.from_bytes(socket.inet_aton(address[0]), sys.byteorder)
    return f"{number:08X}:{address[1]:04X}"
