"""On which kind of file system the memory lies."""

from __future__ import annotations

import re
from pathlib import Path

_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "fuse.sshfs"})


def on_network(path: Path) -> bool:
    """Whether the file lies on a network file system, where WAL does not work."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return kind_of(str(path.resolve()), mounts) in _NETWORK


def kind_of(where: str, mounts: str) -> str:
    """The kind of file system that a path lies on, by the lines of `/proc/self/mounts`."""
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        # a blank, a tab, a line break and a backslash are told as octal numbers (fstab(5))
        point = re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), "".join(fields[1:2]))
        inside = where == point or where.startswith(point.rstrip("/") + "/")
        if len(fields) > 2 and inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind
