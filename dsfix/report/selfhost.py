"""Does owning the hardware pay? A year of one against a year of the other.

The formulas and the three scenarios are those of the 2026-03-19 article "Does self-hosting a model
pay?" (svtter.cn): tokens a day x price x 365 against depreciation, power, hosting, operations and
redundancy. Its price is one for input and output together; a measured one counts the cache, which
decides the answer. Every number that is assumed is one that the user can change.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

DAYS = 365
HOURS = 8760
SECONDS = 86_400
MILLION = 1_000_000


class Assumption(NamedTuple):
    """A number that nobody has measured here: its value in each currency, and what it means."""

    name: str
    cny: Decimal
    usd: Decimal
    meaning: str
    money: bool = False


def _money(name: str, cny: str, usd: str, meaning: str) -> Assumption:
    return Assumption(name, Decimal(cny), Decimal(usd), meaning, money=True)


def _number(name: str, value: str, meaning: str) -> Assumption:
    return Assumption(name, Decimal(value), Decimal(value), meaning)


# A small inference box of two GPUs, which is the article's scenario in the middle: with these
# numbers a year of it costs what the article's range has in its middle.
ASSUMPTIONS = (
    _money("hardware", "150000", "21000", "price of the machine"),
    _number("years", "3", "years in which it is written off"),
    _number("kilowatts", "1.2", "kW it draws, day and night"),
    _number("pue", "1.3", "power of the room for each kW of the machine"),
    _money("kwh", "0.8", "0.11", "price of a kWh"),
    _money("hosting", "6000", "850", "network and room, a year"),
    _money("operations", "15000", "2100", "people who run it, a year"),
    _number("spares", "0.05", "share of the machine's price held in reserve, a year"),
    _number("speed", "1500", "tokens a second it takes in and gives out, at full load"),
    _number("utilisation", "0.3", "share of the day in which it can be kept busy"),
)
NAMES = tuple(each.name for each in ASSUMPTIONS)


class Owning(NamedTuple):
    """What owning costs in a year, by kind."""

    depreciation: Decimal
    power: Decimal
    hosting: Decimal
    operations: Decimal
    spares: Decimal

    @property
    def total(self) -> Decimal:
        """All of it."""
        return sum(self, Decimal(0))


class Comparison(NamedTuple):
    """A year of the API against a year of owning.

    `price` is for a million tokens, as they are mixed. `break_even` is tokens a day at which
    both cost the same, and `needed` the share of the day for which the machine must be busy then;
    above `utilisation` it cannot be. Both are None where the API costs nothing.
    """

    tokens: Decimal
    price: Decimal
    api: Decimal
    owning: Owning
    break_even: Decimal | None
    needed: Decimal | None
    busy: Decimal
    utilisation: Decimal

    @property
    def verdict(self) -> str:
        """In one sentence."""
        if self.busy > self.utilisation:
            return "one such machine cannot do this work"
        if self.needed is None or self.needed > self.utilisation:
            return "the API is cheaper: such a machine cannot do enough work to pay"
        if self.api < self.owning.total:
            return "the API is cheaper at this volume"
        return "owning is cheaper, if the model and the utilisation hold"


class Scenario(NamedTuple):
    """A volume, a set-up for it, and what owning that costs in a year: from, to."""

    name: str
    tokens: int
    setup: str
    low: int
    high: int

    def api(self, price: Decimal) -> Decimal:
        """A year of the API."""
        return annual(Decimal(self.tokens), price)

    def verdict(self, price: Decimal) -> str:
        """In the article's words."""
        api = self.api(price)
        if api < self.low:
            return "API cheaper"
        return "owning may be cheaper" if api > self.high else "near break-even"


# In CNY; PRICE is for a million tokens, input and output together. The article's own table.
PRICE = Decimal(50)
SCENARIOS = (
    Scenario("light", 500_000, "one high-end workstation", 20_000, 40_000),
    Scenario("medium", 5_000_000, "two GPUs or a small inference box", 60_000, 120_000),
    Scenario("heavy", 50_000_000, "multi-GPU server or cluster", 400_000, 800_000),
)


def annual(tokens: Decimal, price: Decimal) -> Decimal:
    """A year of so many tokens a day at a price for a million."""
    return tokens * price * DAYS / MILLION


def assumed(currency: str, given: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Every assumption by name, with the user's own values in place."""
    values = {each.name: each.cny if currency == "CNY" else each.usd for each in ASSUMPTIONS}
    return {**values, **given}


def owning(values: Mapping[str, Decimal]) -> Owning:
    """A year of owning, under these assumptions."""
    return Owning(
        values["hardware"] / values["years"],
        values["kilowatts"] * values["pue"] * HOURS * values["kwh"],
        values["hosting"],
        values["operations"],
        values["hardware"] * values["spares"],
    )


def compared(tokens: Decimal, price: Decimal, values: Mapping[str, Decimal]) -> Comparison:
    """The two, for so many tokens a day at a price for a million of them."""
    own = owning(values)
    full = values["speed"] * SECONDS
    even = own.total * MILLION / DAYS / price if price else None
    return Comparison(
        tokens,
        price,
        annual(tokens, price),
        own,
        even,
        even / full if even is not None else None,
        tokens / full,
        values["utilisation"],
    )
