"""Limits of a session: as they are written by users, by us, and by whoever else."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from dsfix.errors import UsageError
from dsfix.record.limits import RAISED, Limits, money, raised, write_raised

ALL = Limits(Decimal("2.50"), "CNY", 1_000, 20, 1.5)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2.50", (Decimal("2.50"), "USD")), ("3USD", (Decimal(3), "USD")),
        ("18CNY", (Decimal(18), "CNY")), (" 18 cny ", (Decimal(18), "CNY")),
    ],
)  # fmt: skip
def test_money_is_read(text: str, found: tuple[Decimal, str]) -> None:
    """With or without its currency."""
    assert money(text) == found


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "1e30", "USD", "2,50", "3EUR"])
def test_what_is_no_amount(text: str) -> None:
    """A limit of nothing is none."""
    with pytest.raises(UsageError, match="is no amount"):
        money(text)


def test_money_without_a_currency_can_mean_another() -> None:
    """That of the session's first limit."""
    assert money("5", "CNY") == (Decimal(5), "CNY")


@pytest.mark.parametrize("limits", [ALL, Limits(), Limits(requests=1)])
def test_limits_are_read_back(tmp_path: Path, limits: Limits) -> None:
    """And nothing else is left in the directory."""
    write_raised(tmp_path, limits)
    assert raised(tmp_path) == limits
    assert [each.name for each in tmp_path.glob("*budget*")] == [RAISED]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"cost": 1e308}',
        b'{"tokens": 1000000000000000000, "requests": 1000000000000000000, "minutes": 1e308}',
        b'{"tokens": -1180591620717411303424, "requests": -1, "minutes": -1e308}',
        b'{"cost": -1}',
        b'{"cost": "-1E+999999"}',
        b'{"cost": "1E-999999"}',
        b'{"cost": NaN}',
        b"[" * 100_000,
        b'{"cost": "much", "tokens": "many", "requests": null, "minutes": []}',
    ],
)
def test_a_broken_file_limits_nothing(tmp_path: Path, content: bytes) -> None:
    """The limits of the beginning hold on."""
    (tmp_path / RAISED).write_bytes(content)
    assert not raised(tmp_path)
    assert raised(tmp_path).over(ALL) == ALL
    assert not raised(tmp_path / "nowhere") and not raised(None)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """A pipe that nobody writes to would hold every exchange of the session up."""
    make(tmp_path / RAISED)
    found: list[Limits] = []
    looking = threading.Thread(target=lambda: found.append(raised(tmp_path)), daemon=True)
    looking.start()
    looking.join(5)
    assert found == [Limits()]


def test_raised_limits_leave_the_others() -> None:
    """The currency is that of the money."""
    assert Limits(requests=30).over(ALL) == ALL._replace(requests=30)
    assert Limits(Decimal(5), "CNY").over(ALL) == ALL._replace(cost=Decimal(5))


def test_only_limits_count() -> None:
    """A currency alone limits nothing, a limit of 0 does."""
    assert not Limits(currency="CNY")
    assert Limits(minutes=0.0) and Limits(requests=0)
