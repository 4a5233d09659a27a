"""Cost by hand: known times, models and usage at the published prices."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from dsfix import upstreams
from dsfix.protocol.body import Dialect
from dsfix.protocol.usage import Usage
from dsfix.record.brief import Brief
from dsfix.record.exchange import Exchange
from dsfix.record.limits import Limits
from dsfix.report.cache import Saved
from dsfix.report.cost import (
    OLD,
    amount,
    bill_at,
    bill_of,
    billed,
    cost_of,
    costs_of,
    dated,
    told_in,
    upstream_of,
)
from dsfix.report.spending import grouped, spent, year

DEEPSEEK = upstreams.named("deepseek")
USD = costs_of(DEEPSEEK, "USD")
FLASH, PRO = "deepseek-flash", "deepseek-v4-pro"
# In October: a Saturday; a Tuesday off-peak, and at peak (09:30 in Beijing).
SATURDAY, TUESDAY, PEAK = "2026-10-17T02:00Z", "2026-10-20T00:30Z", "2026-10-20T01:30Z"


def made(number: int, at: str, model: str, usage: Usage | None, duration: float = 0.0) -> Exchange:
    """An exchange that was answered."""
    began = datetime.fromisoformat(at).timestamp()
    each = Exchange(number, began, Dialect.MESSAGES, "/v1/messages", sent=model, served=model)
    each.status, each.usage, each.duration = 200, usage, duration
    return each


# A million tokens of which 900,000 were cached, and 100,000 of output:
# flash 0.9 x 0.003 + 0.1 x 0.15 + 0.1 x 0.60 = 0.0777; pro 0.0198 + 0.066 + 0.198 = 0.2838.
MILLION = Usage(1_000_000, 900_000, 100_000)


@pytest.mark.parametrize(
    ("at", "model", "currency", "amount"),
    [
        (SATURDAY, FLASH, "USD", "0.0777"),
        (TUESDAY, FLASH, "USD", "0.0777"),
        (PEAK, FLASH, "USD", "0.1554"),
        (TUESDAY, PRO, "USD", "0.2838"),
        (PEAK, PRO, "USD", "0.5676"),
        (TUESDAY, FLASH, "CNY", "0.518"),  # 0.9 x 0.02 + 0.1 x 1 + 0.1 x 4
        (TUESDAY, "gpt-unheard-of", "USD", None),
    ],
)
def test_an_exchange_costs_what_it_did_then(
    at: str, model: str, currency: str, amount: str | None
) -> None:
    """By model, hour and currency; an unknown model has no cost, not that of another."""
    found = cost_of(made(1, at, model, MILLION), MILLION, costs_of(DEEPSEEK, currency))
    assert found == (None if amount is None else Decimal(amount))


def test_the_model_that_served_counts() -> None:
    """Not the one that was asked; that one only where nobody told which served."""
    each = made(1, TUESDAY, PRO, MILLION)
    each.sent = FLASH
    assert cost_of(each, MILLION, USD) == Decimal("0.2838")
    each.served = "renamed"
    assert cost_of(each, MILLION, USD) is None
    each.served = ""
    assert cost_of(each, MILLION, USD) == Decimal("0.0777")


def test_the_clock_is_that_of_the_answers_end() -> None:
    """A request of 00:59:59 UTC that takes two seconds ends at peak."""
    each = made(1, "2026-10-20T00:59:59Z", FLASH, MILLION, duration=2)
    assert cost_of(each, MILLION, USD) == Decimal("0.1554")


def test_a_bill() -> None:
    """Two priced, one of an unknown model, one cut at once, one untold, one refused, one open."""
    cut, refused = made(4, TUESDAY, PRO, None), made(5, TUESDAY, PRO, None)
    cut.cut, cut.status, refused.status = "agent", 0, 429
    unanswered = made(6, TUESDAY, PRO, None)
    unanswered.status = 0
    exchanges = [
        made(1, TUESDAY, FLASH, MILLION),
        made(2, PEAK, PRO, MILLION),
        made(3, TUESDAY, "unheard-of", MILLION),
        cut, refused, unanswered, made(7, TUESDAY, PRO, None),
    ]  # fmt: skip
    bill = billed(exchanges, USD, "USD", [Saved("user-id", 1, 100_000)])
    assert bill.amount == Decimal("0.6453")  # 0.0777 + 0.5676
    # 0.9 x (0.15 - 0.003) + 0.9 x (1.32 - 0.044), and of the first 0.1 x 0.147
    assert (bill.cached, bill.repairs) == (Decimal("1.2807"), Decimal("0.0147"))
    assert (bill.priced, bill.unknown, bill.untold) == (2, (("unheard-of", 1),), 2)


def test_what_broke_off_is_not_told_whole() -> None:
    """Messages tells the prompt's tokens at once, and those of the answer with its end."""
    exchanges = [made(number, TUESDAY, FLASH, MILLION) for number in range(1, 5)]
    cut, failed, said, short = exchanges
    cut.cut, failed.error, said.cut = "agent", "overloaded", "upstream"
    cut.finish = failed.finish = ""
    said.finish, short.finish = "end_turn", ""
    bill = billed(exchanges, USD, "USD")
    assert (bill.priced, bill.untold) == (4, 2)


