"""A body that begins like one read before is read from where it differs.

An agent sends its whole conversation each time, and all but the end of it came with the request
before. How far that goes is found by comparing the bytes, at the speed of memory, and only what
follows is taken apart. Messages that stayed are the same objects, so that whoever looks at them
next knows them again at no cost; so are members, which conversations may share. Recognised is what
clients write: compact JSON (JSON.stringify, httpx), or with a blank behind each comma and colon
(Python's json). Any other is read as a whole.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from operator import itemgetter
from typing import NamedTuple

from dsfix.protocol import spans
from dsfix.protocol.body import Body, Dialect

# Sub-agents and titles come between the requests of a conversation; each has its own beginning.
CONVERSATIONS = 16
# Bytes of bodies that are kept; each takes twice that, as it came and taken apart.
ROOM = 32 << 20


class _Key(NamedTuple):
    """What a conversation begins with: all before its first message, and that message.

    `blank` is what stands behind each comma and colon, if anything.
    """

    dialect: Dialect
    head: bytes
    first: bytes
    blank: bytes


class _Known(NamedTuple):
    """The last body of a conversation, and where in its source each message ends."""

    key: _Key
    body: Body
    ends: tuple[int, ...]

    @property
    def size(self) -> int:
        """Bytes of source."""
        return len(self.body.source or b"")

    def common(self, dialect: Dialect, data: bytes) -> int:
        """How many bytes both begin with; none where `data` is not of that conversation."""
        spoken, head, first, _ = self.key
        begun = data.startswith(head) and data.startswith(first, len(head))
        if spoken is not dialect or not begun:
            return 0
        assert self.body.source is not None  # only such are kept
        return spans.common(self.body.source, data, len(head))


class Growing:
    """Reads bodies, and keeps the last one of each conversation in RAM, within bounds.

    Where several begin alike (a sub-agent with the prompts of the main thread), each is kept.
    """

    def __init__(self, conversations: int = CONVERSATIONS, room: int = ROOM) -> None:
        self._conversations, self._room = conversations, room
        self._kept: list[_Known] = []  # the one that was read last is the last
        self._held = 0
        self._new: Body | None = None

    def read(self, dialect: Dialect, data: bytes) -> Body | None:
        """What `Body.read` gives."""
        self.settle()
        common = [(each.common(dialect, data), each) for each in reversed(self._kept)]
        end, last = max(common, key=itemgetter(0), default=(0, None))
        if end and last is not None and (known := _read_on(last, data, end)) is not None:
            same = 2 * bisect_right(last.ends, end) >= len(last.ends)
            self._keep(known, last if same else None)
            return known.body
        body = Body.read(dialect, data)
        if body is not None and self._kept:
            members = _known_again(body.members, self._kept[-1].body.members)
            body = replace(body, members=members)
        self._new = body
        return body

    def settle(self) -> None:
        """Keep what was read as a whole, which its reader need not wait for."""
        body, self._new = self._new, None
        if body is not None and (known := _known(body)) is not None:
            last = next((each for each in self._kept if each.key == known.key), None)
            self._keep(known, last)

    def _keep(self, known: _Known, before: _Known | None) -> None:
        """Keep a body, where there is room, in the place of the one that it goes on from."""
        self._kept = [each for each in self._kept if each is not before]
        self._held -= before.size if before else 0
        if known.size > self._room:
            return
        self._kept.append(known)
        self._held += known.size
        while len(self._kept) > self._conversations or self._held > self._room:
            self._held -= self._kept.pop(0).size


def _ends(at: int, messages: Sequence[bytes], gap: int) -> tuple[int, ...]:
    """Where messages end of which the first begins there, with so many bytes behind each."""
    return tuple(accumulate((len(message) + gap for message in messages), initial=at - gap))[1:]


def _known(body: Body) -> _Known | None:
    """How a conversation is known again; None where its body is laid out in another way."""
    data, name = body.source, body.list_name
    if data is None or not body.messages:
        return None
    blank = b"" if len(data) == body.size else b" "
    comma, colon = b"," + blank, b":" + blank
    before = body.order[: body.order.index(name)]
    members = b"".join(spans.encode(key) + colon + body.members[key] + comma for key in before)
    head = b"{" + members + spans.encode(name) + colon + b"["
    ends = _ends(len(head), body.messages, len(comma))
    if blank:  # compact is what has no byte too many; of any other, each place must be looked at
        apart = all([data.startswith(comma, end) for end in ends[:-1]])
        if not (apart and data.startswith(head) and data.startswith(b"]", ends[-1])):
            return None
    return _Known(_Key(body.dialect, head, body.messages[0], blank), body, ends)


def _read_on(known: _Known, data: bytes, end: int) -> _Known | None:
    """The body of `data`, of which all before `end` is as in the known one.

    None where what follows is not as it should be: then it must be read as a whole.
    """
    key, body, ends = known
    assert body.source is not None  # only such are kept
    comma = b"," + key.blank
    same = bisect_right(ends, end)
    if same and not data.startswith(comma, ends[same - 1]):
        same -= 1
    at = ends[same - 1] + len(comma) if same else len(key.head)
    name = body.list_name
    before = body.order[: body.order.index(name)]
    tail = body.source[ends[-1] :]
    if data.endswith(tail):  # tools and system prompts are as they were, and long
        listed = b"[" + data[at : len(data) - len(tail)] + b"]"
        rest = {key: body.members[key] for key in body.order[len(before) + 1 :]}
    else:
        found = spans.members(b"{" + spans.encode(name) + b":[" + data[at:])
        if found is None or not found.keys().isdisjoint(before):
            return None
        listed, rest = found.pop(name), _known_again(found, body.members)
    new = spans.items(listed)
    if not new or len(listed) != 2 + sum(map(len, new)) + len(comma) * (len(new) - 1):
        return None  # laid out in another way
    members = {**{key: body.members[key] for key in before}, **rest}
    messages = (*body.messages[:same], *new)
    read = Body(body.dialect, members, messages, (*before, name, *rest), data)
    return _Known(key, read, ends[:same] + _ends(at, new, len(comma)))


def _known_again(members: Mapping[str, bytes], known: Mapping[str, bytes]) -> dict[str, bytes]:
    """The members, those that are as in the known ones as the same objects."""
    return {key: same if (same := known.get(key)) == raw else raw for key, raw in members.items()}
