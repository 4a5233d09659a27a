"""One look-up in a memory of a million stored turns, as the proxy asks for it.

Turns are asked for at random and each once only, so that none is still in RAM: tool turns by
their call's id, one by one and 1,000 in one request as a long history does, and turns of text by
what was said. The file is made beforehand, its indexes last, with a size limit that a million
turns do not reach.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.figure import Cell, Figure, at_most, middle, percentile
from dsfix.memory import OriginMemory, Store
from dsfix.memory.recall import Stored
from dsfix.memory.rows import ALL_COLUMNS, row_of
from dsfix.protocol.turns import Reasoning, Turn, digest
from dsfix.proxy.thread import SWITCH

TURNS = 1_000_000
ASKED = 2000
ORIGIN = "https://api.deepseek.com"
LIMIT = 4 << 30  # bytes


class _At(NamedTuple):
    """Where a turn stood, as far as memory asks."""

    previous: str
    chain: str = ""
    session: str = ""

    def has(self, key: str, previous: str) -> bool:
        """Nothing else stands there."""
        return False


def run() -> Figure:
    """Milliseconds of a look-up."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "memory.db"
        _fill(path)
        usual = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH)  # as in the proxy, whose loop shares its time with a writer
        store = Store(path, max_bytes=LIMIT)
        store.open()
        try:
            assert store.stats()[0] == TURNS
            calls, texts, together = _asked(OriginMemory(store, ORIGIN))
        finally:
            store.close()
            sys.setswitchinterval(usual)
        size = path.stat().st_size
    kinds = {"tool turn, one by one": calls, "text turn, one by one": texts}
    rows: list[list[Cell]] = [
        [name, middle(each, 4), round(percentile(each, 99), 4)] for name, each in kinds.items()
    ]
    rows.append(["tool turn, 1,000 at once", middle(together, 4), round(max(together), 4)])
    return {
        "settings": f"{TURNS:,} turns, half of them with a call, in a file of {size >> 20} MB; "
        f"{ASKED:,} of each kind asked for.",
        "columns": ["look-up", "p50, ms each", "p99, ms each"],
        "rows": rows,
        "targets": [
            at_most(f"look-up of a {name}, {TURNS:,} stored", middle(each, 4), 0.1, "ms")
            for name, each in (*kinds.items(), ("tool turn, 1,000 at once", together))
        ],
    }


def _turn(number: int) -> tuple[Turn, _At]:
    """A turn with a call if its number is even, else with a text."""
    thought = Reasoning(((f"Thought {number}: look at the next file, then decide.", f"s{number}"),))
    name = f"k{number * 2654435761 % (1 << 64):023d}"  # ids come in no order
    at = _At(digest("user", name), digest("chain", name), "session")
    if number % 2:
        return Turn(texts=(f"The answer to {name}.",), reasoning=thought), at
    return Turn((f"call_00_{name}",), ("Bash",), (), thought), at


def _fill(path: Path) -> None:
    """Make the file with all turns."""
    empty = Store(path)
    empty.open()
    empty.stats()
    empty.close(10)
    marks = ", ".join("?" * len(ALL_COLUMNS.split(",")))
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA synchronous = OFF")
        file.execute("PRAGMA cache_size = -200000")
        made = file.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL"
        ).fetchall()
        for name, _ in made:
            file.execute(f"DROP INDEX {name}")
        file.executemany(f"INSERT INTO turns ({ALL_COLUMNS}) VALUES ({marks})", _rows())
        file.executemany(
            "INSERT INTO calls (origin, call, turn) VALUES (?, ?, ?)",
            ((ORIGIN, _turn(n)[0].calls[0], n + 1) for n in range(0, TURNS, 2)),
        )
        for _, sql in made:
            file.execute(sql)
        file.commit()


def _rows() -> Iterator[tuple[object, ...]]:
    now = time.time()
    for number in range(TURNS):
        turn, at = _turn(number)
        yield row_of(ORIGIN, Stored.of(turn, _place(at)), now)


def _asked(memory: OriginMemory) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds of each look-up: of calls, of texts, and of calls 1,000 at once."""
    numbers = random.Random(1).sample(range(0, TURNS, 2), 3 * ASKED)
    calls = [_ask(memory, number) for number in numbers[:ASKED]]
    texts = [_ask(memory, number + 1) for number in numbers[:ASKED]]
    together: list[float] = []
    for at in range(ASKED, 3 * ASKED, 1000):
        some = [_turn(number)[0].calls[0] for number in numbers[at : at + 1000]]
        began = time.perf_counter()
        found = memory.answers(some)
        together.append((time.perf_counter() - began) * 1e3 / len(some))
        assert all(answer is not None for answer in map(found.get, some))
    return calls, texts, together


def _ask(memory: OriginMemory, number: int) -> float:
    turn, at = _turn(number)
    began = time.perf_counter()
    found = memory.recall(Turn(turn.calls, turn.names, turn.texts), _place(at))
    taken = (time.perf_counter() - began) * 1e3
    assert found is not None and found.reasoning == turn.reasoning, number
    return taken


def _place(at: _At) -> Any:
    """What stands for a place: memory asks it for three names and no history."""
    return at
