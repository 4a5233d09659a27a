"""What recorded sessions spent: rows by day, model, agent, project or session, and a year of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from dsfix.protocol.usage import Usage
from dsfix.record.brief import Brief
from dsfix.report.cost import NOTHING, Costs, cost_of, exactly, model_of


class Spent(NamedTuple):
    """One exchange that used tokens, and whose it was; `amount` is None for an unknown price."""

    at: float
    model: str
    agent: str
    project: str
    session: str
    usage: Usage
    amount: Decimal | None


def spent(session: Brief, project: str, costs: Costs) -> Iterable[Spent]:
    """What a session spent, exchange by exchange."""
    agent = str(session.start.get("agent", "?"))
    for each in session.exchanges:
        if each.usage is not None:
            cost = cost_of(each, each.usage, costs)
            yield Spent(each.started, model_of(each), agent, project, session.id, each.usage, cost)


def _day(each: Spent) -> str:
    return datetime.fromtimestamp(each.at).strftime("%Y-%m-%d")


# What spending can be grouped by; a day is one of the user's own time zone.
GROUPS: Mapping[str, Callable[[Spent], str]] = {
    "day": _day,
    "model": lambda each: each.model,
    "agent": lambda each: each.agent,
    "project": lambda each: each.project,
    "session": lambda each: each.session,
}


class Row(NamedTuple):
    """Spending under one name. `amount` is of what has a price, `unknown` counts what has none."""

    name: str
    exchanges: int
    input: int
    cached: int
    output: int
    amount: Decimal
    unknown: int

    @classmethod
    def of(cls, name: str, some: Sequence[Spent]) -> Row:
        """The sum of these."""
        return cls(
            name,
            len(some),
            sum(each.usage.input for each in some),
            sum(each.usage.cached for each in some),
            sum(each.usage.output for each in some),
            sum((each.amount or NOTHING for each in some), NOTHING),
            sum(each.amount is None for each in some),
        )

    @property
    def tokens(self) -> int:
        """Input and output together."""
        return self.input + self.output

    @property
    def known(self) -> bool:
        """Whether anything of it has a price."""
        return self.unknown < self.exchanges or not self.exchanges

    def as_dict(self) -> dict[str, Any]:
        """For JSON; the amount is a decimal number as text, None where no price is known."""
        return {**self._asdict(), "amount": exactly(self.amount) if self.known else None}


def grouped(spending: Iterable[Spent], by: str) -> list[Row]:
    """Rows by name: days in order, everything else by amount, the greatest first."""
    groups: dict[str, list[Spent]] = {}
    for each in spending:
        groups.setdefault(GROUPS[by](each), []).append(each)
    rows = [Row.of(name, some) for name, some in groups.items()]
    if by == "day":
        return sorted(rows, key=lambda row: row.name)
    return sorted(rows, key=lambda row: (-row.amount, -row.tokens, row.name))


class Year(NamedTuple):
    """A year like the measured days: `days` on the calendar, on `active` of them something ran."""

    days: int
    active: int
    amount: Decimal
    tokens: int


def year(spending: Sequence[Spent], days: int) -> Year:
    """The measured spending, as if it went on for 365 days."""
    total = Row.of("", spending)
    active = len({_day(each) for each in spending})
    return Year(days, active, total.amount * 365 / days, total.tokens * 365 // days)
