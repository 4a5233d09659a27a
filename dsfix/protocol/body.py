"""A request body as raw spans: its members and its messages, with the dialect they are in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from dsfix.protocol import spans


class Dialect(StrEnum):
    """A wire format that agents and upstreams speak."""

    MESSAGES = "messages"
    CHAT = "chat"
    RESPONSES = "responses"


_LIST: Mapping[Dialect, str] = {
    Dialect.MESSAGES: "messages",
    Dialect.CHAT: "messages",
    Dialect.RESPONSES: "input",
}


@dataclass(frozen=True, slots=True)
class Body:
    """One request body. Never changed in place: each edit gives a new value.

    `members` holds every top-level member but the list of messages, which `messages` holds as
    one raw span each (Responses: its items). `source` is the body as it came in, and is what
    goes out while nothing was changed. `order` is the order of the members, the list included.
    """

    dialect: Dialect
    members: Mapping[str, bytes]
    messages: tuple[bytes, ...]
    order: tuple[str, ...]
    source: bytes | None = None

    @classmethod
    def read(cls, dialect: Dialect, data: bytes) -> Body | None:
        """The body as spans; None when it must be passed through as it is.

        That is so for anything but a well-formed object without duplicate keys that carries
        its messages as a list. On Responses `input` may be one text: then it stays a member,
        and there are no messages.
        """
        name = _LIST[dialect]
        found, messages = spans.apart(data, name) or (spans.parted(data), None)
        if found is None:
            return None
        order, raw = tuple(found), found.pop(name, None)
        if messages is None and raw is not None:
            messages = spans.items(raw)
        members = {key: bytes(value) for key, value in found.items()}
        if messages is None:
            given = b"" if raw is None else bytes(raw)
            if dialect is not Dialect.RESPONSES or given[:1] not in (b"", b'"'):
                return None
            members |= {name: given} if given else {}
            messages = []
        return cls(dialect, members, tuple(messages), order, data)

    @property
    def list_name(self) -> str:
        """The member that holds the messages."""
        return _LIST[self.dialect]

    def get(self, name: str) -> Any:
        """The decoded value of a member, None when it is absent."""
        return spans.value(self.members.get(name))

    def having(self, name: str, raw: bytes) -> Body:
        """The body with that member set to raw JSON, in its old place or at the end."""
        order = self.order if name in self.members else (*self.order, name)
        return replace(self, members={**self.members, name: raw}, order=order, source=None)

    def without(self, name: str) -> Body:
        """The body less that member; the same object when it is not there."""
        if name not in self.members:
            return self
        rest = {key: raw for key, raw in self.members.items() if key != name}
        order = tuple(key for key in self.order if key != name)
        return replace(self, members=rest, order=order, source=None)

    def saying(self, messages: Sequence[bytes]) -> Body:
        """The body with these messages."""
        return replace(self, messages=tuple(messages), source=None)

    def without_source(self) -> Body:
        """The same as its spans alone, which the requests of a conversation share."""
        return self if self.source is None else replace(self, source=None)

    @property
    def has_tools(self) -> bool:
        """Whether the request offers the model any tool."""
        return self.members.get("tools", b"[]") not in (b"[]", b"null")

    def encode(self) -> bytes:
        """The bytes to send: those that came in, or the spans put together again."""
        return b"".join(self.pieces())

    def pieces(self) -> list[bytes]:
        """What `encode` gives, in pieces: to put them together takes new memory."""
        return [self.source] if self.source is not None else self._spans()

    @property
    def size(self) -> int:
        """Bytes that the spans make when they are put together."""
        return sum(map(len, self._spans()))

    def _spans(self) -> list[bytes]:
        pieces: list[bytes] = []
        for key in self.order:
            pieces += (b",", spans.encode(key), b":")
            if key in self.members:
                pieces.append(self.members[key])
            else:
                pieces += spans.listed(self.messages)
        return [b"{", *pieces[1:], b"}"]
