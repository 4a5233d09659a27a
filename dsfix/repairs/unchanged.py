"""What was found out about a message is not found out again at the next request.

A request brings the whole conversation, and all but the end of it came with the one before. So
what follows from a message alone is kept for the conversation's last request, in RAM, and taken
again for as long as the messages are the same. How far they are is compared once, for the
history (`History.same`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from dsfix.protocol.history import History, same
from dsfix.protocol.turns import Look
from dsfix.repairs.base import Context

T = TypeVar("T")
KEPT = 8  # lists of tools of which is kept what was found out: an agent's own, its sub-agents'


class _Seen(NamedTuple):
    under: Any
    messages: tuple[bytes, ...]
    values: list[Any]


def each(
    context: Context, name: str, history: History, make: Callable[[Look], T], under: Any = None
) -> list[T]:
    """What `make` gives for a look at each message; nothing but that and `under` may decide it.

    `name` is the caller's own within the conversation. One that goes on over another wire begins
    anew: the same bytes may mean something else there.
    """
    under = (history.dialect, under)
    seen = context.seen
    last = seen.get(name)
    count = agreed(last.messages, history) if last is not None and last.under == under else 0
    made = [*(last.values[:count] if last else ()), *map(make, history.looks[count:])]
    seen[name] = _Seen(under, history.messages, made)
    return made


class Again:
    """Makes again only what was not made of the same bytes for the conversation's last request.

    For what follows from several messages; `each` is for what a message tells by itself.
    """

    def __init__(self, context: Context, name: str) -> None:
        self._before: dict[tuple[Any, ...], Any] = context.seen.get(name, {})
        self._now: dict[tuple[Any, ...], Any] = {}
        context.seen[name] = self._now

    def __call__(self, make: Callable[..., T], *of: bytes) -> T:
        """What `make` gives for these; nothing but they may decide it."""
        key = (make, *of)
        if key not in self._now:
            self._now[key] = self._before[key] if key in self._before else make(*of)
        made: T = self._now[key]
        return made


def agreed(messages: Sequence[object], history: History) -> int:
    """How many of these messages the history begins with."""
    return history.same if messages is history.before else same(messages, history.messages)
