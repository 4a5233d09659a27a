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
    """Whether the end `peer` of a connection to `own` is not ours or root's.

    One that was closed at once belongs to nobody any more, and may have been anybody's.
    """
    owners = _owners(peer, own)
    return owners is not None and not (owners and owners <= {0, os.geteuid()})


def _owners(peer: Address, own: Address) -> set[int] | None:
    """The user ids of that end; None where the system does not even list ours."""
    near, far = _written(own), _written(peer)
    listed, found = False, set()
    for table in _TABLES:
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        for line in lines[1:]:
            fields = line.split()
            local, remote, owner, inode = fields[1], fields[2], fields[7], fields[9]
            listed = listed or local.endswith(near)
            # a socket that was closed has no inode, and is shown as root's
            if local.endswith(far) and remote.endswith(near) and inode != "0":
                found.add(int(owner))
    return found if listed else None


def _written(address: Address) -> str:
    """An address as the tables have it: a number of this machine's byte order, and a port."""
    number = int.from_bytes(socket.inet_aton(address[0]), sys.byteorder)
    return f"{number:08X}:{address[1]:04X}"
