"""Other proxies of the same shape, each with its default settings, in the same run as dsfix.

None of them does what dsfix does: claude-tap records, mitmproxy shows, LiteLLM and
claude-code-router translate and route. What they cost is what a user would pay for them instead.
"""

from __future__ import annotations

import time
from contextlib import ExitStack

from benchmarks import gauge
from benchmarks.client import planned, whole
from benchmarks.events import EVERY, together
from benchmarks.figure import Cell, Figure, middle, percentile
from benchmarks.peers_start import PEERS, settings, started
from benchmarks.traffic import Conversation
from benchmarks.ways import Way, ways

SIZES = (100_000, 1_000_000)
ROUNDS = 9
EVENTS = 400
CHARS, COUNT = 80, 3000


def run() -> Figure:
    """One row for each peer, beside direct, bare and dsfix."""
    with ExitStack() as stack:
        found = list(stack.enter_context(ways("direct", "bare", "dsfix")).values())
        found += [stack.enter_context(started(name, found[0].port)) for name in PEERS]
        for way in found:
            whole(way, planned("stream", 10))
        rest = {way.name: gauge.family(way.pid) for way in found}
        firsts = {size: _answers(found, size) for size in SIZES}
        delayed = together(found, EVENTS)
        speeds = {way.name: _speed(way) for way in found}
        after = {way.name: gauge.family(way.pid) for way in found}
    rows: list[list[Cell]] = []
    for way in found:
        name = way.name
        added = [round(firsts[size][name] - firsts[size]["direct"], 2) for size in SIZES]
        delay = [percentile(delayed[name], each) for each in (50, 99)]
        memory = [round(each[name]) for each in (rest, after)]
        rows.append([name, *added, *(round(each, 2) for each in delay), speeds[name], *memory])
    sizes = [f"{size // 1000} KB, +ms" for size in SIZES]
    return {
        "settings": f"Conversations of these sizes, growing: the median of {ROUNDS}; {EVENTS} "
        f"events, one every {EVERY * 1e3:g} ms on each way; {COUNT:,} deltas of {CHARS} characters "
        "without a pause. " + settings(),
        "columns": ["way", *sizes, "event p50, ms", "p99, ms", "events/s",
                    "at rest, MB", "after, MB"],
        "rows": rows,
        "targets": [],
    }  # fmt: skip


def _answers(found: list[Way], size: int) -> dict[str, float]:
    """Median milliseconds until a short answer is whole, in a conversation that grows."""
    times: dict[str, list[float]] = {way.name: [] for way in found}
    talks = {way.name: Conversation(f"p{size}{way.name[:2]}", size, thinking=True) for way in found}
    for number in range(ROUNDS + 2):
        for way in found:
            talk = talks[way.name]
            talk.grow(f"call_00_{way.name[:2]}{size}{number:017d}", f"Thought {number}.")
            taken, _ = whole(way, talk.body())
            if number > 1:
                times[way.name].append(taken * 1e3)
    return {name: middle(each) for name, each in times.items()}


def _speed(way: Way) -> int:
    """Events per second of a stream without a pause."""
    began = time.perf_counter()
    whole(way, planned("stream", COUNT, 0.0, CHARS))
    return round(COUNT / (time.perf_counter() - began))
