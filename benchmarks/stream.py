"""How fast a stream without a pause passes, and whether one event of 16 MB takes linear time.

The ways take turns, and each has its best round: what else the machine does can only take away.
A quarter of the deltas is thinking, which dsfix keeps.
"""

from __future__ import annotations

from benchmarks.client import planned, whole
from benchmarks.figure import Cell, Figure, at_least, at_most, ratio
from benchmarks.ways import Way, ways

NAMES = ("direct", "bare", "dsfix --private", "dsfix")
SIZES = {80: 120_000, 4000: 12_000}  # characters in a delta, and how many deltas
BIG = (4 << 20, 8 << 20, 16 << 20)
ROUNDS = 5


def run() -> Figure:
    """MB and events per second of each way."""
    with ways(*NAMES) as found:
        for way in found.values():
            whole(way, planned("stream", 2000))
        speeds = {chars: _speeds(found, chars, count) for chars, count in SIZES.items()}
        bigs = {name: _bigs(found[name]) for name in ("bare", "dsfix")}
    rows: list[list[Cell]] = [
        [name, *(value for chars in SIZES for value in _cells(speeds[chars], name)),
         *(round(taken * 1e3) for taken in bigs.get(name, ()))]
        for name in NAMES
    ]  # fmt: skip
    rows = [row + [None] * (8 - len(row)) for row in rows]
    columns = [f"{what}, {chars} characters" for chars in SIZES for what in ("events/s", "MB/s")]
    columns += [f"event of {size >> 20} MB, ms" for size in BIG]
    counts = " and ".join(f"{count} deltas of {chars}" for chars, count in SIZES.items())
    return {
        "settings": f"{counts} characters, the best of {ROUNDS} rounds.",
        "columns": ["way", *columns],
        "rows": rows,
        "targets": [
            *(
                at_least(f"stream without a pause, {chars} characters, `{name}`",
                         ratio(speeds[chars][name][0], speeds[chars]["bare"][0]), limit, "x bare")
                for chars in SIZES
                for name, limit in (("dsfix --private", 0.5), ("dsfix", 0.25))
            ),
            at_most("an event of 16 MB in pieces of 64 KB",
                    ratio(bigs["dsfix"][2], bigs["dsfix"][0]), 5, "x one of 4 MB"),
        ],
    }  # fmt: skip


def _speeds(found: dict[str, Way], chars: int, count: int) -> dict[str, tuple[float, float]]:
    """Events and MB per second of each way."""
    best: dict[str, tuple[float, float]] = {}
    for _ in range(ROUNDS):
        for name, way in found.items():
            taken, size = whole(way, planned("stream", count, 0.0, chars))
            best[name] = max(best.get(name, (0.0, 0.0)), (count / taken, size / taken / 1e6))
    return best


def _cells(speeds: dict[str, tuple[float, float]], name: str) -> tuple[int, float]:
    return round(speeds[name][0]), round(speeds[name][1], 1)


def _bigs(way: Way) -> list[float]:
    """Seconds for an event of each size."""
    return [min(whole(way, planned("big", size))[0] for _ in range(ROUNDS)) for size in BIG]
