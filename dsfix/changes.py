"""What repairs did to an exchange, and how far recovery went: for whoever tells of them.

By itself, so that what only reads a record does not import the repairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


@dataclass(frozen=True, slots=True)
class Change:
    """What one repair did to one exchange; `failed` when it raised and nothing was changed."""

    repair: str
    detail: str
    count: int = 1
    failed: bool = False


class Step(IntEnum):
    """How far recovery had to go for a conversation; each step includes the ones before.

    RESEND sends the same bytes again; NATIVE puts placeholders where reasoning of another
    origin was replayed; PLACEHOLDERS does so for every turn; OFF disables thinking.
    """

    NONE = 0
    RESEND = 1
    NATIVE = 2
    PLACEHOLDERS = 3
    OFF = 4
