"""What a conversation's next request goes on from, in RAM, for the most recent ones."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from dsfix.protocol.history import History
from dsfix.repairs.recall import Decision

CONVERSATIONS = 16
ROOM = 64 << 20  # bytes of their messages


@dataclass(slots=True)
class Known:
    """Decisions of a conversation, and what repairs found out about its last request."""

    decided: dict[tuple[int, tuple[bytes, ...]], Decision] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)
    size: int = 0

    def weigh(self) -> int:
        """Take its size anew, and give how much that has changed; its histories share messages."""
        before = self.size
        history = next((each for each in self.seen.values() if isinstance(each, History)), None)
        self.size = sum(map(len, history.messages)) if history else 0
        return self.size - before


class Recent:
    """What is known by conversation; the least recent ones go, each as a whole.

    An agent's main thread, its sub-agents and titles interleave, so one is not enough. The one
    whose turn it is always stays. Sizes are taken in `trim`, and nothing goes before: to let go of
    a long conversation takes a tenth of what a new one's request does, and so does to let go of
    what was seen of one that comes back otherwise.
    """

    def __init__(self, conversations: int = CONVERSATIONS, room: int = ROOM) -> None:
        self._conversations, self._room = conversations, room
        self._kept: OrderedDict[str, Known] = OrderedDict()
        self._held = 0
        self._before: list[dict[str, Any]] = []
        self._unweighed: set[str] = set()

    def seen(self, conversation: str) -> dict[str, Any]:
        """What repairs found out about its last request, to be changed in this one."""
        found = self.of(conversation).seen
        self._before.append(dict(found))
        return found

    def of(self, conversation: str) -> Known:
        """A conversation's own."""
        found = self._kept.setdefault(conversation, Known())
        self._kept.move_to_end(conversation)
        self._unweighed.add(conversation)
        return found

    def __len__(self) -> int:
        return len(self._kept)

    def trim(self) -> None:
        """Take sizes; let the least recent ones go that are too many, and what was seen before."""
        self._before.clear()
        self._held += sum(self._kept[name].weigh() for name in self._unweighed)
        self._unweighed.clear()
        while len(self._kept) > self._conversations or self._full:
            self._held -= self._kept.popitem(last=False)[1].size

    def clear(self) -> None:
        """Forget all of it."""
        self._kept.clear()
        self._unweighed.clear()
        self._held = 0

    @property
    def _full(self) -> bool:
        return self._held > self._room and len(self._kept) > 1
