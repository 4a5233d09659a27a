"""How a session stands against its limits."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from dsfix.record.exchange import Exchange
from dsfix.record.limits import REFUSED, Limits
from dsfix.report.cost import Bill


class Standing(NamedTuple):
    """One limit and what was used of it. `unit` is `USD` or `CNY`, `tokens`, and so on."""

    unit: str
    used: Decimal
    limit: Decimal

    @property
    def left(self) -> Decimal:
        """What is left; never below 0."""
        return max(Decimal(0), self.limit - self.used)


def standings(
    limits: Limits, exchanges: Sequence[Exchange], bill: Bill | None, seconds: float
) -> tuple[Standing, ...]:
    """Each limit of a session that has lived so long. What is still open counts as a request."""
    found = []
    if limits.cost is not None and bill is not None:
        found.append(Standing(limits.currency, bill.amount, limits.cost))
    if limits.tokens is not None:
        used = sum(each.usage.input + each.usage.output for each in exchanges if each.usage)
        found.append(Standing("tokens", Decimal(used), Decimal(limits.tokens)))
    if limits.requests is not None:
        sent = sum(not refused(each) for each in exchanges)
        found.append(Standing("requests", Decimal(sent), Decimal(limits.requests)))
    if limits.minutes is not None:
        lived = Decimal(seconds / 60).quantize(Decimal("0.1"))
        found.append(Standing("minutes", lived, Decimal(str(limits.minutes))))
    return tuple(found)


def refused(exchange: Exchange) -> bool:
    """Whether the budget had no room for it."""
    return exchange.error.startswith(REFUSED)
