"""How a session stands against its limits."""

from __future__ import annotations

from decimal import Decimal

from dsfix.record.limits import REFUSED, Limits
from dsfix.report.cost import Bill
from dsfix.report.standing import Standing, standings
from tests.report.support import exchanges


def test_every_limit_is_told_in_its_unit() -> None:
    """Four exchanges of 20,800 tokens, of which one was refused for the budget and sent none."""
    made = exchanges()[:3]
    refused = exchanges()[3]
    refused.usage, refused.status, refused.error = None, 402, f"{REFUSED}: 3 of 3 requests"
    limits = Limits(Decimal("2.50"), "CNY", 100_000, 3, 20)
    bill = Bill("CNY", amount=Decimal("1.25"), priced=3)
    found = standings(limits, [*made, refused], bill, 754.2)
    assert found == (
        Standing("CNY", Decimal("1.25"), Decimal("2.50")),
        Standing("tokens", Decimal(62_400), Decimal(100_000)),
        Standing("requests", Decimal(3), Decimal(3)),
        Standing("minutes", Decimal("12.6"), Decimal(20)),
    )
    assert [each.left for each in found] == [
        Decimal("1.25"), 37_600, 0, Decimal("7.4")
    ]  # fmt: skip


def test_nothing_is_told_without_limits_and_nothing_is_left_below_0() -> None:
    """The last answers may go over a limit."""
    assert standings(Limits(), exchanges(), Bill("USD"), 1) == ()
    assert Standing("tokens", Decimal(9), Decimal(5)).left == 0
