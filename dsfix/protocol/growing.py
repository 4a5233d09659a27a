"""A body that begins like one read before is read from where it differs.

An agent sends its whole conversation each time, and all but the end of it came with the request
before. Messages that came before are recognised where they stand in the bytes, at the speed of
memory, and only what follows is taken apart. They stay the same objects, so that whoever looks
at them next knows them again at no cost. Only compact JSON is recognised, as JSON.stringify and
httpx write it; any other is read as a whole.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from dsfix.protocol import spans
from dsfix.protocol.body import Body, Dialect

# Sub-agents and titles come between the requests of a conversation; each has its own beginning.
CONVERSATIONS = 16
ROOM = 64 << 20  # bytes of messages that are kept


class _Key(NamedTuple):
    """What a conversation begins with: all before its first message, and that message."""

    dialect: Dialect
    head: bytes
    first: bytes


class Growing:
    """Reads bodies, and keeps the last one of each conversation in RAM, within bounds."""

    def __init__(self, conversations: int = CONVERSATIONS, room: int = ROOM) -> None:
        self._conversations, self._room = conversations, room
        self._kept: OrderedDict[_Key, tuple[Body, int]] = OrderedDict()
        self._held = 0

    def read(self, dialect: Dialect, data: bytes) -> Body | None:
        """What `Body.read` gives."""
        for key in reversed(self._kept):
            spoken, head, first = key
            if spoken is dialect and data.startswith(head) and data.startswith(first, len(head)):
                body = _read_on(self._kept[key][0], data, len(head))
                if body is not None:
                    self._keep(key, body)
                    return body
        body = Body.read(dialect, data)
        if body is not None and (found := _key(body)) is not None:
            self._keep(found, body)
        return body

    def _keep(self, key: _Key, body: Body) -> None:
        _, size = self._kept.pop(key, (None, 0))
        self._held -= size
        size = sum(map(len, body.messages))
        if size > self._room:
            return
        self._kept[key] = body, size
        self._held += size
        while len(self._kept) > self._conversations or self._held > self._room:
            _, (_, gone) = self._kept.popitem(last=False)
            self._held -= gone


def _key(body: Body) -> _Key | None:
    """How a conversation is known again; None where its body is not compact."""
    data, name = body.source, body.list_name
    if data is None or not body.messages:
        return None
    before = (key for key in body.order[: body.order.index(name)])
    members = b"".join(spans.encode(key) + b":" + body.members[key] + b"," for key in before)
    head = b"{" + members + spans.encode(name) + b":["
    first = body.messages[0]
    compact = data.startswith(head) and data.startswith(first, len(head))
    return _Key(body.dialect, head, first) if compact else None


def _read_on(known: Body, data: bytes, at: int) -> Body | None:
    """The body of `data`, of which all before `at` is as in the known one.

    None where what follows is not as it should be: then it must be read as a whole.
    """
    same = 0
    for message in known.messages:
        end = at + len(message)
        if not (data.startswith(message, at) and data.startswith(b"},", end - 1)):
            break
        at = end + 1
        same += 1
    name = known.list_name
    rest = spans.members(b"{" + spans.encode(name) + b":[" + data[at:])
    new = spans.items(rest.pop(name)) if rest else None
    before = known.order[: known.order.index(name)]
    if rest is None or not new or not rest.keys().isdisjoint(before):
        return None
    members = {**{key: known.members[key] for key in before}, **rest}
    messages = (*known.messages[:same], *new)
    return Body(known.dialect, members, messages, (*before, name, *rest), data)
