"""What a benchmark says: a table, and of each target whether it is met."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TypedDict

Cell = str | int | float | None


class Target(TypedDict):
    """A figure that was asked for; `limit` in words, `met` as measured."""

    what: str
    limit: str
    measured: str
    met: bool


class Figure(TypedDict):
    """One benchmark's result; plain data, kept as JSON."""

    settings: str
    columns: list[str]
    rows: list[list[Cell]]
    targets: list[Target]


def at_most(what: str, measured: float, limit: float, unit: str, says: str = "") -> Target:
    """A target that is met below a limit."""
    return _target(what, f"at most {limit:g}", measured, unit, says, measured <= limit)


def at_least(what: str, measured: float, limit: float, unit: str) -> Target:
    """A target that is met above a limit."""
    return _target(what, f"at least {limit:g}", measured, unit, "", measured >= limit)


def ratio(mine: float, other: float) -> float:
    """How many times as much; 0 over nothing that can be measured."""
    return round(mine / other, 2) if other > 0 else 0.0


def percentile(values: Sequence[float], hundredth: int) -> float:
    """The p50, p99... of these values, the nearest that was measured."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * hundredth // 100)]


def middle(values: Sequence[float], digits: int = 3) -> float:
    """The median."""
    return round(statistics.median(values), digits)


def _target(what: str, limit: str, measured: float, unit: str, says: str, met: bool) -> Target:
    said = f"{limit} {says or unit}".strip()
    return {"what": what, "limit": said, "measured": f"{measured:g} {unit}".strip(), "met": met}
