"""A session's budget, looked at before each request.

What an open request may cost is reserved: its input, as if nothing of it were cached. So agents
that ask in parallel go over a limit by at most one answer each, and never by a prompt.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from dsfix.errors import UsageError
from dsfix.protocol.usage import TOKENS_PER_BYTE, Usage
from dsfix.record.exchange import Exchange
from dsfix.record.limits import REFUSED, Limits, raised
from dsfix.record.log import SessionLog
from dsfix.report.cost import Costs, cost_of, costs_of
from dsfix.upstreams.base import Upstream

# Of a refusal. Claude Code 2.1.197 and OpenCode 1.18.33 show its words and do not ask again
# (measured 2026-11-21).
STATUS = 402


class Used(NamedTuple):
    """What was used up, or is reserved."""

    cost: Decimal = Decimal(0)
    tokens: int = 0

    def plus(self, other: Used) -> Used:
        """Both together."""
        return Used(self.cost + other.cost, self.tokens + other.tokens)


class Reached(NamedTuple):
    """A limit that leaves no room, and in words by how much."""

    limit: str
    words: str


NOTHING = Used()


@dataclass(slots=True)
class Budget:
    """The limits of a session, and what came of them.

    `age` tells for how many seconds the session has run, whatever the wall clock was set to
    meanwhile. `raised` looks up limits that were changed; `session` is the name under which they
    can be, empty where they cannot.
    """

    limits: Limits
    age: Callable[[], float]
    costs: Costs
    raised: Callable[[], Limits]
    session: str
    _used: Used = NOTHING
    _requests: int = 0
    _open: dict[int, Used] = field(default_factory=dict)

    def refusal(self, exchange: Exchange, size: int, density: float = 0.0) -> str:
        """Why this request may not go out; empty where it may, and its input is reserved.

        `size` is its length in bytes and `density` tokens to a byte, where that was measured.
        """
        if not self.limits:
            return ""
        tokens = round(size * (density or TOKENS_PER_BYTE))
        reached = self._reached(exchange, tokens)
        if reached:
            self.limits = self.raised().over(self.limits)
            reached = self._reached(exchange, tokens)
        if reached:
            return f"{REFUSED}: {reached.words}. {self._raise(reached.limit)}"
        self._requests += 1
        self._open[exchange.id] = Used(self._cost(exchange, Usage(tokens)) or Decimal(0), tokens)
        return ""

    def settle(self, exchange: Exchange) -> None:
        """The exchange is over: what it used takes the place of what was reserved.

        An answer that was cut before its usage was told has used what was reserved.
        """
        reserved = self._open.pop(exchange.id, None)
        if reserved is None:
            return
        if usage := exchange.usage:
            cost = self._cost(exchange, usage) or Decimal(0)
            self._used = self._used.plus(Used(cost, usage.input + usage.output))
        elif 200 <= exchange.status < 300 or exchange.cut:
            self._used = self._used.plus(reserved)

    def _raise(self, limit: str) -> str:
        if not self.session:
            return "A private session cannot be given more"
        return f"Raise it with `dsfix sessions budget {self.session} --max-{limit} ...`, and go on"

    def _reached(self, exchange: Exchange, tokens: int) -> Reached | None:
        limits, used = self.limits, self._used
        for reserved in self._open.values():
            used = used.plus(reserved)
        minutes = self.age() / 60
        if limits.requests is not None and self._requests >= limits.requests:
            words = f"{self._requests:,} of {limits.requests:,} requests"
            return Reached("requests", words)
        if limits.minutes is not None and minutes >= limits.minutes:
            return Reached("minutes", f"{minutes:.1f} of {limits.minutes:g} minutes")
        if limits.tokens is not None and used.tokens + tokens > limits.tokens:
            both = f"{used.tokens:,} of {limits.tokens:,} tokens"
            return Reached("tokens", f"{both}, and this request has {tokens:,}")
        if limits.cost is None:
            return None
        cost = self._cost(exchange, Usage(tokens))
        if cost is None:
            only = f"only {limits.cost:f} {limits.currency} may be spent"
            return Reached(
                "cost", f"what {exchange.sent or 'this request'} costs is not known, and {only}"
            )
        if used.cost + cost > limits.cost:
            both = f"{used.cost:.4f} of {limits.cost:f} {limits.currency}"
            return Reached("cost", f"{both}, and this request may take {cost:.4f}")
        return None

    def _cost(self, exchange: Exchange, usage: Usage) -> Decimal | None:
        """None too where money is not limited: then prices need not be known.

        An upstream that names a model without a price has spent what was asked for all the same.
        """
        if self.limits.cost is None:
            return None
        found = cost_of(exchange, usage, self.costs)
        return self.costs(exchange.sent, usage, exchange.started) if found is None else found


def budget_of(
    limits: Limits,
    upstream: Upstream,
    models: Iterable[str],
    log: SessionLog,
    source: str = "--max-cost",
) -> Budget:
    """The budget of a session that begins now, to be spent on these models.

    Raises UsageError where money is limited and one of them has no known price; `source` is where
    that limit was set.
    """
    costs = costs_of(upstream, limits.currency)
    for model in models if limits.cost is not None else ():
        if costs(model, Usage(), log.began_at) is None:
            raise UsageError(
                f"the price of {model} at {upstream.name} in {limits.currency} is not known,"
                f" so the limit of {source} cannot be kept",
                hint="use --max-tokens or --max-requests, or a model that has a price",
            )
    name = log.id if log.directory is not None else ""
    began = time.monotonic()
    return Budget(
        limits, lambda: time.monotonic() - began, costs, lambda: raised(log.directory), name
    )
