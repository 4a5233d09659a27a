"""Where tables are printed: as wide as the terminal, or as COLUMNS says."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

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
