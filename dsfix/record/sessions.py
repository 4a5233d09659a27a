"""The sessions on disk: found by name, and told from their first and last lines alone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from dsfix.errors import DsfixError
from dsfix.protocol import spans
from dsfix.record.file import is_written
from dsfix.record.ids import EVENTS

# What is read from the end of a file to find its last line.
_TAIL = 16 << 10
_RESPONSE = b'"type":"response"'
_COUNTED = {
    "input": "gen_ai.usage.input_tokens",
    "cached": "gen_ai.usage.cache_read.input_tokens",
    "output": "gen_ai.usage.output_tokens",
}


class EndState(StrEnum):
    """How a session stands: its process lives, it came to its end, or it was cut off."""

    RUNNING = "running"
    ENDED = "ended"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Listed:
    """A session as it is listed. `totals` counts exchanges, errors, and tokens.

    `start` and `end` are what those events say, empty where there is none.
    """

    id: str
    path: Path
    state: EndState
    start: Mapping[str, Any]
    end: Mapping[str, Any]
    totals: Mapping[str, int]


def sessions(state: Path) -> Iterator[Listed]:
    """The sessions under a state directory, newest first, each read when it is asked for."""
    for path in _paths(state):
        start, end = _ends(path)
        totals = end["totals"] if end else _counted(path)
        yield Listed(path.parent.name, path, end_state(path, end), start, end, totals)


def find(state: Path, name: str) -> Path:
    """The events file of a session, by its id, a beginning or the last four characters of it.

    `last` is the newest. Raises DsfixError when there is none, or more than one.
    """
    found = []
    for path in _paths(state):
        session = path.parent.name
        if name in (session, "last"):
            return path
        if session.startswith(name) or session.rpartition("-")[2] == name:
            found.append(path)
    if not name or not found:
        raise DsfixError(f"no session {name!r}", hint="see `dsfix sessions list`")
    if len(found) > 1:
        some = ", ".join(path.parent.name for path in found[:3])
        raise DsfixError(f"{len(found)} sessions begin with {name!r}", hint=f"one of {some}")
    return found[0]


def end_state(path: Path, end: Mapping[str, Any]) -> EndState:
    """How the session in that file stands; `end` is its last event if that ends it."""
    if end:
        return EndState.ENDED
    return EndState.INTERRUPTED if is_written(path) is False else EndState.RUNNING


def _paths(state: Path) -> Iterator[Path]:
    """Every events file, newest first: the ids begin with the time."""
    for year in _children(state / "sessions"):
        for month in _children(year):
            for session in _children(month):
                path = session / EVENTS
                if path.is_file():
                    yield path


def _children(directory: Path) -> list[Path]:
    try:
        return sorted((Path(each.path) for each in os.scandir(directory)), reverse=True)
    except OSError:
        return []


def _ends(path: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The first event, and the last one if it ends the session."""
    try:
        with path.open("rb") as file:
            first = file.readline()
            file.seek(max(0, path.stat().st_size - _TAIL))
            last = file.read().rstrip(b"\n").rpartition(b"\n")[2]
    except OSError:
        return {}, {}
    return _event(first, "session.start"), _event(last, "session.end")


def _counted(path: Path) -> Mapping[str, int]:
    """The totals of a session that nobody has ended: of its responses."""
    totals = dict.fromkeys(("exchanges", "errors", *_COUNTED), 0)
    try:
        with path.open("rb") as file:
            for line in file:
                if _RESPONSE in line[:96]:
                    event = _event(line, "response")
                    totals["exchanges"] += bool(event)
                    totals["errors"] += bool(event.get("error"))
                    for name, field in _COUNTED.items():
                        totals[name] += int(event.get(field, 0))
    except OSError:
        pass  # what was counted so far is what can be told
    return totals


def _event(line: bytes, kind: str) -> Mapping[str, Any]:
    event = spans.value(line)
    return event if isinstance(event, dict) and event.get("type") == kind else {}
