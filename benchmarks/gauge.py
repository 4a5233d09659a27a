"""What a process has used, read from /proc (Linux), and what the processor gives."""

from __future__ import annotations

import os
import time
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")


def cpu(pid: int) -> float:
    """Seconds of processor time of a process, to 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK


def pace() -> float:
    """Milliseconds for a million additions: what the processor gives us just now.

    The load does not tell of a neighbour on the same core; with one it is half as fast (a virtual
    machine with 2 cores, from minute to minute 22 or 40, 2026-11-22).
    """
    taken: list[float] = []
    for _ in range(3):
        began, total = time.perf_counter(), 0
        for number in range(1_000_000):
            total += number
        taken.append((time.perf_counter() - began) * 1e3)
    return round(min(taken))


def resident(pid: int) -> float:
    """MB of memory that a process holds."""
    return _status(pid, "VmRSS") / 1000


def family(pid: int) -> float:
    """MB of a process and of those that it has started, what they share counted twice."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return resident(pid) + sum(family(int(child)) for child in children)


def peak(pid: int) -> float:
    """MB that it has held at most, since it began or `forget_peak`."""
    return _status(pid, "VmHWM") / 1000


def forget_peak(pid: int) -> None:
    """Count the peak from now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def threads(pid: int) -> int:
    """How many threads it has."""
    return _status(pid, "Threads")


def descriptors(pid: int) -> int:
    """How many files and sockets it has open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise KeyError(name)
