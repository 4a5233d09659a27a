"""Where tables are printed: as wide as the terminal, or as COLUMNS says."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    Columns = dict[str, Sequence[str | Text]]  # the cells below each name

_SIZES = ("COLUMNS", "LINES")
_SIZE = re.compile("[1-9][0-9]{0,4}")


def screen(*, stderr: bool = False) -> Console:
    """A console on stdout or stderr; a size that is none is ignored, as if nobody had said it.

    rich (15.0) would print nothing in 0 columns, and fail on 5,000 digits.
    """
    from rich.console import Console

    environ = os.environ.items()
    known = {name: value for name, value in environ if name not in _SIZES or _SIZE.fullmatch(value)}
    return Console(stderr=stderr, highlight=False, _environ=known)


def fitting(columns: Columns, width: int, spare: Iterable[str], blanks: int = 1) -> Columns:
    """The columns, but as many of the spare ones, the first one first, as there is no room for.

    Cells that are cut say less than cells that are not there: `exit` is no exit code.
    """
    left = dict(columns)
    for name in spare:
        if room_of(left, blanks) <= width + blanks:  # nothing stands behind the last
            break
        del left[name]
    return left


def room_of(columns: Columns, blanks: int = 1) -> int:
    """How wide the columns are, each with so many blanks behind it."""
    from rich.cells import cell_len

    cells = ([name, *below] for name, below in columns.items())
    return sum(blanks + max(cell_len(str(each)) for each in column) for column in cells)
