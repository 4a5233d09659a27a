"""A body that begins like one read before is read from where it differs.

An agent sends its whole conversation each time, and all but the end of it came with the request
before. How far that goes is found by comparing the bytes, at the speed of memory, and only what
follows is taken apart. Messages that stayed are the same objects, so that whoever looks at them
next knows them again at no cost; so are members, which conversations may share. Only compact JSON
is recognised, as JSON.stringify and httpx write it; any other is read as a whole.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple

from dsfix.protocol import spans
from dsfix.protocol.body import Body, Dialect

# Sub-agents and titles come between the requests of a conversation; each has its own beginning.
CONVERSATIONS = 16
# Bytes of bodies that are kept; each takes twice that, as it came and taken apart.
ROOM = 32 << 20


class _Key(NamedTuple):
    """What a conversation begins with: all before its first message, and that message."""

    dialect: Dialect
    head: bytes
    first: bytes


class _Known(NamedTuple):
    """The last body of a conversation, and where in its source each message ends."""

    body: Body
    ends: tuple[int, ...]

    @property
    def size(self) -> int:
        """Bytes of source."""
        return len(self.body.source or b"")


class Growing:
    """Reads bodies, and keeps the last one of each conversation in RAM, within bounds."""

    def __init__(self, conversations: int = CONVERSATIONS, room: int = ROOM) -> None:
        self._conversations, self._room = conversations, room
        self._kept: OrderedDict[_Key, _Known] = OrderedDict()
        self._held = 0
        self._new: Body | None = None

    def read(self, dialect: Dialect, data: bytes) -> Body | None:
        """What `Body.read` gives."""
        self.settle()
        for key in reversed(self._kept):
            spoken, head, first = key
            if spoken is dialect and data.startswith(head) and data.startswith(first, len(head)):
                known = _read_on(self._kept[key], data, len(head))
                if known is not None:
                    self._keep(key, known)
                    return known.body
        body = Body.read(dialect, data)
        if body is not None and self._kept:
            last = next(reversed(self._kept.values())).body
            body = replace(body, members=_known_again(body.members, last.members))
        self._new = body
        return body

    def settle(self) -> None:
        """Keep what was read as a whole, which its reader need not wait for."""
        body, self._new = self._new, None
        if body is not None and (key := _key(body)) is not None:
            self._keep(key, _Known(body, _ends(len(key.head), body.messages)))

    def _keep(self, key: _Key, known: _Known) -> None:
        before = self._kept.pop(key, None)
        self._held -= before.size if before else 0
        if known.size > self._room:
            return
        self._kept[key] = known
        self._held += known.size
        while len(self._kept) > self._conversations or self._held > self._room:
            _, gone = self._kept.popitem(last=False)
            self._held -= gone.size


def _ends(at: int, messages: Sequence[bytes]) -> tuple[int, ...]:
    """Where messages end of which the first begins there, with a comma behind each."""
    return tuple(accumulate((len(message) + 1 for message in messages), initial=at - 1))[1:]


def _key(body: Body) -> _Key | None:
    """How a conversation is known again; None where its body is not compact."""
    data, name = body.source, body.list_name
    if data is None or not body.messages or len(data) != body.size:
        return None
    before = body.order[: body.order.index(name)]
    members = b"".join(spans.encode(key) + b":" + body.members[key] + b"," for key in before)
    return _Key(body.dialect, b"{" + members + spans.encode(name) + b":[", body.messages[0])


def _read_on(known: _Known, data: bytes, at: int) -> _Known | None:
    """The body of `data`, of which all before `at` is as in the known one.

    None where what follows is not as it should be: then it must be read as a whole.
    """
    body, ends = known
    assert body.source is not None  # only such are kept
    same = bisect_right(ends, spans.common(body.source, data, at))
    if same and data[ends[same - 1] : ends[same - 1] + 1] != b",":
        same -= 1
    at = ends[same - 1] + 1 if same else at
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
    if not new or len(listed) != sum(map(len, new)) + len(new) + 1:
        return None  # not compact
    members = {**{key: body.members[key] for key in before}, **rest}
    messages = (*body.messages[:same], *new)
    read = Body(body.dialect, members, messages, (*before, name, *rest), data)
    return _Known(read, ends[:same] + _ends(at, new))


def _known_again(members: Mapping[str, bytes], known: Mapping[str, bytes]) -> dict[str, bytes]:
    """The members, those that are as in the known ones as the same objects."""
    return {key: same if (same := known.get(key)) == raw else raw for key, raw in members.items()}
