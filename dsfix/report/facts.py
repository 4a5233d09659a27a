"""What is known of a session besides its exchanges, and what is to be said of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dsfix.admission import Refusal
from dsfix.record.exchange import Exchange
from dsfix.record.limits import UNLIMITED, Limits
from dsfix.upstreams import host_of, is_loopback

# An agent that lived this many seconds without a request was asked nothing, or went past us.
BYPASS_AFTER = 5.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What a summary needs besides the exchanges.

    `upstream` is its origin. `started` is wall-clock seconds, `duration` seconds. `exit_code`
    is None while the agent lives or when nobody knows. `record` is the path of the events file,
    empty when nothing is on disk. `bypass` names settings that may send traffic past us;
    `notes` are remarks to pass on; `beyond` counts exchanges that are not among those given.
    `limits` are those that held at the end, `turned_away` the refusals at the door with how often
    each was given.
    """

    session: str
    agent: str
    upstream: str
    started: float = 0.0
    duration: float = 0.0
    exit_code: int | None = None
    record: str = ""
    bypass: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    beyond: int = 0
    limits: Limits = UNLIMITED
    turned_away: Sequence[tuple[Refusal, int]] = ()

    @property
    def plain_http(self) -> bool:
        """Whether the key and what was said could be read on the way to the upstream."""
        return self.upstream.startswith("http:") and not is_loopback(host_of(self.upstream))


def notes_on(exchanges: Sequence[Exchange], facts: Facts) -> list[str]:
    """The remarks to pass on, and what is remarkable by itself."""
    notes = list(facts.notes)
    if not (exchanges or facts.turned_away) and facts.duration > BYPASS_AFTER:
        way = " or ".join(facts.bypass)
        went = f"; if {facts.agent} was asked anything, it bypassed dsfix, likely because of {way}"
        notes.append(f"no request came through{went if way else ''}")
    if facts.plain_http:
        notes.append(f"{facts.upstream} is plain http: key and texts were readable on the way")
    if facts.beyond:
        notes.append(f"{facts.beyond} more exchanges are in the record only")
    return notes
