"""500 streams at once with 20 events a second each: delays, and processor time per event.

The ways take turns, each with all its streams, opened within two seconds and open together for
three more. No agent has so many sub-agents: what queues, or looks at all streams for each event,
shows here.
"""

from __future__ import annotations

import asyncio
from functools import partial

from benchmarks import gauge
from benchmarks.client import delays, planned
from benchmarks.figure import Cell, Figure, at_least, at_most, percentile, ratio
from benchmarks.ways import Way, ways

STREAMS, EVENTS, EVERY = 500, 100, 0.05
OPENING = 0.0041  # seconds between two openings, so that events come evenly and not in gusts
ROUNDS = 2
NAMES = ("direct", "bare", "dsfix")


class _Stream(asyncio.Protocol):
    """One stream; its delays in ms."""

    def __init__(self, request: bytes, over: asyncio.Semaphore) -> None:
        self.delays: list[float] = []
        self._request, self._over = request, over

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self.delays += delays(data)
        if data.endswith(b"0\r\n\r\n"):
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._over.release()


class _Round:
    """What one way did with all streams of one round."""

    def __init__(self, way: Way) -> None:
        before = gauge.cpu(way.pid)
        streams = asyncio.run(_streams(way))
        self.cpu = gauge.cpu(way.pid) - before
        self.delays = [each for stream in streams for each in stream.delays]
        self.whole = sum(len(stream.delays) == EVENTS for stream in streams)


def run() -> Figure:
    """Delays, processor time and whole streams of each way."""
    with ways(*NAMES) as found:
        rounds: dict[str, list[_Round]] = {name: [] for name in NAMES}
        for _ in range(ROUNDS):
            for name, way in found.items():
                rounds[name].append(_Round(way))
    total = STREAMS * EVENTS
    micro = {n: min(each.cpu for each in made) / total * 1e6 for n, made in rounds.items()}
    p50 = {n: min(percentile(each.delays, 50) for each in made) for n, made in rounds.items()}
    p99 = {n: min(percentile(each.delays, 99) for each in made) for n, made in rounds.items()}
    rows: list[list[Cell]] = [
        [name, min(each.whole for each in made), round(p50[name], 2), round(p99[name], 2),
         round(max(max(each.delays) for each in made), 1), round(micro[name], 1)]
        for name, made in rounds.items()
    ]  # fmt: skip
    return {
        "settings": f"{STREAMS} streams, {EVENTS} deltas of 80 characters each, one every "
        f"{EVERY * 1e3:g} ms; the better of {ROUNDS} rounds.",
        "columns": ["way", "whole streams", "p50, ms", "p99, ms", "worst, ms", "CPU, us/event"],
        "rows": rows,
        "targets": [
            at_least("500 streams, all at once", float(rows[-1][1] or 0), STREAMS, "streams"),
            at_most("CPU per event of 500 streams", ratio(micro["dsfix"], micro["bare"]), 2,
                    "x bare"),
            at_most("p99 of 500 streams", ratio(p99["dsfix"], p99["bare"]), 2, "x bare"),
        ],
    }  # fmt: skip


def _same(stream: _Stream) -> _Stream:
    return stream


async def _streams(way: Way) -> list[_Stream]:
    """All streams, opened one after the other, when they have ended."""
    over = asyncio.Semaphore(0)
    made = [_Stream(way.request(planned("stream", EVENTS, EVERY)), over) for _ in range(STREAMS)]
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(60):
        began = loop.time()
        for number, stream in enumerate(made):
            await asyncio.sleep(max(0.0, began + number * OPENING - loop.time()))
            await loop.create_connection(partial(_same, stream), "127.0.0.1", way.port)
        for _ in made:
            await over.acquire()
    return made
