"""What an exchange costs at a known time, computed by hand from the published lists."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dsfix import upstreams
from dsfix.protocol.usage import Usage
from dsfix.upstreams import NAMES, named, resolve
from dsfix.upstreams.prices import Price, cost, listed, parsed, price, priced

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
    assert found.write == found.write_1h == miss


# Vendor, model, time in UTC, usage (input, cached, output, reasoning, written, of it for an hour),
# and the millionths of a dollar that it comes to by hand.
OTHERS = [
    # 1000 x 0.20 + 500 x 4 + 300 x 5 + 200 x 8 + 100 x 20 = 200 + 2000 + 1500 + 1600 + 2000
    ("anthropic", "claude-opus-5-5", "2026-11-20", (2000, 1000, 100, None, 500, 200), "7300"),
    # 1000 x 0.20 + 2000 x 2 + 500 x 10, then 1000 x 0.10 in the place of the first
    ("anthropic", "claude-sonnet-5-5", "2026-10-06T23:59:59", (3000, 1000, 500), "9200"),
    ("anthropic", "claude-sonnet-5-5", "2026-10-07", (3000, 1000, 500), "9100"),
    # 500 x 2.50 + 1500 x 4 + 1000 x 10
    ("anthropic", "claude-sonnet-5-5", "2026-11-20", (2000, 0, 1000, None, 2000, 1500), "17250"),
    # 90000 x 0.01 + 10000 x 0.10 + 1000 x 0.50: the 100,000th token is still of the first price
    ("anthropic", "claude-haiku-5-5", "2026-11-20", (100_000, 90_000, 1000), "2400"),
    # 90000 x 0.05 + 10001 x 0.50 + 1000 x 2.50
    ("anthropic", "claude-haiku-5-5", "2026-11-20", (100_001, 90_000, 1000), "12000.5"),
    # what is written counts for the length: 1 x 0.50 + 60000 x 0.625 + 40000 x 1
    (
        "anthropic",
        "claude-haiku-5-5",
        "2026-11-20",
        (100_001, 0, 0, None, 100_000, 40_000),
        "77500.5",
    ),
    # 400000 x 0.06 + 112000 x 0.30 + 10000 x 1.20, and one token more: twice that, and 0.60
    ("minimax", "MiniMax-M3", "2026-11-20", (512_000, 400_000, 10_000), "69600"),
    ("minimax", "MiniMax-M3", "2026-11-20", (512_001, 400_000, 10_000), "139200.6"),
    # no price of its own for what is written: 1000 x 0.30
    ("minimax", "MiniMax-M3", "2026-11-20", (1000, 0, 0, None, 1000, 0), "300"),
    # 1000 x 0.06 + 600 x 0.30 + 400 x 0.375 + 200 x 1.20
    ("minimax", "MiniMax-M2.7", "2026-11-20", (2000, 1000, 200, None, 400, 0), "630"),
    # 1000 x 0.50 + 600 x 2.50 + 400 x 3.125 + 200 x 7.50
    ("qwen", "qwen3.7-max", "2026-11-20", (2000, 1000, 200, None, 400, 0), "4750"),
    # 1000 x 0.0375 + 600 x 0.1875 + 400 x 0.234375 + 200 x 1.125
    ("qwen", "qwen3.6-flash", "2026-11-20", (2000, 1000, 200, None, 400, 0), "468.75"),
    # 1000 x 0.003625 + 1000 x 0.435 + 200 x 0.87
    ("openrouter", "deepseek/deepseek-v4-pro", "2026-11-20", (2000, 1000, 200), "612.625"),
    # 1000 x 0.02 + 1000 x 0.098 + 200 x 0.196
    ("openrouter", "deepseek/deepseek-v4-flash", "2026-11-20", (2000, 1000, 200), "157.2"),
    # 1000 x 0.30 + 1000 x 3 + 200 x 15; 0.26, 1.40, 4.40; 0.0036, 0.435, 0.87
    ("kimi", "kimi-k3", "2026-11-20", (2000, 1000, 200), "6300"),
    ("glm", "glm-5.3", "2026-11-20", (2000, 1000, 200), "2540"),
    ("mimo", "mimo-v2.6-pro", "2026-11-20", (2000, 1000, 200), "612.6"),
]


@pytest.mark.parametrize(("vendor", "model", "when", "usage", "millionths"), OTHERS)
def test_an_exchange_at_another_vendor(
    vendor: str, model: str, when: str, usage: tuple[int, ...], millionths: str
) -> None:
    """With prices for what is written to the cache, and for long prompts."""
    used = Usage(*usage)
    at = datetime.fromisoformat(when).replace(tzinfo=UTC)
    found = price(named(vendor), model, at, prompt=used.input)
    assert found is not None
    assert cost(found, used) * 1_000_000 == Decimal(millionths)


def test_a_new_list_replaces_every_length_of_the_old() -> None:
    """A vendor that gives its tiers up has one price again."""
    text = """
        as_of = 2026-03-01
        source = "https://vendor.example"
        prices = [
          {from = 2026-01-01T00:00:00Z, models = ["m"], currency = "USD", price = {hit = 1, miss = 2, output = 3}},
          {from = 2026-01-01T00:00:00Z, models = ["m"], currency = "USD", above = 100, price = {hit = 4, miss = 5, output = 6}},
          {from = 2026-02-01T00:00:00Z, models = ["m"], currency = "USD", price = {hit = 7, miss = 8, output = 9}},
        ]
    """
    rows = parsed(text)

    def asked(when: str, prompt: int) -> Decimal:
        found = priced(rows, "m", datetime.fromisoformat(when + "T00:00+00:00"), "USD", prompt)
        assert found is not None
        return found.miss

    assert [asked("2026-01-05", prompt) for prompt in (0, 100, 101)] == [2, 2, 5]
    assert [asked("2026-02-05", prompt) for prompt in (0, 100, 101)] == [8, 8, 8]


@pytest.mark.parametrize(
    ("vendor", "model", "when", "currency", "thousandths"),
    [
        ("deepseek", FLASH, "2026-10-31T15:59:59", "USD", "0"),
        ("deepseek", FLASH, "2026-10-31T16:00:00", "USD", "5.25"),  # 3 x 0.75 + 4 x 0.75
        ("deepseek", PRO, "2026-11-20T02:00:00", "CNY", "35"),  # 3 x 5 + 4 x 5, at peak as well
        ("anthropic", "claude-opus-5-5", "2026-11-20T12:00:00", "USD", "30"),  # 3 x 10
        ("kimi", "kimi-k3", "2026-11-20T12:00:00", "USD", "0"),  # not listed
    ],
)
def test_what_was_looked_up_on_the_web(
    vendor: str, model: str, when: str, currency: str, thousandths: str
) -> None:
    """Three searches and four pages cost the same beside any number of tokens."""
    found = price(named(vendor), model, datetime.fromisoformat(when + "+00:00"), currency)
    assert found is not None
    for used in (Usage(), EACH):
        more = cost(found, used.looking_up(3, 4)) - cost(found, used)
        assert more * 1000 == Decimal(thousandths)


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


@pytest.mark.parametrize("name", ["{place}/own", "{up}{place}/own", "v" * 5000, "a\0b", ""])
def test_a_vendor_is_none_of_another_place(name: str, tmp_path: Path) -> None:
    """A record may be anybody's: the vendor that it names is no path to a file."""
    text = (Path(upstreams.__file__).parent / "prices/deepseek.toml").read_text("utf-8")
    (tmp_path / "own.toml").write_text(text, "utf-8")
    assert not listed(name.format(place=tmp_path, up="../" * 20)).rows


