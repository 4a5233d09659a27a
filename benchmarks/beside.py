"""How long an event waits while long histories come beside its stream.

Each history is seen for the first time; every other one brings its reasoning, which is learnt. They
are looked at on the loop that passes the events on, and written down by threads that take turns
with it: who does not give way in time shows here. The ways take turns.
"""

from __future__ import annotations

import threading
import time

from benchmarks.client import connected, delays, planned
from benchmarks.figure import Cell, Figure, percentile
from benchmarks.first_byte import Target
from benchmarks.traffic import Conversation
from benchmarks.ways import Way, ways

SIZE = 4_000_000  # bytes of a history, the reasoning not counted
HISTORIES, PAUSE = 8, 0.3  # and seconds between them
EVERY = 0.005  # seconds between two events
EVENTS = 800
NAMES = ("direct", "bare", "dsfix")


def run() -> Figure:
    """p50, p90, p99 and the longest wait of each way."""
    with ways(*NAMES) as found:
        waited = {name: _waits(way) for name, way in found.items()}
    rows: list[list[Cell]] = [
        [name, *(round(percentile(values, at), 2) for at in (50, 90, 99)), round(max(values), 1)]
        for name, values in waited.items()
    ]
    return {
        "settings": f"{EVENTS} deltas of 80 characters, one every {EVERY * 1e3:g} ms; meanwhile "
        f"{HISTORIES} histories of {SIZE // 1_000_000} MB, {PAUSE:g} s apart.",
        "columns": ["way", "p50, ms", "p90, ms", "p99, ms", "worst, ms"],
        "rows": rows,
        "targets": [],
    }


def _waits(way: Way) -> list[float]:
    """The delays in ms of one stream's events."""
    names = [f"{number}{way.name[:2]}" for number in range(HISTORIES)]
    bodies = [
        Conversation(f"w{name}", SIZE, thinking=bool(number % 2)).body()
        for number, name in enumerate(names)
    ]
    others = threading.Thread(target=_ask, args=(way, bodies))
    waited: list[float] = []
    with connected(way) as stream:
        stream.sendall(way.request(planned("stream", EVENTS, EVERY)))
        others.start()
        while not (data := stream.recv(1 << 16)).endswith(b"0\r\n\r\n"):
            assert data, f"{way.name}: the stream was cut after {len(waited)} events"
            waited += delays(data)
    others.join()
    return waited


def _ask(way: Way, bodies: list[bytes]) -> None:
    target = Target(way)
    for body in bodies:
        time.sleep(PAUSE)
        target.post(body)
    target.close()
