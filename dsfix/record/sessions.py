"""The sessions on disk: found by name, and told from their first and last lines alone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from dsfix.errors import DsfixError
from dsfix.protocol import spans
from dsfix.record.file import is_written
from dsfix.record.ids import EVENTS
from dsfix.record.labels import labels

# What is read from the end of a file to find its last line.
_TAIL = 16 << 10


class EndState(StrEnum):
    """How a session stands: its process lives, it came to its end, or it was cut off."""

    RUNNING = "running"
    ENDED = "ended"
    INTERRUPTED = "interrupted"


def find(state: Path, name: str, *, hidden: bool = False) -> Path:
    """The events file of a session, by its id, a beginning or the last four characters of it.

    `last` is the newest. Among the `hidden` ones or among the others. Raises DsfixError when
    there is none, or more than one.
    """
    found, others = [], []
    for path in event_files(state):
        session = path.parent.name
        fits = session.startswith(name) or session.rpartition("-")[2] == name or name == "last"
        if not fits:
            continue
        if labels(path.parent).hidden is not hidden:
            others.append(session)
        elif name in (session, "last"):
            return path
        else:
            found.append(path)
    if name == "last" and not others:
        raise DsfixError("no session has been recorded", hint="dsfix run AGENT records one")
    if not name or not found:
        sort, hint = ("hidden session" if hidden else "session"), "see `dsfix sessions list`"
        if len(others) == 1:
            hint = "it is not deleted" if hidden else f"dsfix sessions undelete {others[0]}"
        raise DsfixError(f"no {sort} {name!r}", hint=hint)
    if len(found) > 1:
        some = ", ".join(path.parent.name for path in found[:3])
        raise DsfixError(f"{len(found)} sessions begin with {name!r}", hint=f"one of {some}")
    return found[0]


def end_state(path: Path, end: Mapping[str, Any]) -> EndState:
    """How the session in that file stands; `end` is its last event if that ends it."""
    if end:
        return EndState.ENDED
    return EndState.INTERRUPTED if is_written(path) is False else EndState.RUNNING


def event_files(state: Path) -> Iterator[Path]:
    """Every events file, newest first: the ids begin with the time.

    What a run as root left in a user's home (`sudo -E`) is closed to him, and passed over.
    """
    for year in _children(state / "sessions"):
        for month in _children(year):
            for session in _children(month):
                path = session / EVENTS
                if os.access(path, os.F_OK) and path.is_file():
                    yield path


def _children(directory: Path) -> list[Path]:
    try:
        return sorted((Path(each.path) for each in os.scandir(directory)), reverse=True)
    except OSError:
        return []


def ends(path: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The first event, and the last one if it ends the session; of whole lines, as all readers."""
    try:
        with path.open("rb") as file:
            first = file.readline().rpartition(b"\n")[0]
            file.seek(max(0, path.stat().st_size - _TAIL))
            whole = file.read().rpartition(b"\n")[0]
    except OSError:
        return {}, {}
    last = whole.rstrip(b"\n").rpartition(b"\n")[2]
    return _event(first, "session.start"), _event(last, "session.end")


def _event(line: bytes, kind: str) -> Mapping[str, Any]:
    event = spans.value(line)
    return event if isinstance(event, dict) and event.get("type") == kind else {}