def test_an_upstream_without_a_list_has_no_price() -> None:
    """Neither has a vendor whose prices depend on what is not known here."""
    when = datetime(2026, 11, 20, tzinfo=UTC)
    assert price(named("simulator"), FLASH, when) is None
    assert price(named("volcengine"), named("volcengine").main, when) is None
    assert "subscription" in listed("volcengine").unknown
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
    for model in (vendor.main, vendor.small) if listed(name).rows else ():
        last = max(row.since for row in listed(name).rows)
        assert price(vendor, model, last), f"{name}: no price of {model}"
    for row in listed(name).rows:
        for prices in filter(None, (row.plain, row.peak)):
            assert set(prices) == {"hit", "miss", "write", "write_1h", "output"}
            assert 0 < prices["hit"] <= prices["miss"] <= prices["output"]
            assert prices["miss"] <= prices["write"] <= prices["write_1h"]
        found = price(vendor, row.model, row.since, row.currency, row.above + 1)
        assert isinstance(found, Price) and found.since == row.since


KEYS = {
    "prices": {"from", "models", "currency", "above", "price", "peak"},
    "web": {"from", "currency", "price"},
    "peak": {"from", "utc_offset", "weekdays", "hours", "on_holidays"},
    "holidays": {"days"},
}


KINDS = {"hit", "miss", "write", "write_1h", "output"}
WEB = {"search", "fetch"}


def checked(text: str) -> dict[str, Any]:
    """The file, if it says nothing that nobody reads."""
    data = tomllib.loads(text)
    assert set(data) <= {"as_of", "source", "unknown", *KEYS}
    assert ("unknown" in data) == ("prices" not in data)
    for key, known in KEYS.items():
        tables = data.get(key, [])
        for table in [tables] if isinstance(tables, dict) else tables:
            assert set(table) <= known, (key, table)
    for table in data.get("prices", ()):
        for prices in (table["price"], table.get("peak", table["price"])):
            assert {"hit", "miss", "output"} <= set(prices) <= KINDS, prices
    assert all(set(table["price"]) == WEB for table in data.get("web", ()))
    return data


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_list_is_dated_sourced_and_of_a_vendor(path: Path) -> None:
    """No moment has two lists, prices at peak hours are higher, and hours are whole windows."""
    text = path.read_text(encoding="utf-8")
    data = checked(text)
    assert path.stem in NAMES and data["as_of"] and data["source"].startswith("https://")
    found = listed(path.stem)
    starts = [(row.model, row.currency, row.since, row.above) for row in found.rows]
    assert len(starts) == len(set(starts))
    assert all((model, currency, since, 0) in starts for model, currency, since, _ in starts)
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
    assert found.rows and found.web and found.hours and found.holidays
    assert set().union(*(table["price"] for table in data["prices"])) == KINDS
    for known in (*KEYS.values(), KINDS, WEB, {"unknown"}):
        for key in known:
            assert f"`{key}`" in PAGE, key
