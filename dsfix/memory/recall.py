"""Which stored turn is meant: decided from what is stored, without any I/O.

What is ambiguous is unknown: a wrong reasoning is worse than a placeholder
(mnfst/llm-gateway#2339 attached reasoning to the wrong turn by matching visible text alone).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from dsfix.protocol.turns import UNNAMED, Reasoning, Turn, digest, is_random, without_leak
from dsfix.repairs.recall import Place

_HEADS = (16, 64, 256, 1024)  # characters
# A text of that many characters that is known once only is no coincidence.
LONG = 48


class Stored(msgspec.Struct, frozen=True, gc=False):
    """One turn in memory."""

    key: str
    calls: tuple[str, ...]
    names: tuple[str, ...]
    text: str
    previous: str
    chain: str
    session: str
    heads: tuple[str, ...]
    reasoning: Reasoning

    @classmethod
    def of(cls, turn: Turn, place: Place) -> Stored:
        """A turn as it is stored, with where it stood."""
        text = digest("text", turn.text)
        reasoning = turn.reasoning or Reasoning()
        where = (place.previous, place.chain, place.session)
        return cls(turn.key, turn.calls, turn.names, text, *where, heads(turn.text), reasoning)

    @property
    def words(self) -> str:
        """All that others wrote in it; the rest are digests."""
        signatures = (signature for _, signature in self.reasoning.blocks)
        return "\n".join((self.reasoning.text, *signatures, *self.calls, *self.names, self.session))

    @property
    def found_by(self) -> list[tuple[str, str]]:
        """All that it is found by: calls, else its key or the user's turn before it; its place.

        Random ids are enough, so that it is not found by its place as well.
        """
        place = ("chain", self.chain)
        if not self.calls:
            return [("key", self.key), ("previous", self.previous), place]
        calls = [("call", call) for call in self.calls]
        return calls if all(map(is_random, self.calls)) else [*calls, place]

    def stood_at(self, place: Place) -> bool:
        """Whether it was stored at exactly this place."""
        where = (place.previous, place.chain, place.session)
        return (self.previous, self.chain, self.session) == where


def heads(text: str) -> tuple[str, ...]:
    """How a text begins, at a few lengths: an interrupted agent may keep less than was sent."""
    return tuple(digest("head", text[:length]) for length in _HEADS if len(text) >= length)


def begins(stored: Stored, text: str) -> bool:
    """Whether a text can be the beginning of a stored turn's."""
    own = heads(text)
    return bool(own) and stored.heads[: len(own)] == own


def is_another(stored: Stored, turn: Turn, place: Place) -> bool:
    """Whether one that stood elsewhere, and says the same, cannot be this turn.

    Another session has said as little, which happens often; or it still stands there.
    """
    if stored.chain == place.chain:
        return False
    other = stored.session != place.session and "" not in (stored.session, place.session)
    return (other and len(turn.text) < LONG) or place.holds(stored.key, stored.chain)


def chosen(found: Sequence[Stored], turn: Turn, place: Place) -> Stored | None:
    """The one stored turn that is meant, None when several could be.

    Some vendors repeat ids (`call_0`), and users repeat themselves: then the tools' names
    decide, then this very place, the agent's session, the user's turn before, all that stood
    before, and what it says: each among those that the ones before have left. An id that is no
    random one means nothing by itself, even if it is known once only.
    """
    if found and not all(map(is_random, found[0].calls)):
        found = _of_counted(found, turn, place)
    if not found:
        return None
    if len(found) == 1:
        return found[0]
    text = digest("text", turn.text)
    tests: tuple[Callable[[Stored], bool], ...] = (
        lambda each: True,
        lambda each: not turn.names or each.names == turn.names,
        lambda each: (each.previous, each.chain) == (place.previous, place.chain),
        lambda each: bool(place.session) and each.session == place.session,
        lambda each: each.previous == place.previous,
        lambda each: each.chain == place.chain,
        lambda each: _says(each, turn, text),
    )
    fits = found
    for test in tests:
        fits = [each for each in fits if test(each)] or fits
        if len({each.reasoning.text for each in fits}) == 1:
            return fits[0]
    return None


def _of_counted(found: Sequence[Stored], turn: Turn, place: Place) -> Sequence[Stored]:
    """Of turns whose ids are no random ones, of which there are many alike, those that may be it.

    That is the one at this place, if it calls the same tools or more. Any other of the session, or
    behind these results where one of the two has no session's name, has moved: then it says the
    same, and stands in its own place no more.
    """
    key, names, text = turn.key, sorted(turn.names), digest("text", turn.text)
    found = [e for e in found if e.key != key or e.names == turn.names or sorted(e.names) == names]
    if here := [each for each in found if each.chain == place.chain]:
        return here
    if place.renames or turn.calls[0].startswith(UNNAMED):  # the id is of where it stands
        return []
    return [
        each
        for each in found
        if each.key == key
        and (each.previous == place.previous or (place.session and each.session == place.session))
        and _says(each, turn, text)
        and not is_another(each, turn, place)
    ]


def _says(stored: Stored, turn: Turn, text: str) -> bool:
    """Whether the stored turn has this text (a digest), reasoning that leaked into it aside."""
    return stored.text == text or unleaked(turn, stored) is not None


def unleaked(turn: Turn, stored: Stored) -> tuple[str, ...] | None:
    """The turn's texts without the reasoning that leaked into them, None if none did."""
    if not turn.texts or not stored.reasoning.text:
        return None
    rest = without_leak(turn.texts, stored.reasoning.text)
    if rest is None or digest("text", turn.text) == stored.text:
        return None
    return rest if digest("text", "".join(rest).strip()) == stored.text else None
