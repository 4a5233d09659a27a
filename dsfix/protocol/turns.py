"""An assistant's turn as memory sees it: what identifies it, and the reasoning it carries."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

import msgspec

# From its first letter or digit on, so that none is looked at twice however long the id. Without a
# digit it may be a tool's name, but for DeepSeek's own form: one in 70 of those has none. Digits
# behind zeros are a number that somebody counts, filled up; those of vendors begin otherwise.
_RANDOM = re.compile(
    r"(?<![A-Za-z0-9])(?!000[0-9]*+(?![A-Za-z]))"
    r"(?:(?=[A-Za-z]*+[0-9])[A-Za-z0-9]{12}|call_[0-9]{2}_[A-Za-z]{24})"
)
UNNAMED = "call_unnamed_"  # how ids begin that are given to calls without one, by their number
_EMPTY = hashlib.blake2b(digest_size=16)
_CALLS = hashlib.blake2b(b"calls\0", digest_size=16)
_REMINDED = "</system-reminder>"
_REMINDER = re.compile(rf"<system-reminder>.*?{_REMINDED}", re.DOTALL)


class Reasoning(msgspec.Struct, frozen=True, gc=False):
    """The reasoning of one turn: (text, signature) of each thinking block, in order.

    Chat has one text and no signature. Without blocks, the model is known to have given none.
    """

    blocks: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """All of the reasoning as one text."""
        return "".join(text for text, _ in self.blocks)


class Turn(msgspec.Struct, frozen=True, gc=False):
    """What an assistant message says of itself, in any dialect.

    `calls` are the ids of its tool calls and `names` the tools' names, in order; `texts` its
    visible texts. `reasoning` is what it carries, None when that is absent or blank. `sound`
    is whether the message can be sent as it is: reasoning there, not blank, in its place, and
    nothing beside it that DeepSeek does not read.
    """

    calls: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    reasoning: Reasoning | None = None
    sound: bool = False

    @property
    def text(self) -> str:
        """The visible text as it is compared; agents trim it."""
        return "".join(self.texts).strip()

    @property
    def key(self) -> str:
        """Identity of the turn within a conversation: its set of call ids, else its visible text.

        Agents replay ids unchanged and rewrite arguments (Claude Code 2.1.197 strips a leading
        `cd`, trims texts, adds defaults; measured 2026-11-20), so arguments never count.
        """
        if len(self.calls) > 1:
            return digest("calls", *sorted({*self.calls}))
        return key_of(self.calls[0]) if self.calls else digest("text", self.text)

    @property
    def has_random_ids(self) -> bool:
        """Whether a message with these calls can only be this turn, in whatever conversation.

        Two sub-agents with one prompt may say the same at the same place, and some vendors count
        their ids from zero in each conversation, or in each answer.
        """
        calls = self.calls
        return (
            len(calls) > 0
            and is_random(calls[0])
            and (len(calls) == 1 or all(map(is_random, calls)))
        )

    def reasoned(self, reasoning: Reasoning) -> Turn:
        """The turn with this reasoning."""
        return Turn(self.calls, self.names, self.texts, reasoning, self.sound)


class Look(msgspec.Struct, frozen=True, eq=False, gc=False):
    """What one look at a message tells: it is decoded once for all who ask.

    A `plain` one consists of texts, reasoning, calls and results of the usual shapes and nothing
    else: none is empty, none is incomplete, calls come last and results first. Then `turn` is the
    assistant's, on Responses only of a call, and of a turn that is no more than this item; and
    `results` are the ids of the calls that it answers. Of any other message nothing is said here,
    and who has to know more decodes it.
    """

    raw: bytes
    role: str
    plain: bool = False
    turn: Turn | None = None
    results: tuple[str, ...] = ()


def digest(*parts: str) -> str:
    """A short stable name for these texts (128 bits, hexadecimal)."""
    made = _EMPTY.copy()  # at half the cost of a new one
    made.update("\0".join(parts).encode("utf-8", "surrogatepass"))
    return made.hexdigest()


def key_of(call: str) -> str:
    """The key of a turn of this one call, which most are: what `digest` gives, somewhat sooner."""
    made = _CALLS.copy()
    made.update(call.encode("utf-8", "surrogatepass"))
    return made.hexdigest()


def own_words(texts: Iterable[str]) -> str:
    """What a user said in these texts, as it is compared.

    Agents add reminders and move or change them (Claude Code 2.1.197, OpenCode 1.18.33; measured
    2026-11-20), and they merge messages: neither the reminders nor the white space count, unless
    there is nothing else.
    """
    whole = "\n".join(texts)
    # Behind the last end there may be beginnings, each of which would be followed to the text's.
    reminders, ended, rest = whole.rpartition(_REMINDED)
    words = _REMINDER.sub(" ", reminders + ended) + rest
    return " ".join(words.split()) or whole.strip()


def is_random(call: str) -> bool:
    """Whether an id of a call is unique by itself: DeepSeek's, Anthropic's, not `call_0`."""
    end = call[-24:]  # theirs are known by that, at a third of the cost
    if len(end) == 24 and end.isascii() and end.isalnum() and not (end.isalpha() or end.isdigit()):
        return True
    return _RANDOM.search(call) is not None


def without_leak(texts: Iterable[str], reasoning: str) -> tuple[str, ...] | None:
    """The visible texts less the reasoning at their head; None when it does not stand there.

    OpenCode and pi turn reasoning into text on a model switch (measured with 1.18.33 and
    0.73.1, 2026-11-20): as a block of its own on Messages, glued to the answer on Chat.
    """
    rest, missing = list(texts), reasoning.strip()
    while rest and missing:
        head = rest[0].strip()
        if missing.startswith(head):
            missing = missing[len(head) :].lstrip()
            rest.pop(0)
        elif head.startswith(missing):
            rest[0] = rest[0].lstrip()[len(missing) :]
            missing = ""
        else:
            return None
    return None if missing else tuple(rest)
