"""What an agent sent with reasoning of its own is kept once the upstream has taken it.

It was sent, so it must be sent again should the agent lose it later. A long history has thousands
of turns, which take 40 ms and more: a few at a time, and what streams beside them goes on.
"""

from __future__ import annotations

import asyncio
from collections import deque

from dsfix.memory import OriginMemory
from dsfix.protocol.turns import Turn
from dsfix.repairs.chain import Outgoing
from dsfix.repairs.recall import Place

SLICE = 50  # turns that are learnt at once, in 1 to 3 ms


class Learning:
    """The turns that one memory has still to learn. Lives on the proxy's loop."""

    def __init__(self, memory: OriginMemory) -> None:
        self._memory = memory
        self._waiting: deque[tuple[Turn, Place]] = deque()
        self._due: asyncio.Handle | None = None

    def soon(self, outgoing: Outgoing) -> None:
        """What that request carried; not before its answer's last byte is on its way."""
        history, session = outgoing.history, outgoing.session
        if history is not None:
            self._waiting.extend(
                (turn, Place(history, index, session)) for index, turn in outgoing.carried
            )
        self._go_on()

    def finish(self) -> None:
        """All of it, before a request is looked at that may ask for it."""
        self._learn(len(self._waiting))

    def _go_on(self) -> None:
        if self._waiting and self._due is None:
            self._due = asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        self._due = None
        self._learn(SLICE)
        self._go_on()

    def _learn(self, most: int) -> None:
        waiting = self._waiting
        turns = [waiting.popleft() for _ in range(min(most, len(waiting)))]
        if turns:
            self._memory.learn(turns)
