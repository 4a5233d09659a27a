"""How the commands on sessions answer: as text, or as one JSON document."""

from __future__ import annotations

import os
from datetime import datetime
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dsfix.cli.complete import session_ids
from dsfix.errors import UsageError
from dsfix.paths import state_dir

if TYPE_CHECKING:
    from dsfix.record.reader import Recorded, SessionRecord

Session = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="An id, its start or its end, or `last`.", autocompletion=session_ids
    ),
]
Sessions = Annotated[
    list[str],
    typer.Argument(
        metavar="ID...", help="Ids, their starts or ends, or `last`.", autocompletion=session_ids
    ),
]


def state() -> Path:
    """The state directory."""
    return state_dir(os.environ)


def recorded(name: str) -> SessionRecord:
    """The session of that name, read. Raises DsfixError when there is none."""
    from dsfix.record.reader import read
    from dsfix.record.sessions import find

    return read(find(state(), name))


def exchange_in(record: SessionRecord, number: int) -> Recorded:
    """The exchange of that number. Raises UsageError when there is none."""
    for each in record.exchanges:
        if each.exchange.id == number:
            return each
    last = record.exchanges[-1].exchange.id if record.exchanges else 0
    raise UsageError(
        f"no exchange {number} in {record.id}", hint=f"there are {last}; see `dsfix sessions show`"
    )


def local(at: float, pattern: str) -> str:
    """Wall-clock seconds in the user's time zone; a question mark for none."""
    return datetime.fromtimestamp(at).strftime(pattern) if at else "?"


def number(words: str, units: dict[str, float], example: str, wrong: str = "is no number") -> float:
    """A number with a unit, such as `3d`. Raises UsageError for anything else."""
    unit = next((unit for unit in units if words.lower().endswith(unit)), None)
    try:
        found = float(words[: -len(unit)]) * units[unit] if unit else -1.0
        if not 0 <= found < inf:
            raise ValueError(words)
    except ValueError:
        known = ", ".join(units)
        message = f"{words!r} {wrong} with a unit of {known}"
        raise UsageError(message, hint=example) from None
    return found