def test_what_the_cache_saved_is_priced_by_the_length_of_the_prompt() -> None:
    """Haiku above 100,000 tokens: 90,000 hits x (0.50 - 0.05), however few were read."""
    usage = Usage(100_001, 90_000, 1_000)
    bill = billed(
        [made(1, TUESDAY, "claude-haiku-5-5", usage)],
        costs_of(upstreams.named("anthropic"), "USD"),
        "USD",
        [Saved("user-id", 1, 10_000)],
    )
    assert bill.amount == Decimal("0.0120005")  # 0.0045 + 0.0050005 + 0.0025
    assert (bill.cached, bill.repairs) == (Decimal("0.0405"), Decimal("0.0045"))


def test_a_bill_says_which_list_it_is_by() -> None:
    """How old it was when the last exchange began, and why there is none."""
    page = upstreams.named("openrouter")
    model = page.main
    found = bill_of(
        [made(1, "2026-07-02T12:00Z", model, MILLION), made(2, PEAK, model, MILLION)], page
    )
    assert found.listed is not None and (found.listed.age, found.listed.is_old) == (110, True)
    assert found.as_dict()["price_list"]["as_of"] == "2026-07-02"
    plan = bill_of([made(1, PEAK, "x", MILLION)], upstreams.named("volcengine"))
    assert plan.listed is not None and "subscription" in plan.listed.unknown
    assert plan.as_dict()["amount"] is None and not plan.listed.is_old
    assert bill_of([], page).listed is None


@pytest.mark.parametrize(
    ("vendor", "limits", "setting", "currency"),
    [
        ("deepseek", Limits(), "auto", "USD"),
        ("deepseek", Limits(), "CNY", "CNY"),
        ("deepseek", Limits(Decimal(1), "USD"), "CNY", "USD"),
        ("kimi", Limits(), "CNY", "USD"),  # it has no list in yuan
        ("kimi", Limits(Decimal(1), "CNY"), "USD", "CNY"),  # so nothing is known
    ],
)
def test_the_currency_of_a_bill(vendor: str, limits: Limits, setting: str, currency: str) -> None:
    """That of a limit; else the setting's, where the vendor has prices in it."""
    upstream = upstreams.named(vendor)
    bill = bill_of([made(1, PEAK, upstream.main, MILLION)], upstream, told_in(limits, setting))
    assert (bill.currency, bool(bill.priced)) == (currency, (vendor, currency) != ("kimi", "CNY"))


def test_a_list_is_old_after_a_month() -> None:
    """By the day on which it was last compared with its page."""
    page = upstreams.named("openrouter")
    ages = [dated(page, date(2026, 7, 2) + timedelta(days=n)) for n in (0, OLD, OLD + 1)]
    assert [each and (each.age, each.is_old) for each in ages] == [
        (0, False),
        (OLD, False),
        (OLD + 1, True),
    ]
    assert dated(upstreams.named("simulator"), date(2026, 7, 2)) is None


