"""Python's search for circles of garbage, put off to the pauses of a conversation.

Nearly nothing that is made here is a circle, but after so many new objects Python looks at each of
them in the middle of whatever it does. A history of 1 MB is 10,000, and its request took 1.5 ms
longer; 500 streams are 120,000, and each look at 10,000 kept the others waiting for 3 to 6 ms (2
cores, 2026-11-22). Few exchanges leave pauses, many do not and have it done in small steps.
"""

from __future__ import annotations

import asyncio
import gc

# New objects after which Python looks at them by itself, and after how many such looks at older
# ones as well: while few exchanges are under way, and while many are.
FEW = (50_000, 20, 20)
MANY = (2_000, 500, 20)
CROWD = 8  # exchanges that are many
PAUSE = 0.02  # seconds in which nothing was under way
LONG = 1.0  # and so many for a look at all that there is: 16 long histories take 100 ms
ENOUGH = 2_000  # new objects that are worth a look


class Garbage:
    """Counts what is under way on one loop."""

    def __init__(self) -> None:
        self._under_way = 0
        self._due: asyncio.TimerHandle | None = None

    def began(self) -> None:
        """One more exchange is under way."""
        self._under_way += 1
        if self._under_way == CROWD:
            gc.set_threshold(*MANY)
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def ended(self) -> None:
        """One is over; where it was the last, there may be time to look."""
        self._under_way -= 1
        if self._under_way == CROWD - 1:
            gc.set_threshold(*FEW)
        if not self._under_way and gc.get_count()[0] > ENOUGH:
            self._due = asyncio.get_running_loop().call_later(PAUSE, self._look)

    def _look(self) -> None:
        """Look at what is new; later at all of it, each time that Python would have."""
        gc.collect(1)
        due = gc.get_count()[2] > FEW[2]
        self._due = asyncio.get_running_loop().call_later(LONG, gc.collect) if due else None
