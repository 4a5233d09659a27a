"""How much later an event reaches the agent than the upstream has sent it.

Streams on all ways run at the same time, their events in turns, so that what disturbs the machine
disturbs all of them alike; an event carries the time at which it was made. Added is what a way's
percentile has above that of direct.
"""

from __future__ import annotations

import selectors
import time

from benchmarks.client import connected, delays, planned
from benchmarks.figure import Cell, Figure, at_most, percentile, ratio
from benchmarks.ways import Way, ways

EVERY = 0.012  # seconds between two events of a stream
EVENTS = 1500
_SKIPPED = 100  # the first events of a stream
NAMES = ("direct", "bare", "dsfix")


def run() -> Figure:
    """p50 and p99 of each way."""
    with ways(*NAMES) as found:
        measured = together(list(found.values()), EVENTS)
    p50 = {name: percentile(values, 50) for name, values in measured.items()}
    p99 = {name: percentile(values, 99) for name, values in measured.items()}
    rows: list[list[Cell]] = [
        [name, *(round(each[name], 3) for each in (p50, p99)),
         *(round(each[name] - each["direct"], 3) for each in (p50, p99))]
        for name in NAMES
    ]  # fmt: skip
    return {
        "settings": f"{EVENTS} deltas of 80 characters on each way, one every {EVERY * 1e3:g} ms.",
        "columns": ["way", "p50, ms", "p99, ms", "added p50", "added p99"],
        "rows": rows,
        "targets": [
            at_most(
                f"added delay per event, {name}",
                ratio(each["dsfix"] - each["direct"], each["bare"] - each["direct"]),
                1.5,
                "x bare",
            )
            for name, each in (("p50", p50), ("p99", p99))
        ],
    }


def together(found: list[Way], events: int) -> dict[str, list[float]]:
    """The delays in ms of one stream on each way, all at the same time."""
    measured: dict[str, list[float]] = {way.name: [] for way in found}
    with selectors.DefaultSelector() as selector:
        for way in found:
            connection = connected(way)
            connection.sendall(way.request(planned("stream", events, EVERY)))
            selector.register(connection, selectors.EVENT_READ, (way.name, connection))
            time.sleep(EVERY / len(found))
        while selector.get_map():
            for key, _ in selector.select(30):
                name, connection = key.data
                data = connection.recv(1 << 16)
                measured[name] += delays(data)
                if not data or data.endswith(b"0\r\n\r\n"):
                    selector.unregister(connection)
                    connection.close()
    for name, values in measured.items():
        assert len(values) == events, f"{name}: {len(values)} of {events} events"
    return {name: values[_SKIPPED:] for name, values in measured.items()}
