"""What an exchange costs: dated prices, and the hours in which they are higher.

Read when a cost is asked for and never on the way to the agent's start. Prices are the vendor's
published lists; where two currencies are listed, each is its own list and none is converted.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from dsfix.protocol.usage import Usage
from dsfix.upstreams.base import Upstream

_HERE = Path(__file__).parent
_NAME = re.compile(r"[\w-]{1,64}")  # a record, which may be anybody's, names its vendor
_THOUSAND, _MILLION = Decimal(1_000), Decimal(1_000_000)


class Price(NamedTuple):
    """Per million tokens of input found in the cache, other input, and output with reasoning.

    `write` is that of input which the agent asked to be kept, and `write_1h` where it is kept for
    an hour. `since` is the day from which that list holds. `search` and `fetch` are per thousand:
    of searches of the web, and of pages read for it; 0 where the vendor lists none.
    """

    currency: str
    hit: Decimal
    miss: Decimal
    output: Decimal
    write: Decimal
    write_1h: Decimal
    since: datetime
    peak: bool = False
    search: Decimal = Decimal(0)
    fetch: Decimal = Decimal(0)


class _Web(NamedTuple):
    """What a thousand searches of the web cost, and a thousand pages read."""

    since: datetime
    currency: str
    price: Mapping[str, Decimal]


class _Row(NamedTuple):
    """A price for prompts of more than `above` tokens; 0 is for those of any length."""

    since: datetime
    model: str
    currency: str
    above: int
    plain: Mapping[str, Decimal]
    peak: Mapping[str, Decimal]


class _Hours(NamedTuple):
    """When prices are higher, in the vendor's own time; days of the week are 1 to 7."""

    since: datetime
    zone: timezone
    days: frozenset[int]
    hours: tuple[tuple[time, time], ...]
    holidays: bool


class PriceList(NamedTuple):
    """All that a vendor's file says.

    `as_of` is the day on which it was last compared with the page it is from, `source`. `unknown`
    is why it has no prices, where it has none.
    """

    as_of: date = date.min
    source: str = ""
    unknown: str = ""
    rows: tuple[_Row, ...] = ()
    web: tuple[_Web, ...] = ()
    hours: tuple[_Hours, ...] = ()
    holidays: frozenset[date] = frozenset()


def price(
    upstream: Upstream, model: str, when: datetime, currency: str = "USD", prompt: int = 0
) -> Price | None:
    """What a million tokens of this model cost at that moment, None where no list says so.

    `model` is the name that served, or an alias; the list is that of the vendor whose rules hold.
    Some ask for more where the whole prompt, cached or not, has more than so many tokens: then
    that price is the one of all its tokens and of the answer's.
    Whether it goes by the moment of the request or of the answer's end is documented nowhere;
    litellm takes the end (BerriAI/litellm-docs#1568), and so should the caller.
    Raises ValueError for a time without a zone.
    """
    if when.tzinfo is None:
        raise ValueError("a price needs a time with its zone")
    known = listed(upstream.vendor)
    found = priced(known, model, when, currency, prompt)
    return found or priced(known, upstream.aliases.get(model, ""), when, currency, prompt)


def priced(
    known: PriceList, model: str, when: datetime, currency: str, prompt: int
) -> Price | None:
    """What that list says of that very name."""
    rows = [row for row in known.rows if (row.model, row.currency) == (model, currency)]
    since = max((row.since for row in rows if row.since <= when), default=None)
    held = [row for row in rows if row.since == since and row.above < max(prompt, 1)]
    if not held:
        return None
    row = max(held, key=lambda each: each.above)
    peak = bool(row.peak) and _is_peak(known, when)
    tokens, web = row.peak if peak else row.plain, _web(known, when, currency)
    return Price(currency, **tokens, **web, since=row.since, peak=peak)


def _web(known: PriceList, when: datetime, currency: str) -> Mapping[str, Decimal]:
    """What looking up the web costs then; nothing where the list does not say."""
    held = [each for each in known.web if each.currency == currency and each.since <= when]
    return max(held, key=lambda each: each.since).price if held else {}


def cost(price: Price, usage: Usage) -> Decimal:
    """What one exchange costs, in the price's currency, without rounding.

    Reasoning is part of the output, and what was put into the cache is billed as that only.
    """
    missed = usage.input - usage.cached - usage.written
    spent = usage.cached * price.hit + missed * price.miss + usage.output * price.output
    brief = usage.written - usage.written_1h
    web = (usage.searches * price.search + usage.fetches * price.fetch) / _THOUSAND
    return (spent + brief * price.write + usage.written_1h * price.write_1h) / _MILLION + web


def _is_peak(known: PriceList, when: datetime) -> bool:
    """Whether the hours that hold then are those of higher prices: from a start, before an end."""
    held = [hours for hours in known.hours if hours.since <= when]
    if not held:
        return False
    hours = max(held, key=lambda each: each.since)
    local = when.astimezone(hours.zone)
    if local.isoweekday() not in hours.days:
        return False
    if local.date() in known.holidays and not hours.holidays:
        return False
    return any(start <= local.time() < end for start, end in hours.hours)


@cache
def listed(vendor: str) -> PriceList:
    """The price list of a vendor, empty where it has none or one that cannot be read.

    The tests hold the files to their form; whoever adds one that is wrong has no prices, and an
    agent's end is not in the way of that.
    """
    path = _HERE / f"{vendor}.toml"
    if not _NAME.fullmatch(vendor) or not path.is_file():
        return PriceList()
    try:
        return parsed(path.read_text(encoding="utf-8"))
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return PriceList(source=str(path), unknown="its price list cannot be read")


def parsed(text: str) -> PriceList:
    """The price list that a file says; the files are held to their form by the tests."""
    data = tomllib.loads(text, parse_float=Decimal)
    return PriceList(
        data["as_of"],
        data["source"],
        data.get("unknown", ""),
        tuple(row for table in data.get("prices", ()) for row in _rows(table)),
        tuple(
            _Web(table["from"].astimezone(UTC), table["currency"], _plain(table["price"]))
            for table in data.get("web", ())
        ),
        tuple(_hours(table) for table in data.get("peak", ())),
        frozenset(day for pair in data.get("holidays", {}).get("days", ()) for day in _days(pair)),
    )


def _rows(table: Mapping[str, Any]) -> tuple[_Row, ...]:
    since, above = table["from"].astimezone(UTC), table.get("above", 0)
    plain, peak = (_decimals(table[key]) if key in table else {} for key in ("price", "peak"))
    return tuple(
        _Row(since, model, table["currency"], above, plain, peak) for model in table["models"]
    )


def _decimals(table: Mapping[str, Any]) -> dict[str, Decimal]:
    """The prices by kind; what is written to the cache costs what is not in it, if none is said."""
    given = _plain(table)
    write = given.get("write", given["miss"])
    return {"write": write, "write_1h": write, **given}


def _plain(table: Mapping[str, Any]) -> dict[str, Decimal]:
    return {key: Decimal(value) for key, value in table.items()}


def _hours(table: Mapping[str, Any]) -> _Hours:
    return _Hours(
        table["from"].astimezone(UTC),
        timezone(timedelta(hours=table["utc_offset"])),
        frozenset(table["weekdays"]),
        tuple((start, end) for start, end in table["hours"]),
        table["on_holidays"],
    )


def _days(pair: list[date]) -> list[date]:
    """All days from the first to the last."""
    first, last = pair
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
