"""The conversation in a request body: its assistant turns and what stands before each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import eq

import msgspec

from dsfix.protocol import chat, messages, responses, spans
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.turns import Look, Reasoning, Turn, digest, own_words


@dataclass(frozen=True, slots=True)
class Wire:
    """What a dialect knows of its own messages.

    A turn is one message on Messages and Chat, and several items on Responses.
    """

    look: Callable[[bytes, str], Look]
    turn: Callable[[Sequence[bytes]], Turn | None]
    with_reasoning: Callable[
        [Sequence[bytes], Reasoning, tuple[str, ...] | None], tuple[bytes, ...]
    ]
    user_key: Callable[[bytes], tuple[list[str], str]]


_messages = Wire(
    messages.look,
    lambda turn: messages.turn(turn[0]),
    lambda turn, said, texts: (messages.with_reasoning(turn[0], said, texts),),
    messages.user_key,
)
_chat = Wire(
    chat.look,
    lambda turn: chat.turn(turn[0]),
    lambda turn, said, texts: (chat.with_reasoning(turn[0], said, texts),),
    chat.user_key,
)
_responses = Wire(responses.look, responses.turn, responses.with_reasoning, responses.user_key)
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
_SHORT = 1 << 16  # bytes of a conversation's first message, which is kept with its key
_LAST = 4  # messages that may have changed at the end of a history, as markers move
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

    `assistants` are the places where the assistant's turns begin and `stops` where they end,
    `roles` the role of each message; on Responses the items of a turn are in the assistant's role,
    outputs in `tool`. The first `same` messages are those of the history that this one goes on
    from, which had `before`; what is known of them is taken from there.
    """

    dialect: Dialect
    messages: tuple[bytes, ...]
    assistants: tuple[int, ...]
    stops: tuple[int, ...] = field(repr=False)
    roles: tuple[str, ...] = field(repr=False)
    same: int = field(default=0, repr=False, compare=False)
    before: tuple[bytes, ...] = field(default=(), repr=False, compare=False)
    _looks: list[Look] = field(default_factory=list, repr=False, compare=False)
    _turns: list[Turn | None] = field(default_factory=list, repr=False, compare=False)
    _chains: list[str] = field(default_factory=list, repr=False, compare=False)
    _nths: dict[str, int] = field(default_factory=dict, repr=False, compare=False)
    _previous: dict[int, str] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, body: Body, last: History | None = None, near: History | None = None) -> History:
        """The history that a body carries; it may go on from that of the last request.

        Where there is none, what is known of messages that are in the one `near` it, which was
        changed to make this, is taken from there.
        """
        if last is None or last.dialect is not body.dialect:
            last = cls(body.dialect, (), (), (), ())
        count = same(last.messages, body.messages)
        # A turn that ended earlier stays as it is; on Responses a later one may go on.
        turns = bisect_left(last.stops, count)
        begin = last.stops[turns - 1] if turns else 0
        new = body.messages[begin:]
        if body.dialect is Dialect.RESPONSES:
            kinds = list(map(responses.kind, new))
            found = responses.spans_of(kinds)
            roles = [_ITEM_ROLES.get(kind, kind) for kind in kinds]
            starts = [begin + start for start, _ in found]
            stops = [begin + stop for _, stop in found]
        else:
            roles = list(map(role_of, new))
            starts = [place for place, role in enumerate(roles, begin) if role == "assistant"]
            stops = [place + 1 for place in starts]
        history = cls(
            body.dialect,
            body.messages,
            (*last.assistants[:turns], *starts),
            (*last.stops[:turns], *stops),
            (*last.roles[:begin], *roles),
            count,
            last.messages,
            last._looks[:count],
            last._turns[:turns],
            last._chains[: turns + 1] if "user" in last.roles[:count] else [],
        )
        if near is not None and not count:
            history._take(near)
        return history

    def _take(self, near: History) -> None:
        """Take over what is known of the messages that are in that history as well."""
        wire = WIRES[self.dialect]
        looks = {id(each.raw): each for each in near.looks}
        self._looks[:] = [
            looks.get(id(raw)) or wire.look(raw, role)
            for raw, role in zip(self.messages, self.roles, strict=True)
        ]
        if len(near.assistants) == len(self.assistants):
            self._turns[:] = [
                turn if (items := self.items(nth)) == near.items(nth) else wire.turn(items)
                for nth, turn in enumerate(near._read())
            ]

    @property
    def looks(self) -> Sequence[Look]:
        """What a look at each message tells."""
        looks = self._looks
        if len(looks) < len(self.messages):
            rest = slice(len(looks), None)
            looks += map(WIRES[self.dialect].look, self.messages[rest], self.roles[rest])
        return looks

    def items(self, nth: int) -> tuple[bytes, ...]:
        """All messages (on Responses: items) of the nth turn of the assistant's."""
        return self.messages[self.assistants[nth] : self.stops[nth]]

    def placed(self, first: int) -> list[tuple[int, tuple[bytes, ...]]]:
        """Where each turn of the assistant's from the `first` on begins, and its `items`."""
        return [(start, self.messages[start:stop]) for start, stop in self._bounds(first)]

    def _bounds(self, first: int) -> Iterable[tuple[int, int]]:
        return zip(self.assistants[first:], self.stops[first:], strict=True)

    def turn(self, nth: int) -> Turn | None:
        """The nth turn of the assistant's."""
        return self._read()[nth]

    def turns(self, nths: Iterable[int]) -> dict[int, Turn]:
        """These turns by number, but for those of no known shape."""
        read = self._read()
        return {nth: turn for nth in nths if (turn := read[nth]) is not None}

    def _read(self) -> list[Turn | None]:
        """All turns of the assistant's, each read once."""
        turns = self._turns
        if len(turns) < len(self.assistants):
            looks, wire = self.looks, WIRES[self.dialect]
            turns += [
                (looks[start].turn if stop - start == 1 else None)
                or wire.turn(self.messages[start:stop])
                for start, stop in self._bounds(len(turns))
            ]
        return turns

    def previous(self, place: int) -> str:
        """Key of the user's turn before that place: its result ids if it has any, else its text.

        A place after the last message stands for the answer that is still to come.
        """
        if place not in self._previous:
            self._previous[place] = self._user_before(place)
        return self._previous[place]

    def _user_before(self, place: int) -> str:
        results: list[str] = []
        texts: list[str] = []
        for index in range(place - 1, -1, -1):
            if self.roles[index] == "assistant":
                break
            if self.roles[index] in ("user", "tool"):
                look = self.looks[index]
                ids: Sequence[str] = look.results
                if not (look.plain and ids):
                    ids, text = WIRES[self.dialect].user_key(look.raw)
                    texts.append(text)
                results += ids
        if results:
            return digest("results", *sorted(results))
        return digest("user", own_words(reversed(texts)))

    def chain(self, place: int) -> str:
        """Key of all that stands before that place, told by its turns' keys alone.

        Made once for all places, each from the one before.
        """
        count = bisect_left(self.assistants, place)
        if not self._chains:
            self._chains.append(digest("chain", self.root))
        while len(self._chains) <= count:
            turn = self._read()[len(self._chains) - 1]
            self._chains.append(digest(self._chains[-1], turn.key if turn else ""))
        return self._chains[count]

    def behind(self, chain: str) -> int | None:
        """Which turn of the assistant's has that chain before it."""
        if not self._nths:
            self.chain(len(self.messages))
            count = len(self.assistants)
            self._nths.update(zip(self._chains[:count], range(count), strict=True))
        return self._nths.get(chain)

    @property
    def root(self) -> str:
        """Key of the conversation: its first user turn."""
        return root(self.dialect, self.messages)

    @property
    def has_calls(self) -> bool:
        """Whether any assistant turn calls a tool."""
        return any(turn is not None and turn.calls for turn in self._read())


def root(dialect: Dialect, messages: Sequence[bytes]) -> str:
    """Key of the conversation that has these messages: its first user turn."""
    role = responses.kind if dialect is Dialect.RESPONSES else role_of
    for raw in messages:
        if role(raw) == "user":
            return (_kept if len(raw) < _SHORT else _begun)(dialect, raw)
    return digest("root")


def _begun(dialect: Dialect, first: bytes) -> str:
    """Key of a conversation that the user began so."""
    _, text = WIRES[dialect].user_key(first)
    return digest("root", own_words([text]))


_kept = lru_cache(maxsize=32)(_begun)  # each request asks for it


def same(old: Sequence[object], new: Sequence[object]) -> int:
    """How many items the two begin with that are the same: mostly all but the last few."""
    begin = max(0, min(len(old), len(new)) - _LAST)
    if old[:begin] != new[:begin]:
        begin = 0
    return begin + [*map(eq, old[begin:], new[begin:]), False].index(False)
