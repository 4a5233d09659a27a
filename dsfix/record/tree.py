"""The messages of a session as a tree, so that each is stored once.

A node is a message and the node before it; a request is told by its last node. Nodes are named
by content: the same history gives the same names, whoever sends it. A growing conversation is
compared with its last request first, so only what is new is decoded and hashed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from dsfix.foreground import ALONE, Background
from dsfix.protocol import spans
from dsfix.protocol.body import Body
from dsfix.record.content import clean, digest
from dsfix.redact import Redactor

# Bytes of a conversation, and of each of its messages, beside what they say.
_CONVERSATION, _MESSAGE = 1200, 200
# Bytes of histories kept for comparison, over so many conversations; one is always kept.
KEPT = 16 << 20
CONVERSATIONS = 64
# A longer member of the body is stored once as a part; a shorter one stands in its request.
INLINE = 256
_PARTS = frozenset({"system", "tools", "instructions"})
# Members that name a person or a device.
PERSONAL = frozenset({"metadata", "user", "user_id", "safety_identifier"})
# The model and the stream have fields of their own.
_LEFT_OUT = PERSONAL | {"model", "stream"}


Fields: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a request stands: its last node, its parts by name, and its short members.

    `new` are the events to write before it: type and fields of all that was not stored yet.
    """

    head: str
    count: int
    parts: Mapping[str, str]
    params: Mapping[str, msgspec.Raw]
    new: Sequence[tuple[str, Fields]]


@dataclass(slots=True)
class _Last:
    """The last request of a conversation, as it came in and as it was named."""

    messages: tuple[bytes, ...] = ()
    nodes: Sequence[str] = ()
    members: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    size: int = 0


class Tree:
    """Everything said in a session. Without `bodies`, it is told by hash and size only."""

    def __init__(
        self, redactor: Redactor, *, bodies: bool = True, background: Background = ALONE
    ) -> None:
        self._redactor, self._bodies, self._background = redactor, bodies, background
        self._new: list[tuple[str, Fields]] = []
        self._seen: set[str] = set()
        self._last: OrderedDict[str, _Last] = OrderedDict()
        self._size = 0

    def add(self, conversation: str, body: Body) -> Placed:
        """Place a request; what is new in it counts as stored from now on."""
        self._new = []
        last = self._last.pop(conversation, None) or _Last()
        self._size -= last.size
        nodes = self._nodes(body.messages, last)
        last.messages, last.nodes = body.messages, nodes
        parts, params = self._members(body, last)
        said = (*body.messages, *(raw for raw, _ in last.members.values()))
        last.size = _CONVERSATION + sum(len(raw) + _MESSAGE for raw in said)
        self._size += last.size
        self._last[conversation] = last
        while (self._size > KEPT and len(self._last) > 1) or len(self._last) > CONVERSATIONS:
            self._size -= self._last.popitem(last=False)[1].size
        return Placed(nodes[-1] if nodes else "", len(nodes), parts, params, self._new)

    def _nodes(self, messages: tuple[bytes, ...], last: _Last) -> list[str]:
        nodes: list[str] = []
        parent = ""
        same = True  # every node so far has the name it had in the last request
        for place, raw in enumerate(messages):
            known = place < len(last.nodes)
            if same and known and raw == last.messages[place]:
                parent = last.nodes[place]
            else:
                parent = self._node(raw, parent)
                same = known and parent == last.nodes[place]
            nodes.append(parent)
        return nodes

    def _node(self, raw: bytes, parent: str) -> str:
        self._background.give_way()
        said = clean(raw, self._redactor)
        name = digest(said)
        node = digest(f"{parent}:{name}".encode())
        if node in self._seen:
            return node
        self._seen.add(node)
        event: Fields = {"id": node, "parent": parent, "hash": name}
        if name not in self._seen:
            self._seen.add(name)
            event["bytes"] = len(said)
            if self._bodies:
                event["content"] = msgspec.Raw(said)
        self._new.append(("message", event))
        return node

    def _members(self, body: Body, last: _Last) -> tuple[dict[str, str], dict[str, msgspec.Raw]]:
        parts: dict[str, str] = {}
        params: dict[str, msgspec.Raw] = {}
        for name, raw in body.members.items():
            if name in _LEFT_OUT:
                continue
            if name in _PARTS or len(raw) > INLINE:
                before = last.members.get(name)
                if before is None or before[0] != raw:
                    before = last.members[name] = (raw, self._part(raw))
                parts[self._redactor.text(name)] = before[1]
            elif self._bodies:
                params[self._redactor.text(name)] = msgspec.Raw(clean(raw, self._redactor))
        return parts, params

    def _part(self, raw: bytes) -> str:
        """A list is stored item by item: one block of a system prompt may change every time."""
        items = spans.items(raw)
        if items is None:
            return self._piece(raw)
        names = [self._piece(item) for item in items]
        return self._stored(digest("\n".join(names).encode()), {"items": names})

    def _piece(self, raw: bytes) -> str:
        self._background.give_way()
        said = clean(raw, self._redactor)
        fields: Fields = {"bytes": len(said)}
        if self._bodies:
            fields["content"] = msgspec.Raw(said)
        return self._stored(digest(said), fields)

    def _stored(self, name: str, fields: Fields) -> str:
        if f"part {name}" not in self._seen:
            self._seen.add(f"part {name}")
            self._new.append(("part", {"id": name, **fields}))
        return name
