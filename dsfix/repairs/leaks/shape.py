"""What the dialects have in common where calls have leaked into a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from dsfix.protocol.dsml import Call


class Part(Enum):
    """What an event is to the text before it.

    TEXT goes on with it, WAIT decides nothing, END ends the answer after it, and OTHER says that
    the text was not the end of it. ASIDE has nothing to do with the answer.
    """

    TEXT = auto()
    WAIT = auto()
    END = auto()
    OTHER = auto()
    ASIDE = auto()


class Said(NamedTuple):
    """An event as far as it matters here; `id` is the answer's, where the event names it."""

    part: Part
    text: str = ""
    id: str = ""


class Leak(NamedTuple):
    """Calls at the end of a text of which the first `kept` letters stay; each with an id."""

    kept: int
    text: str
    calls: tuple[tuple[str, Call], ...]


Find = Callable[[str, str], Leak | None]


@dataclass(frozen=True, slots=True)
class Wire:
    """How a dialect says it.

    `opening` are bytes of the event that alone names the answer, empty where each one does. `said`
    reads one event's payload, and `called` gives the payloads to send in place of those in which
    the text ends that leaks, the answer's end being the last. `whole` does the same to a JSON
    answer: `find` gives the leak in a text of an answer with that id.
    """

    opening: bytes
    said: Callable[[bytes], Said]
    called: Callable[[Sequence[bytes], Leak], list[bytes]]
    whole: Callable[[bytes, Find], bytes]


# How `<` may be written in JSON; Go's encoder writes the second. Without it no call begins.
ANGLES = (b"<", b"\\u003")


class Keeping:
    """Cuts the pieces of a text after so many letters."""

    def __init__(self, letters: int) -> None:
        self._left = letters

    def __call__(self, piece: str) -> str:
        """What stays of the next piece."""
        kept = piece[: self._left]
        self._left -= len(kept)
        return kept
