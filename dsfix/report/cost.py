"""What exchanges cost: by the upstream's own count, the model that served, and the price then.

The price is that of the moment at which the answer ended; see `dsfix.upstreams.prices`. Nothing
here guesses: a model without a known price is told as such, and never counted as 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from dsfix.errors import UsageError
from dsfix.protocol.usage import Usage
from dsfix.record.brief import Brief
from dsfix.record.exchange import Exchange
from dsfix.record.limits import CURRENCIES, Limits
from dsfix.upstreams import resolve
from dsfix.upstreams.base import Upstream

if TYPE_CHECKING:
    from dsfix.report.cache import Saved

NOTHING = Decimal(0)
# What a usage of a model costs at a time (wall-clock seconds); None where no price is known.
Costs = Callable[[str, Usage, float], Decimal | None]


def costs_of(upstream: Upstream, currency: str) -> Costs:
    """The costs at that upstream's dated prices, in USD or CNY."""
    from dsfix.upstreams import prices

    def costs(model: str, usage: Usage, at: float) -> Decimal | None:
        found = prices.price(upstream, model, datetime.fromtimestamp(at, UTC), currency)
        if found is None:
            return None
        return prices.cost(found, usage)

    return costs


def cost_of(exchange: Exchange, usage: Usage, costs: Costs) -> Decimal | None:
    """What this usage in that exchange costs: by the model that served, else by the one asked."""
    ended = exchange.started + (exchange.duration or 0.0)
    for model in filter(None, (exchange.served, exchange.sent)):
        if (found := costs(model, usage, ended)) is not None:
            return found
    return None


def exactly(value: Decimal) -> str:
    """For JSON: a decimal number as text, at most nine decimals, without zeros at the end."""
    return format(round(value, 9).normalize(), "f")


def amount(value: Decimal, currency: str) -> str:
    """An amount of money: $12.34, and below 1 with four decimals: ¥0.0123."""
    sign = {"USD": "$", "CNY": "¥"}.get(currency, f"{currency} ")
    return f"{sign}{value:,.{2 if value >= 1 else 4}f}"


class Bill(NamedTuple):
    """What exchanges cost together, by the price list of the vendor named by `prices`.

    `cached` is what they would have cost more without the cache, and `repairs` how much of that is
    due to repairs. `unknown` counts exchanges by model where no price is known, and `untold` those
    of whose tokens nobody told.
    """

    currency: str
    prices: str = ""
    amount: Decimal = NOTHING
    cached: Decimal = NOTHING
    repairs: Decimal = NOTHING
    priced: int = 0
    unknown: tuple[tuple[str, int], ...] = ()
    untold: int = 0

    def as_dict(self) -> dict[str, Any]:
        """For JSON; amounts are decimal numbers as text, None where no price is known at all."""
        known = self.priced > 0 or not self.unknown
        return {
            "currency": self.currency,
            "prices": self.prices,
            "amount": exactly(self.amount) if known else None,
            "saved_by_cache": exactly(self.cached) if known else None,
            "saved_by_repairs": exactly(self.repairs) if known else None,
            "unknown": dict(self.unknown),
            "untold": self.untold,
        }


def billed(
    exchanges: Iterable[Exchange], costs: Costs, currency: str, saved: Sequence[Saved] = ()
) -> Bill:
    """The bill for these exchanges."""
    kept = {each.exchange: each.tokens for each in saved}
    unknown: Counter[str] = Counter()
    amount = cached = repairs = NOTHING
    priced = untold = 0
    for each in exchanges:
        usage = each.usage
        if usage is None:
            untold += _may_have_cost(each)
        elif (cost := cost_of(each, usage, costs)) is None:
            unknown[_model(each)] += 1
        else:
            priced += 1
            amount += cost
            cached += _gain(each, usage.cached, costs)
            repairs += _gain(each, kept.get(each.id, 0), costs)
    return Bill(currency, "", amount, cached, repairs, priced, tuple(unknown.most_common()), untold)


def bill_of(
    exchanges: Sequence[Exchange],
    upstream: Upstream,
    currency: str = "",
    saved: Sequence[Saved] = (),
) -> Bill:
    """The bill at that upstream's prices; in dollars, if it has prices in dollars."""
    tried: list[Bill] = []
    for each in [currency] if currency else CURRENCIES:
        bill = billed(exchanges, costs_of(upstream, each), each, saved)
        tried.append(bill._replace(prices=upstream.vendor))
        if bill.priced or not bill.unknown:
            return tried[-1]
    return tried[0]


def bill_at(
    exchanges: Sequence[Exchange], origin: str, limits: Limits, saved: Sequence[Saved] = ()
) -> Bill | None:
    """The bill at the prices of the vendor at that address; None where it is no address."""
    try:
        upstream = resolve(origin, allow_plain_http=True)
    except UsageError:
        return None
    return bill_of(exchanges, upstream, "" if limits.cost is None else limits.currency, saved)


def _gain(exchange: Exchange, tokens: int, costs: Costs) -> Decimal:
    """What so many tokens cost less for having been in the cache."""
    anew = cost_of(exchange, Usage(tokens), costs) or NOTHING
    return anew - (cost_of(exchange, Usage(tokens, tokens), costs) or NOTHING)


def _may_have_cost(exchange: Exchange) -> bool:
    return 200 <= exchange.status < 300 or bool(exchange.cut)


def _model(exchange: Exchange) -> str:
    return exchange.served or exchange.sent or exchange.asked or "?"


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
            yield Spent(each.started, _model(each), agent, project, session.id, each.usage, cost)


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
