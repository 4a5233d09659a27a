"""What exchanges cost: by the upstream's own count, the model that served, and the price then.

The price is that of the moment at which the answer ended; see `dsfix.upstreams.prices`. Nothing
here guesses: a model without a known price is told as such, and never counted as 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from dsfix.errors import UsageError
from dsfix.protocol.usage import Usage
from dsfix.record.exchange import Exchange
from dsfix.record.limits import CURRENCIES, Limits
from dsfix.upstreams import resolve
from dsfix.upstreams.base import Upstream

if TYPE_CHECKING:
    from dsfix.report.cache import Saved

NOTHING = Decimal(0)
OLD = 30  # days
_LEAST = Decimal("0.0001")  # what is told of an amount
# What a usage of a model costs at a time (wall-clock seconds); None where no price is known.
Costs = Callable[[str, Usage, float], Decimal | None]


def costs_of(upstream: Upstream, currency: str) -> Costs:
    """The costs at that upstream's dated prices, in USD or CNY."""
    from dsfix.upstreams import prices

    def costs(model: str, usage: Usage, at: float) -> Decimal | None:
        when = datetime.fromtimestamp(at, UTC)
        found = prices.price(upstream, model, when, currency, usage.input)
        return None if found is None else prices.cost(found, usage)

    return costs


class Dated(NamedTuple):
    """A vendor's price list: `age` in days since it was compared with the page, its `source`.

    `unknown` says why there are no prices, where there are none.
    """

    vendor: str
    as_of: date
    age: int
    source: str
    unknown: str

    @property
    def is_old(self) -> bool:
        """Whether prices are likely to have changed since: DeepSeek's did twice in 30 days."""
        return self.age > OLD

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**self._asdict(), "as_of": self.as_of.isoformat()}


def dated(upstream: Upstream, today: date) -> Dated | None:
    """The price list of that upstream's vendor, None where it has none."""
    from dsfix.upstreams import prices

    found = prices.listed(upstream.vendor)
    if not found.source:
        return None
    age = (today - found.as_of).days
    return Dated(upstream.vendor, found.as_of, age, found.source, found.unknown)


def cost_of(exchange: Exchange, usage: Usage, costs: Costs) -> Decimal | None:
    """What this usage in that exchange costs: by the model that served.

    By the one that was asked for only where nobody told which did; one that has no price is never
    counted at the price of another.
    """
    ended = exchange.started + (exchange.duration or 0.0)
    return costs(exchange.served or exchange.sent, usage, ended)


def exactly(value: Decimal) -> str:
    """For JSON: a decimal number as text, at most nine decimals, without zeros at the end."""
    return format(round(value, 9).normalize(), "f")


def amount(value: Decimal, currency: str) -> str:
    """An amount of money: $12.34, below 1 with four decimals: ¥0.0123, and less is <$0.0001."""
    sign = {"USD": "$", "CNY": "¥"}.get(currency, f"{currency} ")
    if 0 < value <= _LEAST / 2:
        return f"<{sign}{_LEAST}"
    return f"{sign}{value:,.{2 if value >= 1 else 4}f}"


class Bill(NamedTuple):
    """What exchanges cost together, by the price list of the vendor named by `prices`.

    `listed` is how old that list was at the last of them, None where the vendor has none. `cached`
    is what they would have cost more without the cache, and `repairs` how much of that is due to
    repairs. `unknown` counts exchanges by model where no price is known, and `untold` those
    of whose tokens nobody told, or, of one that broke off, those of its prompt alone.
    """

    currency: str
    prices: str = ""
    amount: Decimal = NOTHING
    cached: Decimal = NOTHING
    repairs: Decimal = NOTHING
    priced: int = 0
    unknown: tuple[tuple[str, int], ...] = ()
    untold: int = 0
    listed: Dated | None = None

    def redacted(self, redact: Callable[[str], str]) -> Bill:
        """The same with the names that came from outside redacted."""
        return self._replace(unknown=tuple((redact(name), count) for name, count in self.unknown))

    def as_dict(self) -> dict[str, Any]:
        """For JSON; amounts are decimal numbers as text, None where no price is known at all."""
        known = self.priced > 0 or not self.unknown
        return {
            "currency": self.currency,
            "prices": self.prices,
            "price_list": self.listed and self.listed.as_dict(),
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
            unknown[model_of(each)] += 1
        else:
            priced += 1
            untold += _broke_off(each)
            amount += cost
            cached += _gain(each, usage, usage.cached, costs)
            repairs += _gain(each, usage, kept.get(each.id, 0), costs)
    return Bill(currency, "", amount, cached, repairs, priced, tuple(unknown.most_common()), untold)


def bill_of(
    exchanges: Sequence[Exchange],
    upstream: Upstream,
    currencies: Sequence[str] = CURRENCIES,
    saved: Sequence[Saved] = (),
) -> Bill:
    """The bill at that upstream's prices, in the first of these currencies that it has some in."""
    tried: list[Bill] = []
    last = datetime.fromtimestamp(max((each.started for each in exchanges), default=0), UTC)
    listed = dated(upstream, last.date()) if exchanges else None
    for each in currencies:
        bill = billed(exchanges, costs_of(upstream, each), each, saved)
        tried.append(bill._replace(prices=upstream.vendor, listed=listed))
        if bill.priced:
            return tried[-1]
    return tried[0]


def told_in(limits: Limits, currency: str = "auto") -> tuple[str, ...]:
    """The currency of a limit of cost alone; else the setting's before the others."""
    if limits.cost is not None:
        return (limits.currency,)
    return tuple(sorted(CURRENCIES, key=lambda each: each != currency))


def bill_at(
    exchanges: Sequence[Exchange],
    upstream: Upstream | None,
    limits: Limits,
    saved: Sequence[Saved] = (),
    currency: str = "auto",
) -> Bill | None:
    """The bill at that upstream's prices; None where nobody knows which it was."""
    if upstream is None:
        return None
    return bill_of(exchanges, upstream, told_in(limits, currency), saved)


def upstream_of(start: Mapping[str, Any]) -> Upstream | None:
    """The upstream of a session that began so; None where its address is none.

    By its address alone a relay on this machine would be taken for the default vendor, and so
    would a user's own table: whose rules held is told beside it.
    """
    try:
        found = resolve(str(start.get("upstream", "")), allow_plain_http=True)
    except UsageError:
        return None
    return found._replace(vendor=str(start.get("vendor") or found.vendor))


def _gain(exchange: Exchange, usage: Usage, tokens: int, costs: Costs) -> Decimal:
    """What so many tokens of a prompt cost less for having been in the cache."""
    anew = cost_of(exchange, replace(usage, cached=usage.cached - tokens), costs) or NOTHING
    return anew - (cost_of(exchange, usage, costs) or NOTHING)


def _may_have_cost(exchange: Exchange) -> bool:
    return 200 <= exchange.status < 300 or bool(exchange.cut)


def _broke_off(exchange: Exchange) -> bool:
    """Whether its count is that of its beginning: Messages tells the prompt's tokens first."""
    return bool(exchange.cut or exchange.error) and not exchange.finish


def model_of(exchange: Exchange) -> str:
    """The model that an exchange is counted under: the one that served, if it was told."""
    return exchange.served or exchange.sent or exchange.asked or "?"
