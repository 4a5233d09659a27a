"""The account of one exchange: what was asked, what came back, what was changed on the way."""

from __future__ import annotations

from dataclasses import dataclass, field

from dsfix.changes import Change, Step
from dsfix.protocol.body import Dialect
from dsfix.protocol.usage import Usage

# Tokens. No model has read or said so many at once: an upstream that tells more miscounts.
MOST = 1 << 40


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at the upstream that was not the last: its status and words, and why again."""

    status: int
    words: str
    then: str


@dataclass(slots=True)
class Exchange:
    """One request of the agent and its response, filled in as it goes.

    Times: `started` is wall-clock seconds, `first_byte` and `duration` are seconds since then
    (None while they have not happened). `asked`, `sent` and `served` are the model's three
    names. `cut` says who ended the response before it was whole: `upstream`, `agent`, or empty.
    `conversation` names the thread and `kind` its label (main, sub-agent, title, probe, other).
    """

    id: int
    started: float
    dialect: Dialect
    path: str
    kind: str = "main"
    conversation: str = ""
    stream: bool = False
    asked: str = ""
    sent: str = ""
    served: str = ""
    status: int = 0
    finish: str = ""
    error: str = ""
    cut: str = ""
    step: Step = Step.NONE
    usage: Usage | None = None
    first_byte: float | None = None
    duration: float | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    replayed: int = 0
    placeholders: int = 0
    changes: list[Change] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)


def counted(usage: Usage | None) -> Usage | None:
    """The usage; None where a count of it is none that an answer can have.

    More was never found in the cache than was sent: its price would be less than nothing. And no
    answer is made of nothing: a relay that says so has not counted, and would cost nothing.
    """
    if usage is None or usage.cached + usage.written > usage.input:
        return None
    if not usage.input and not usage.output:
        return None
    counts = usage.input, usage.cached, usage.output, usage.written, usage.written_1h
    looked_up = usage.reasoning or 0, usage.searches, usage.fetches
    return usage if all(map(is_count, (*counts, *looked_up))) else None


def is_count(value: object) -> bool:
    """Whether that is a number of tokens, or of anything else that is counted of an answer."""
    return isinstance(value, int) and 0 <= value <= MOST
