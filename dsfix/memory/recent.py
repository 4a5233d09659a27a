"""What a conversation's next request goes on from, in RAM, for the most recent ones."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from dsfix.repairs.recall import Decision

CONVERSATIONS = 16
THREADS = 4  # of one conversation
ROOM = 64 << 20  # bytes of their messages


@dataclass(slots=True)
class Thread:
    """The last request of one thread: its messages, and what repairs found out about it."""

    messages: tuple[bytes, ...]
    seen: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Known:
    """Decisions of a conversation, and its threads: sub-agents may begin with the same words."""

    decided: dict[tuple[int, tuple[bytes, ...]], Decision] = field(default_factory=dict)
    threads: list[Thread] = field(default_factory=list)
    size: int = 0

    def weigh(self) -> int:
        """Take its size anew, and give how much that has changed."""
        before = self.size
        self.size = sum(sum(map(len, each.messages)) for each in self.threads)
        return self.size - before

    def thread(self, messages: tuple[bytes, ...]) -> Thread:
        """The thread that goes on with these messages, be it a new one: the last from then on."""
        common = [(_common(each.messages, messages), each) for each in self.threads]
        count, found = max(common, key=itemgetter(0), default=(0, None))
        if found is None or 2 * count < len(found.messages):
            found = Thread(messages)
        found.messages = messages
        self.threads = [*(each for each in self.threads if each is not found), found]
        return found


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

    def seen(self, conversation: str, messages: tuple[bytes, ...]) -> dict[str, Any]:
        """What repairs found out about its thread's last request, to be changed in this one."""
        known = self.of(conversation)
        found = known.thread(messages).seen
        self._before += (dict(found), *(each.seen for each in known.threads[:-THREADS]))
        del known.threads[:-THREADS]
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


def _common(old: Sequence[bytes], new: Sequence[bytes]) -> int:
    """How many messages they seem to begin with that are the same, by a look at a few."""
    ends = range(min(len(old), len(new)))
    return bisect_left(ends, True, key=lambda at: old[at] != new[at])
