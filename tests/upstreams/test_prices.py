"""What an exchange costs at a known time, computed by hand from the published lists."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dsfix.protocol.usage import Usage
from dsfix.upstreams import NAMES, named, resolve
from dsfix.upstreams.prices import Price, cost, listed, parsed, price

DEEPSEEK = named("deepseek")
FLASH, PRO = "deepseek-flash", "deepseek-v4-pro"
ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "upstreams.md").read_text(encoding="utf-8")
FILES = sorted((ROOT / "dsfix" / "upstreams" / "prices").glob("*.toml"))
# One million tokens of each kind, so a row reads as the published numbers do.
EACH = Usage(input=2_000_000, output=1_000_000, cached=1_000_000)

# model, time in UTC, currency, and hit + miss + output of the list that holds then
EXCHANGES = [
    # before peak hours: flat, at any hour
    (PRO, "2026-08-10T02:00", "CNY", "0.025 3 6"),
    ("deepseek-v4-flash", "2026-08-10T02:00", "USD", "0.0028 0.14 0.28"),
    (PRO, "2026-08-16T07:00", "USD", "0.003625 0.435 0.87"),
    ("deepseek-v4-flash", "2026-08-16T15:59:59", "USD", "0.0028 0.14 0.28"),
    # peak hours from 2026-08-16T16:00Z, at first on every day of the week
    ("deepseek-v4-flash", "2026-08-16T16:00", "USD", "0.007 0.22 0.66"),
    ("deepseek-v4-flash", "2026-08-17T01:00", "USD", "0.014 0.44 1.32"),
    (PRO, "2026-08-17T01:00", "USD", "0.044 1.32 3.96"),
    (PRO, "2026-08-17T01:00", "CNY", "0.30 9 27"),
    ("deepseek-v4-flash", "2026-08-17T11:00", "CNY", "0.05 1.5 4.5"),
    (PRO, "2026-08-22T02:00", "USD", "0.044 1.32 3.96"),  # a Saturday
    # weekends off from 2026-08-22T16:00Z
    (PRO, "2026-08-23T02:00", "USD", "0.022 0.66 1.98"),  # the Sunday behind it
    (PRO, "2026-08-29T06:00", "USD", "0.022 0.66 1.98"),
    # V4.1-Flash from 2026-09-10T04:00Z, a Thursday; its first second is out of the window
    ("deepseek-v4-flash", "2026-09-10T03:59:59", "USD", "0.014 0.44 1.32"),
    ("deepseek-v4-flash", "2026-09-10T04:00", "USD", "0.003 0.15 0.60"),
    ("deepseek-v4-flash", "2026-09-10T06:00", "USD", "0.006 0.30 1.20"),
    (FLASH, "2026-09-10T06:00", "CNY", "0.04 2 8"),
    # the edges of both windows, on Friday 2026-11-20
    (FLASH, "2026-11-20T00:59:59", "USD", "0.003 0.15 0.60"),
    (FLASH, "2026-11-20T01:00", "USD", "0.006 0.30 1.20"),
    (FLASH, "2026-11-20T03:59:59", "USD", "0.006 0.30 1.20"),
    (FLASH, "2026-11-20T04:00", "USD", "0.003 0.15 0.60"),
    (FLASH, "2026-11-20T05:59:59", "USD", "0.003 0.15 0.60"),
    (FLASH, "2026-11-20T06:00", "USD", "0.006 0.30 1.20"),
    (FLASH, "2026-11-20T09:59:59", "USD", "0.006 0.30 1.20"),
    (FLASH, "2026-11-20T10:00", "USD", "0.003 0.15 0.60"),
    (FLASH, "2026-11-20T10:00", "CNY", "0.02 1 4"),
    # Friday evening in UTC is Saturday in Beijing; Sunday evening is Monday, before nine
    (PRO, "2026-11-20T17:00", "USD", "0.022 0.66 1.98"),
    (PRO, "2026-11-22T17:00", "USD", "0.022 0.66 1.98"),
    (PRO, "2026-11-23T00:59:59", "USD", "0.022 0.66 1.98"),
    (PRO, "2026-11-23T01:00", "USD", "0.044 1.32 3.96"),
    # National Day, Thursday to Wednesday, and the first day of work behind it
    (FLASH, "2026-09-30T07:00", "USD", "0.006 0.30 1.20"),
    (FLASH, "2026-10-01T07:00", "USD", "0.003 0.15 0.60"),
    (FLASH, "2026-10-07T09:59", "USD", "0.003 0.15 0.60"),
    (FLASH, "2026-10-08T01:00", "USD", "0.006 0.30 1.20"),
    # a Saturday that was worked in exchange stays off-peak: Monday to Friday is the rule
    (FLASH, "2026-10-10T02:00", "USD", "0.003 0.15 0.60"),
    # an alias is billed as what it stands for; before, it had a row of its own
    ("deepseek-v4-flash-vision-exp", "2026-11-20T02:00", "USD", "0.006 0.30 1.20"),
    ("deepseek-v4-flash-vision-exp", "2026-09-01T12:00", "USD", "0.007 0.22 0.66"),
]


@pytest.mark.parametrize(("model", "when", "currency", "numbers"), EXCHANGES)
def test_an_exchange(model: str, when: str, currency: str, numbers: str) -> None:
    """A million tokens of each kind cost what the list that held then says."""
    found = price(DEEPSEEK, model, datetime.fromisoformat(when).replace(tzinfo=UTC), currency)
    assert found is not None and found.currency == currency
    assert cost(found, EACH) == sum(map(Decimal, numbers.split()))
    hit, miss, output = map(Decimal, numbers.split())
    assert (found.hit, found.miss, found.output) == (hit, miss, output)


def test_a_cost_to_the_last_digit() -> None:
    """12,345 tokens in, 12,000 of them from the cache, and 678 out, off-peak on Flash."""
    found = price(DEEPSEEK, FLASH, datetime(2026, 11, 20, 12, tzinfo=UTC))
    assert found is not None
    # 12000 x 0.003 + 345 x 0.15 + 678 x 0.60 = 36 + 51.75 + 406.8 = 494.55 millionths
    assert cost(found, Usage(input=12_345, output=678, cached=12_000)) == Decimal("0.00049455")


@pytest.mark.parametrize(
    ("model", "when", "currency"),
    [
        ("deepseek-v9", "2026-11-20T02:00", "USD"),
        (FLASH, "2026-09-01T02:00", "USD"),  # before there was one
        ("deepseek-v4-flash-vision-exp", "2026-08-01T02:00", "USD"),
        (PRO, "2025-01-01T00:00", "USD"),
        (FLASH, "2026-11-20T02:00", "EUR"),
    ],
)
def test_what_no_list_says_has_no_price(model: str, when: str, currency: str) -> None:
    """It is unknown, and never free of charge."""
    assert price(DEEPSEEK, model, datetime.fromisoformat(when + "+00:00"), currency) is None


def test_an_upstream_without_a_list_has_no_price() -> None:
    """Neither has a vendor whose prices depend on what is not known here."""
    when = datetime(2026, 11, 20, tzinfo=UTC)
    assert price(named("simulator"), FLASH, when) is None
    assert price(DEEPSEEK._replace(vendor="nobody"), FLASH, when) is None


def test_an_alias_has_the_price_of_its_model() -> None:
    """Where it has no row of its own."""
    when = datetime(2026, 11, 20, 12, tzinfo=UTC)
    renamed = DEEPSEEK._replace(aliases={"flash-of-tomorrow": FLASH})
    assert price(renamed, "flash-of-tomorrow", when) == price(DEEPSEEK, FLASH, when)
    assert price(DEEPSEEK, "flash-of-tomorrow", when) is None


def test_the_zone_of_the_time_does_not_matter() -> None:
    """Only the moment does; a time without a zone is no moment."""
    moment = datetime(2026, 11, 20, 1, tzinfo=UTC)
    for hours in (-11, 0, 8, 14):
        there = moment.astimezone(timezone(timedelta(hours=hours)))
        assert price(DEEPSEEK, FLASH, there) == price(DEEPSEEK, FLASH, moment)
    with pytest.raises(ValueError):
        price(DEEPSEEK, FLASH, datetime(2026, 11, 20, 1))


def test_a_url_has_the_prices_of_the_vendor_whose_rules_hold() -> None:
    """A table of the user's own has none: what an office or a relay takes is its own affair."""
    when = datetime(2026, 11, 20, 12, tzinfo=UTC)
    for spec in ("https://api.deepseek.com/v1", "https://relay.example/v1"):
        assert price(resolve(spec), FLASH, when) == price(DEEPSEEK, FLASH, when)
    office = {"like": "deepseek", "origin": "https://llm.example", "key_env": "OFFICE_KEY"}
    assert price(resolve("office", extra={"office": office}), FLASH, when) is None


