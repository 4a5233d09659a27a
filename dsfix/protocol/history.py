"""The conversation in a request body: its assistant turns and what stands before each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from dsfix.protocol import chat, messages, spans
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.turns import Reasoning, Turn, digest


@dataclass(frozen=True, slots=True)
class Wire:
    """What a dialect knows of its own messages."""

    turn: Callable[[bytes], Turn | None]
    with_reasoning: Callable[[bytes, Reasoning, tuple[str, ...] | None], bytes]
    user_key: Callable[[bytes], tuple[list[str], str]]


WIRES: Mapping[Dialect, Wire] = {
    Dialect.MESSAGES: Wire(messages.turn, messages.with_reasoning, messages.user_key),
    Dialect.CHAT: Wire(chat.turn, chat.with_reasoning, chat.user_key),
}


class _Role(msgspec.Struct):
    role: str = ""


_role = msgspec.json.Decoder(_Role)
# Agents write the role first, with or without a space; a look at that many bytes tells it, at a
# tenth of the cost of decoding the message.
_LOOK = 14
_ROLES = {
    f'{{"role":{space}"{role}"'[:_LOOK].encode(): role
    for role in ("assistant", "user", "tool", "system")
    for space in ("", " ")
}


def role_of(raw: bytes) -> str:
    """The role a message is in, empty when it has none."""
    known = _ROLES.get(raw[:_LOOK])
    if known is not None:
        return known
    try:
        return _role.decode(raw).role
    except spans.Malformed:
        return ""


@dataclass(frozen=True, slots=True)
class History:
    """The messages of one body, read no further than is asked for.

    `assistants` are the places of the assistant's messages, `roles` the role of each message.
    """

    dialect: Dialect
    messages: tuple[bytes, ...]
    assistants: tuple[int, ...]
    roles: tuple[str, ...] = field(repr=False)
    _chains: list[str] = field(default_factory=list, repr=False, compare=False)

    @classmethod
    def of(cls, body: Body) -> History:
        """The history that a body carries."""
        roles = tuple(map(role_of, body.messages))
        places = tuple(place for place, role in enumerate(roles) if role == "assistant")
        return cls(body.dialect, body.messages, places, roles)

    def turn(self, place: int) -> Turn | None:
        """The assistant's turn at that message."""
        return WIRES[self.dialect].turn(self.messages[place])

    def previous(self, place: int) -> str:
        """Key of the user's turn before that place: its result ids if it has any, else its text.

        A place after the last message stands for the answer that is still to come.
        """
        results: list[str] = []
        texts: list[str] = []
        for index in range(place - 1, -1, -1):
            if self.roles[index] == "assistant":
                break
            if self.roles[index] in ("user", "tool"):
                ids, text = WIRES[self.dialect].user_key(self.messages[index])
                results[:0] = ids
                texts.insert(0, text)
        return (
            digest("results", *sorted(results))
            if results
            else digest("user", *map(str.strip, texts))
        )

    def chain(self, place: int) -> str:
        """Key of all that stands before that place, told by its turns' keys alone.

        Made once for all places, each from the one before.
        """
        count = bisect_left(self.assistants, place)
        if not self._chains:
            self._chains.append(digest("chain", self.root))
        while len(self._chains) <= count:
            turn = self.turn(self.assistants[len(self._chains) - 1])
            self._chains.append(digest(self._chains[-1], turn.key if turn else ""))
        return self._chains[count]

    @property
    def root(self) -> str:
        """Key of the conversation: its first user turn."""
        for index, role in enumerate(self.roles):
            if role == "user":
                _, text = WIRES[self.dialect].user_key(self.messages[index])
                return digest("root", text.strip())
        return digest("root")

    @property
    def has_calls(self) -> bool:
        """Whether any assistant turn calls a tool."""
        return any((turn := self.turn(place)) and turn.calls for place in self.assistants)
