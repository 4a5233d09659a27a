"""The family of what we start: its own children, and those that others have left to us."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from subprocess import run


def reap(agent: int) -> None:
    """Take what has ended but the agent, for nobody else does.

    Where we are PID 1, as in a container, every orphan becomes ours, and one that was not taken
    keeps its place in the table of processes.
    """
    if sys.platform != "linux":  # macOS has no waitid
        return
    with suppress(ChildProcessError):
        ended = os.WEXITED | os.WNOHANG | os.WNOWAIT
        while (found := os.waitid(os.P_ALL, 0, ended)) and found.si_pid != agent:
            os.waitpid(found.si_pid, 0)


def children(pid: int) -> list[int]:
    """A process's own children in our group; not the group, where a whole script may be."""
    found: list[str] = []
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:  # no Linux, or one built without it
        with suppress(OSError):
            listed = run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True)
            pairs = (line.split() for line in listed.stdout.splitlines())
            found = [child for child, parent in pairs if parent == str(pid)]
    return [child for child in map(int, found) if _with_us(child)]


def kill(pid: int) -> None:
    """End a child of ours with all that it has started in our group: a wrapper is not the work."""
    found = [pid]
    for each in found:
        found += children(each)
    for each in found:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(each, signal.SIGKILL)


def _with_us(pid: int) -> bool:
    with suppress(ProcessLookupError):
        return os.getpgid(pid) == os.getpgrp()
    return False