@pytest.mark.parametrize("name", NAMES)
def test_every_row_of_a_list_is_found(name: str) -> None:
    """From its own first moment; a list that is there has the models that are used most."""
    vendor = named(name)
    if listed(name).rows:
        when = datetime(2026, 11, 21, tzinfo=UTC)
        assert all(price(vendor, model, when) for model in (vendor.main, vendor.small))
    for row in listed(name).rows:
        for prices in filter(None, (row.plain, row.peak)):
            assert set(prices) == {"hit", "miss", "output"}
            assert 0 < prices["hit"] <= prices["miss"] <= prices["output"]
        found = price(vendor, row.model, row.since, row.currency)
        assert isinstance(found, Price) and found.since == row.since


KEYS = {
    "prices": {"from", "models", "currency", "price", "peak"},
    "peak": {"from", "utc_offset", "weekdays", "hours", "on_holidays"},
    "holidays": {"days"},
}


def checked(text: str) -> dict[str, Any]:
    """The file, if it says nothing that nobody reads."""
    data = tomllib.loads(text)
    assert set(data) <= {"as_of", "source", *KEYS}
    for key, known in KEYS.items():
        tables = data.get(key, [])
        for table in [tables] if isinstance(tables, dict) else tables:
            assert set(table) <= known, (key, table)
    return data


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_list_is_dated_sourced_and_of_a_vendor(path: Path) -> None:
    """No moment has two lists, prices at peak hours are higher, and hours are whole windows."""
    text = path.read_text(encoding="utf-8")
    data = checked(text)
    assert path.stem in NAMES and data["as_of"] and data["source"].startswith("https://")
    found = listed(path.stem)
    starts = [(row.model, row.currency, row.since) for row in found.rows]
    assert len(starts) == len(set(starts))
    for row in found.rows:
        assert row.currency in ("USD", "CNY")
        assert all(row.peak[kind] > row.plain[kind] for kind in row.peak)
    for hours in found.hours:
        assert hours.days <= set(range(1, 8))
        assert all(start < end for start, end in hours.hours)
    # A comment with a source stands at each new list; others of that day share it.
    for number, line in enumerate(lines := text.splitlines()):
        if line.startswith("from") and line not in lines[:number]:
            before = "\n".join(lines[max(0, number - 6) : number])
            assert re.search(r"# .*\w+/[\w.-]+", before), line


def test_the_pages_price_list_is_read() -> None:
    """The example has every key, and the page names each."""
    [example] = re.findall(r"```toml prices\n(.*?)```", PAGE, re.DOTALL)
    data = checked(example)
    assert {key: set().union(*(data[key] if key != "holidays" else [data[key]])) for key in KEYS}
    found = parsed(example)
    assert found.rows and found.hours and found.holidays
    for known in KEYS.values():
        for key in known:
            assert f"`{key}`" in PAGE, key
