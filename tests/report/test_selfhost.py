"""Owning against the API: the published table, and a year computed by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dsfix.report.selfhost import PRICE, SCENARIOS, assumed, compared, owning

EASY = {
    "hardware": Decimal(90_000), "years": Decimal(3), "kilowatts": Decimal(1),
    "pue": Decimal("1.5"), "kwh": Decimal("0.5"), "hosting": Decimal(1_000),
    "operations": Decimal(2_000), "spares": Decimal("0.1"), "speed": Decimal(1_000),
    "utilisation": Decimal("0.5"),
}  # fmt: skip


def test_the_published_table_comes_out() -> None:
    """Volume, owning, API and verdict of the three scenarios."""
    assert [
        (each.name, each.tokens, each.low, each.high, round(each.api(PRICE), -3),
         each.verdict(PRICE))
        for each in SCENARIOS
    ] == [
        ("light", 500_000, 20_000, 40_000, 9_000, "API cheaper"),
        ("medium", 5_000_000, 60_000, 120_000, 91_000, "near break-even"),
        ("heavy", 50_000_000, 400_000, 800_000, 912_000, "owning may be cheaper"),
    ]  # fmt: skip


def test_a_year_of_owning() -> None:
    """Every kind of cost, by hand: 90000/3, 1 kW x 1.5 x 8760 h x 0.5, and so on."""
    own = owning(EASY)
    assert own == (30_000, 6_570, 1_000, 2_000, 9_000)
    assert own.total == 48_570


def test_break_even() -> None:
    """48,570 a year at 10 a million are 13,306,849 tokens a day: 15.4 % of 86.4 million."""
    found = compared(Decimal(1_000_000), Decimal(10), EASY)
    assert found.api == 3_650
    assert found.break_even is not None and round(found.break_even) == 13_306_849
    assert found.needed is not None and round(found.needed, 4) == Decimal("0.1540")
    assert round(found.busy, 5) == Decimal("0.01157")


@pytest.mark.parametrize(
    ("tokens", "price", "verdict"),
    [
        (1_000_000, "10", "the API is cheaper at this volume"),
        (20_000_000, "10", "owning is cheaper, if the model and the utilisation hold"),
        (60_000_000, "10", "one such machine cannot do this work"),
        (20_000_000, "1", "the API is cheaper: such a machine cannot do enough work to pay"),
        (20_000_000, "0", "the API is cheaper: such a machine cannot do enough work to pay"),
    ],
)
def test_the_verdict_follows_from_the_numbers(tokens: int, price: str, verdict: str) -> None:
    """Not only from money: a machine must be able to do the work that would pay for it."""
    assert compared(Decimal(tokens), Decimal(price), EASY).verdict == verdict


def test_the_assumed_machine_is_the_one_in_the_middle() -> None:
    """In CNY a year of it lies in the published range; what the user gives takes its place."""
    medium = SCENARIOS[1]
    assert medium.low < owning(assumed("CNY", {})).total < medium.high
    assert assumed("USD", {"years": Decimal(5)})["years"] == 5
    assert assumed("USD", {})["hardware"] != assumed("CNY", {})["hardware"]
