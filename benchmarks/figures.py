"""All figures, in the order of the page."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

from benchmarks import (
    beside,
    events,
    first_byte,
    lookup,
    many,
    peers,
    peers_start,
    resident,
    startup,
    stream,
)
from benchmarks.figure import Cell, Figure, Target

_WHOLE = ("first seen", "re-injected")  # nothing is known of the last request
FIRST_SEEN_LIMIT = 4.0  # x bare
GROWING_LIMIT, GRACE = 1.5, 1.0  # x bare, or ms above it


class Measured(NamedTuple):
    """A figure's heading, the module whose docstring explains it, and how it is measured."""

    title: str
    module: ModuleType
    measure: Callable[[], Figure]


def _first_byte() -> Figure:
    """The rows of that benchmark as a table with targets."""
    rows = first_byte.run()
    rounds = [each["rounds"] for each in rows]
    return {
        "settings": f"Medians of {min(rounds)} to {max(rounds)} rounds over one connection each.",
        "columns": ["history", "direct, ms", "bare, ms", "dsfix, ms", "bare adds", "dsfix adds",
                    "ratio"],
        "rows": [_row(each) for each in rows],
        "targets": [found for each in rows for found in _target(each)],
    }  # fmt: skip


def _row(each: dict[str, Any]) -> list[Cell]:
    medians = [each[name]["p50"] for name in ("direct", "bare", "dsfix")]
    added = [each["added_bare"], each["added_dsfix"], each["ratio"]]
    return [f"{each['kind']}, {_size(each)}", *medians, *added]


def _target(each: dict[str, Any]) -> list[Target]:
    what = f"added time to first byte, {each['kind']}, {_size(each)}"
    bare, ours = each["added_bare"], each["added_dsfix"]
    measured = f"{each['ratio']:g} x bare, {ours - bare:.2f} ms above it"
    if each["kind"].startswith("growing"):
        met = ours <= max(GROWING_LIMIT * bare, bare + GRACE)
        limit = f"at most {GROWING_LIMIT:g} x bare, or {GRACE:g} ms above it"
    elif each["kind"] in _WHOLE and each["size"] in (1_000_000, 4_000_000):
        met, limit = each["ratio"] <= FIRST_SEEN_LIMIT, f"at most {FIRST_SEEN_LIMIT:g} x bare"
    else:
        return []
    return [{"what": what, "limit": limit, "measured": measured, "met": met}]


def _size(each: dict[str, Any]) -> str:
    size = int(each["size"])
    return f"{size // 1000} KB" if size < 1_000_000 else f"{size / 1e6:g} MB"


def _peers() -> Figure:
    peers_start.install()
    return peers.run()


FIGURES = {
    "startup": Measured("Start-up", startup, startup.run),
    "first-byte": Measured("Time to first byte", first_byte, _first_byte),
    "events": Measured("Delay of an event", events, events.run),
    "beside": Measured("Delay of an event beside long histories", beside, beside.run),
    "stream": Measured("A stream without a pause", stream, stream.run),
    "many": Measured("Many streams", many, many.run),
    "resident": Measured("Memory of the process", resident, resident.run),
    "lookup": Measured("Look-ups in the memory of turns", lookup, lookup.run),
    "peers": Measured("Other proxies", peers, _peers),
}
