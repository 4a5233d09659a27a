"""Points in time as users write them."""

from __future__ import annotations

from datetime import datetime, timedelta

from dsfix.cli.sessions.answers import number
from dsfix.errors import UsageError

DAY = 86_400.0
UNITS = {"w": 7 * DAY, "d": DAY, "h": 3600.0, "m": 60.0, "s": 1.0}
_EXAMPLE = "examples: 2026-11-21, 2026-11-21T14:30, 3d, 2h"


def moment(words: str, now: float, *, end: bool = False) -> float:
    """A date, a time, or so long before `now`, as wall-clock seconds.

    A date alone is its midnight in the user's time zone, or with `end` the midnight after.
    Raises UsageError for anything else.
    """
    try:
        at = datetime.fromisoformat(words)
    except ValueError:
        at = None
    try:
        if at is None:
            ago = number(words, UNITS, _EXAMPLE, "is no date, and no number")
            return datetime.fromtimestamp(now - ago).timestamp()
        if end and len(words) <= len("2026-11-21"):
            at += timedelta(days=1)
        return at.timestamp()
    except (OSError, OverflowError, ValueError):
        raise UsageError(f"{words!r} is too far away", hint=_EXAMPLE) from None