def test_what_is_not_known_is_never_0() -> None:
    """A bill of unknown models has no amount; an empty one is 0."""
    bill = billed([made(1, TUESDAY, "unheard-of", MILLION)], USD, "USD")
    assert bill.as_dict()["amount"] is None
    assert billed([], USD, "USD").as_dict()["amount"] == "0"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("1234.5", "$1,234.50"),
        ("0.01234", "$0.0123"),
        ("0.00006", "$0.0001"),
        ("0.00005", "<$0.0001"),
        ("0", "$0.0000"),
    ],
)
def test_amounts(value: str, told: str) -> None:
    """What costs something is never told as nothing."""
    assert amount(Decimal(value), "USD") == told


def session(name: str, agent: str, exchanges: list[Exchange]) -> Brief:
    """A session of an agent."""
    return Brief(name, Path(name), {"agent": agent}, tuple(exchanges))


def test_spending_is_grouped() -> None:
    """By day, model, agent, project and session, with what has no price beside the sum."""
    first = session("s1", "claude", [
        made(1, "2026-10-17T12:00Z", FLASH, MILLION), made(2, "2026-10-20T12:00Z", PRO, MILLION),
        made(3, "2026-10-20T12:00Z", PRO, None),
    ])  # fmt: skip
    second = session("s2", "codex", [
        made(1, "2026-10-20T12:00Z", FLASH, MILLION),
        made(2, "2026-10-20T12:00Z", "unheard-of", MILLION),
    ])  # fmt: skip
    some = [*spent(first, "one", USD), *spent(second, "two", USD)]

    def told(by: str) -> list[tuple[str, str, int]]:
        return [(row.name, str(row.amount), row.unknown) for row in grouped(some, by)]

    assert told("day") == [("2026-10-17", "0.0777", 0), ("2026-10-20", "0.3615", 1)]
    assert told("model") == [(PRO, "0.2838", 0), (FLASH, "0.1554", 0), ("unheard-of", "0", 1)]
    assert told("agent") == [("claude", "0.3615", 0), ("codex", "0.0777", 1)]
    assert told("project") == [("one", "0.3615", 0), ("two", "0.0777", 1)]
    assert told("session") == [("s1", "0.3615", 0), ("s2", "0.0777", 1)]
    unknown = grouped(some, "model")[2].as_dict()
    assert (unknown["amount"], unknown["input"], unknown["exchanges"]) == (None, 1_000_000, 1)


def test_what_costs_the_same_is_told_by_its_tokens() -> None:
    """The most first; among what has no price, too."""
    some = session("s", "claude", [
        made(1, TUESDAY, "few", MILLION), made(2, TUESDAY, "many", Usage(2_000_000, 0, 0)),
    ])  # fmt: skip
    assert [row.name for row in grouped(spent(some, "", USD), "model")] == ["many", "few"]


def test_a_year_like_the_measured_days() -> None:
    """0.1554 in two active ones of four days: 14.18025 a year, and 2.2 M tokens."""
    exchanges = [made(1, SATURDAY, FLASH, MILLION), made(2, TUESDAY, FLASH, MILLION)]
    found = year(list(spent(session("s", "claude", exchanges), "p", USD)), days=4)
    assert (found.days, found.active) == (4, 2)
    assert found.amount == Decimal("14.18025")
    assert found.tokens == 2_200_000 * 365 // 4


@pytest.mark.parametrize(
    ("vendor", "amount"), [(None, "0.0777"), ("deepseek", "0.0777"), ("litellm", None)]
)
def test_a_session_that_is_read_back_has_the_prices_of_its_own_vendor(
    vendor: str | None, amount: str | None
) -> None:
    """Not those of the one that an address on this machine would be taken for."""
    found = upstream_of({"upstream": "http://127.0.0.1:4000", "vendor": vendor})
    bill = bill_at([made(1, TUESDAY, FLASH, MILLION)], found, Limits())
    assert bill is not None and bill.as_dict()["amount"] == amount
