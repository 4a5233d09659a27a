"""Which sessions are cleared away: a rule over plain values, and the removal of one."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from dsfix.errors import DsfixError
from dsfix.record.labels import labels
from dsfix.record.reader import seconds_of
from dsfix.record.sessions import EndState, end_state, ends, event_files


class Kept(NamedTuple):
    """A session on disk; `size` is that of all its files, in bytes."""

    path: Path
    started: float
    size: int
    running: bool
    tagged: bool
    hidden: bool


class Bounds(NamedTuple):
    """What may stay: so many sessions, none begun before, so many bytes. None bounds nothing."""

    most: int | None = None
    since: float | None = None
    size: int | None = None


class Leaving(NamedTuple):
    """A session that goes, and why."""

    session: Kept
    why: str


def kept(state: Path) -> Iterator[Kept]:
    """The sessions under a state directory, newest first."""
    for path in event_files(state):
        start, end = ends(path)
        own = labels(path.parent)
        try:
            size = sum(each.stat().st_size for each in path.parent.iterdir())
        except OSError:
            continue
        running = end_state(path, end) == EndState.RUNNING
        started = seconds_of(start.get("ts")) or path.stat().st_mtime
        yield Kept(path, started, size, running, bool(own.tags), own.hidden)


def leaving(sessions: Iterable[Kept], bounds: Bounds) -> list[Leaving]:
    """Those of the sessions, given newest first, that go.

    A hidden one goes, a running one stays; a tagged one stays and counts for nothing.
    """
    going: list[Leaving] = []
    count = size = 0
    for each in sessions:
        if each.running or (each.tagged and not each.hidden):
            continue
        if each.hidden:
            going.append(Leaving(each, "deleted"))
            continue
        count, size = count + 1, size + each.size
        if bounds.since is not None and each.started < bounds.since:
            going.append(Leaving(each, "too old"))
        elif bounds.most is not None and count > bounds.most:
            going.append(Leaving(each, "too many"))
        elif bounds.size is not None and size > bounds.size:
            going.append(Leaving(each, "too much"))
    return going


def remove(path: Path) -> None:
    """Remove the session with that events file, and the directories that are empty then.

    Raises DsfixError when it cannot be removed.
    """
    try:
        shutil.rmtree(path.parent)
    except OSError as error:
        raise DsfixError(
            f"{path.parent} cannot be removed: {error.strerror or error}",
            hint="is it yours?",
        ) from error
    with contextlib.suppress(OSError):
        path.parent.parent.rmdir()
        path.parent.parent.parent.rmdir()
