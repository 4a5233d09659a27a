"""The conversation in a request body: its assistant turns and what stands before each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from dsfix.protocol import chat, messages, responses, spans
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.turns import Reasoning, Turn, digest, own_words


@dataclass(frozen=True, slots=True)
class Wire:
    """What a dialect knows of its own messages.

    A turn is one message on Messages and Chat, and several items on Responses.
    """

    turn: Callable[[Sequence[bytes]], Turn | None]
    with_reasoning: Callable[
        [Sequence[bytes], Reasoning, tuple[str, ...] | None], tuple[bytes, ...]
    ]
    user_key: Callable[[bytes], tuple[list[str], str]]


_messages = Wire(
    lambda turn: messages.turn(turn[0]),
    lambda turn, *what: (messages.with_reasoning(turn[0], *what),),
    messages.user_key,
)
_chat = Wire(
    lambda turn: chat.turn(turn[0]),
    lambda turn, *what: (chat.with_reasoning(turn[0], *what),),
    chat.user_key,
)
_responses = Wire(responses.turn, responses.with_reasoning, responses.user_key)
WIRES: Mapping[Dialect, Wire] = {
    Dialect.MESSAGES: _messages,
    Dialect.CHAT: _chat,
    Dialect.RESPONSES: _responses,
}
# What an item of Responses is to the conversation.
_ITEM_ROLES = {
    **dict.fromkeys(("reasoning", "text", "call", "step"), "assistant"),
    "output": "tool",
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

    `assistants` are the places where the assistant's turns begin, `roles` the role of each
    message; on Responses the items of a turn are in the assistant's role, outputs in `tool`.
    """

    dialect: Dialect
    messages: tuple[bytes, ...]
    assistants: tuple[int, ...]
    roles: tuple[str, ...] = field(repr=False)
    _ends: Mapping[int, int] = field(default_factory=dict, repr=False)
    _chains: list[str] = field(default_factory=list, repr=False, compare=False)

    @classmethod
    def of(cls, body: Body) -> History:
        """The history that a body carries."""
        if body.dialect is Dialect.RESPONSES:
            kinds = list(map(responses.kind, body.messages))
            ends = dict(responses.spans_of(kinds))
            roles = tuple(_ITEM_ROLES.get(kind, kind) for kind in kinds)
            return cls(body.dialect, body.messages, tuple(ends), roles, ends)
        roles = tuple(map(role_of, body.messages))
        places = tuple(place for place, role in enumerate(roles) if role == "assistant")
        return cls(body.dialect, body.messages, places, roles)

    def items(self, place: int) -> tuple[bytes, ...]:
        """All messages (on Responses: items) of the assistant's turn that begins there."""
        return self.messages[place : self._ends.get(place, place + 1)]

    def turn(self, place: int) -> Turn | None:
        """The assistant's turn that begins at that message."""
        return WIRES[self.dialect].turn(self.items(place))

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
        return digest("results", *sorted(results)) if results else digest("user", own_words(texts))

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
                return digest("root", own_words([text]))
        return digest("root")

    @property
    def has_calls(self) -> bool:
        """Whether any assistant turn calls a tool."""
        return any((turn := self.turn(place)) and turn.calls for place in self.assistants)
