"""What a row of the fault matrix is: a fault, what the agent sees, and what the record says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

DIALECTS = ("messages", "chat", "responses")


class Scene(NamedTuple):
    """Where a row is played: an empty directory, and in which dialect."""

    path: Path
    dialect: str


class Seen(NamedTuple):
    """What came of a fault, each in the words of the table."""

    agent: str
    record: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `agent` and `record` are what must come of it, word for word.

    `play` makes it happen with real sockets, files and processes; without one, `tested` names the
    tests that already do.
    """

    group: str
    name: str
    agent: str
    record: str
    play: Callable[[Scene], Seen] | None = None
    dialects: tuple[str, ...] = DIALECTS
    tested: tuple[str, ...] = ()
