"""Memory: at rest, over a stream of 100 MB, over 1,000 exchanges, and over conversations that grow.

At rest is a proxy that has answered one small request. A stream's growth is the peak while it
passes, the growth over exchanges what is held after as many have gone before; each exchange is a
conversation of its own, so nothing of it is asked for again. With `--private` the turns stay in
memory, for there is no other place where they could be: that is no target. Growing is the peak
over as many requests without a pause of one conversation, its sub-agents and its titles, which are
700 KB each at the end; what is kept of a conversation while it goes on is no target either.
"""

from __future__ import annotations

import time

from benchmarks import gauge
from benchmarks.client import planned, whole
from benchmarks.figure import Cell, Figure, at_most
from benchmarks.first_byte import Target, growing
from benchmarks.ways import Way, ways

NAMES = ("bare", "dsfix --private", "dsfix")
CHARS, COUNT = 4000, 24_500  # characters in a delta, and deltas: 100 MB
WARM, EXCHANGES = 1000, 1000
_ROUND = 4  # requests: of two sub-agents, for a title, of the conversation
_COLUMNS = ("at rest, MB", "exchanges, +MB", "stream, +MB", "kept of it, +MB", "growing, +MB")
NONE = 1.0  # MB that may be chance: one more page table, one more arena


def run() -> Figure:
    """MB of each way."""
    rows: list[list[Cell]] = []
    for name in NAMES:  # one after the other, each in a process that has done nothing else
        with ways(name) as found:
            way = found[name]
            rest = _after(way, 1)
            _after(way, WARM)
            before = _settled(way)
            grown = _after(way, EXCHANGES) - before
        with ways(name) as found:
            streamed, kept = _streamed(found[name])
        with ways(name) as found:
            peak = _growing(found[name])
        rows.append([name, *(round(each, 1) for each in (rest, grown, streamed, kept, peak))])
    ours = {str(row[0]): [float(cell or 0) for cell in row[1:]] for row in rows}
    targets = []
    for name in NAMES[1:]:
        rest, _, streamed, *_ = ours[name]
        targets += [
            at_most(f"memory at rest, `{name}`", rest, 60, "MB"),
            at_most(f"growth over a stream of 100 MB, `{name}`", streamed, 10, "MB"),
        ]
    grown = ours[NAMES[-1]][1]
    exchanges = f"growth over {EXCHANGES:,} exchanges, `{NAMES[-1]}`"
    targets.append(at_most(exchanges, grown, NONE, "MB", "MB, which is chance: none"))
    return {
        "settings": f"{COUNT} deltas of {CHARS} characters in one stream; {EXCHANGES:,} exchanges "
        f"of 10 events after {WARM:,} others; {EXCHANGES:,} of conversations that grow.",
        "columns": ["way", *_COLUMNS],
        "rows": rows,
        "targets": targets,
    }


def _after(way: Way, exchanges: int) -> float:
    """MB that are held after so many exchanges more."""
    for _ in range(exchanges):
        whole(way, planned("stream", 8))
    return _settled(way)


def _settled(way: Way) -> float:
    """MB that are held once the record has been written."""
    time.sleep(0.5)
    return gauge.resident(way.pid)


def _streamed(way: Way) -> tuple[float, float]:
    """MB more at the peak of a stream, and after it; small streams have gone before."""
    _after(way, 20)
    whole(way, planned("stream", 300, 0.0, CHARS))
    before = _settled(way)
    gauge.forget_peak(way.pid)
    whole(way, planned("stream", COUNT, 0.0, CHARS))
    return gauge.peak(way.pid) - before, _settled(way) - before


def _growing(way: Way) -> float:
    """MB more at the peak of conversations that grow, asked for without a pause."""
    before = _after(way, 20)
    gauge.forget_peak(way.pid)
    target, asked = Target(way), growing(0)
    for number in range(EXCHANGES // _ROUND):
        asked(way.name, target, number)
    target.close()
    return gauge.peak(way.pid) - before
