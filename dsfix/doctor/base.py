"""What a probe is: a question in one or more requests, and a judge of the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from dsfix.doctor.finding import Level
from dsfix.doctor.reply import Reply
from dsfix.protocol.body import Dialect

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Unasked(Exception):
    """A question that makes no sense after the answers so far; the text says why."""


class Verdict(NamedTuple):
    """What the endpoint did: a stable word, and its own words or the particulars."""

    word: str
    said: str = ""


class Meaning(NamedTuple):
    """What a word means for the user, and what to do about it."""

    means: str
    do: str = ""


class Call(NamedTuple):
    """One request: `path` names an entry of the upstream's paths."""

    path: str
    body: Mapping[str, Any] | None = None

    @property
    def method(self) -> str:
        """A request without a body is a GET."""
        return "GET" if self.body is None else "POST"


class Scene(NamedTuple):
    """What a question can be made from: the models, and the answers that came before it.

    `vision` is a model that sees images.
    """

    model: str
    vision: str
    replies: tuple[Reply, ...] = ()


class Probe(NamedTuple):
    """One question to the endpoint.

    `asks` make its requests, sent in order; each gets the answers of the probes in `needs` (the
    last one of each) and those of the requests before it. Without requests the probe judges the
    answers it needs. `judge` gets the same answers; but for Unasked nothing that it raises gets
    further than to the word `malformed`. `good` are the words that an agent can live with; with
    any other the probe is `otherwise`, unless it is good `through` dsfix. `tokens` is about what
    it costs.
    """

    name: str
    title: str
    judge: Callable[[Sequence[Reply]], Verdict]
    good: frozenset[str]
    asks: tuple[Callable[[Scene], Call], ...] = ()
    needs: tuple[str, ...] = ()
    dialect: Dialect | None = None
    otherwise: Level = Level.ACT
    through: bool = True
    tokens: int = 0
    words: Mapping[str, Meaning] = _NOTHING
