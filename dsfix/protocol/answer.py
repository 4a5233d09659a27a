"""What the upstream answered, put together as far as it has come, in any dialect."""

from __future__ import annotations

from dataclasses import dataclass, field

from dsfix.protocol import spans
from dsfix.protocol.turns import Reasoning, Turn
from dsfix.protocol.usage import Usage

# Characters of an answer that are kept. DeepSeek's longest has 384K tokens, a token being three
# to four of them (https://api-docs.deepseek.com/quick_start/pricing, token_usage; 2026-08-27).
LONGEST = 2 << 20
# Characters that a block counts for besides its own. No model makes thousands of calls at once.
BLOCK = 256
# From where blocks stand whose index is another one's.
BEHIND = 1 << 20


@dataclass(slots=True)
class Block:
    """One block of an answer as far as it came: thinking, text, or a tool call."""

    kind: str
    id: str = ""
    name: str = ""
    signature: str = ""
    parts: list[str] = field(default_factory=list)
    complete: bool = False

    @property
    def text(self) -> str:
        """All parts so far: the text, or the call's arguments as JSON.

        A relay may have cut it within a letter, each half in an event of its own.
        """
        text = "".join(tuple(self.parts))
        try:
            text.encode()
        except UnicodeEncodeError:
            return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return text

    @property
    def called(self) -> bool:
        """Whether it is a call that is all there: closed, or with an object that nothing follows.

        Chat closes a call with the next one or with the whole answer, and Vercel's AI SDK runs it
        as soon as its arguments are JSON.
        """
        if self.kind != "tool_use" or self.complete:
            return self.kind == "tool_use"
        return isinstance(spans.value(self.text.encode()), dict)

    @property
    def size(self) -> int:
        """Characters of room that it takes."""
        words = sum(map(len, self.parts)) + len(self.signature)
        return BLOCK + len(self.id) + len(self.name) + words


@dataclass(slots=True)
class Answer:
    """The answer so far. `finish` is the upstream's own word, empty while it is unfinished.

    `unread` is whether something came that is no event of the dialect: then nobody can tell
    whether the stream was complete. `room` is for how many characters there still is room.
    `places` tells where the latest block of an index stands, and the one of an id. `searches` of
    the web and pages that were read for it (`fetches`) are those that were seen in it.
    """

    id: str = ""
    served: str = ""
    finish: str = ""
    error: str = ""
    usage: Usage | None = None
    blocks: dict[int, Block] = field(default_factory=dict)
    done: bool = False
    unread: bool = False
    room: int = LONGEST
    places: dict[int | str, int] = field(default_factory=dict)
    searches: int = 0
    fetches: int = 0

    @property
    def begun(self) -> bool:
        """Whether anything has come that is of an answer."""
        return bool(self.id or self.served or self.blocks)

    def at(self, index: int, id: str = "") -> int:
        """Where the block stands that is meant: the one of that id, or the index's latest."""
        return self.places.get(id, self.places.get(index, index))

    def begin(self, index: int, block: Block, id: str = "") -> None:
        """A block begins. Relays give several one index: each with an id of its own is another
        one (decolua/9router#2611), and so is one that begins where one has ended.
        """
        if not self.overlong and (not id or id not in self.places):
            before = self.blocks.get(self.at(index))
            if before is None or id or before.complete:
                self.places[index] = self._free(index)
            if id:
                self.places[id] = self.at(index)
                self.room -= len(id)
        self.put(self.at(index, id), block)

    def _free(self, index: int) -> int:
        """Its index; behind all others where that is taken, or another one stands there."""
        numbered = next(reversed(self.blocks), 0) < BEHIND
        return index if numbered and index not in self.blocks else BEHIND + len(self.blocks)

    def put(self, place: int, block: Block) -> None:
        """A block comes to stand there, or takes another one's place.

        Nothing is kept any more from where there is no room for it.
        """
        before = self.blocks.get(place)
        self.room -= max(0, block.size - (before.size if before else 0))
        if self.room >= 0:
            self.blocks[place] = block

    def named(self, block: Block, id: str, name: str) -> None:
        """What a call is named, which may be said late; empty where nothing new is said."""
        id, name = id or block.id, name or block.name
        self.room -= max(0, len(id) + len(name) - len(block.id) - len(block.name))
        if self.room >= 0:
            block.id, block.name = id, name

    def said(self, block: Block, text: str) -> None:
        """More of a block's text."""
        self.room -= len(text)
        if self.room >= 0:
            block.parts.append(text)

    def signed(self, block: Block, signature: str) -> None:
        """More of a block's signature, for which there is as much room as for all that is said."""
        self.room -= len(signature)
        if self.room >= 0:
            block.signature += signature

    @property
    def overlong(self) -> bool:
        """Whether only the beginning was kept: such an answer is no turn that can be replayed."""
        return self.room < 0

    def turn(self) -> Turn:
        """The assistant's turn that this answer is: what is complete in it, for memory.

        A call whose arguments were cut is no call: no agent runs or replays it.
        """
        blocks = [self.blocks[index] for index in sorted(self.blocks)]
        calls = [block for block in blocks if block.called]
        thought = [block for block in blocks if block.kind == "thinking" and block.text.strip()]
        return Turn(
            calls=tuple(call.id for call in calls),
            names=tuple(call.name for call in calls),
            texts=tuple(block.text for block in blocks if block.kind == "text"),
            reasoning=Reasoning(tuple((block.text, block.signature) for block in thought)),
        )
