"""docs/benchmarks.md, made of the kept results: `python -m benchmarks.page docs`."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figure import Cell
from benchmarks.figures import FIGURES

RESULTS = Path(__file__).parent / "results" / "latest.json"
NAME = "benchmarks.md"
_HEAD = """\
<!-- Made by `make bench` from benchmarks/results/latest.json; do not edit. -->

# Benchmarks

What dsfix costs, measured on one machine over loopback. *direct* is a client without any proxy,
*bare* the smallest pass-through that aiohttp allows (`benchmarks/bare.py`, which repairs, remembers
and records nothing), *dsfix* is `dsfix run` with everything on: repairs, memory and record on disk.
They are measured in turns within one run, so ratios hold on a busy machine where milliseconds do
not; the load beside each figure says how busy it was before (1 is one busy core), and the pace how
many milliseconds a million additions took before and after it: twice as many while a neighbour uses
the same core. The upstream is `benchmarks/upstream.py`, which answers at once; nothing leaves the
machine.

```console
$ make bench                            # all of it but the peers, and this page
$ make bench PEERS=1                    # the peers too, installed into benchmarks/.peers
$ python -m benchmarks stream many      # some figures, printed only
```
"""


def page(results: Mapping[str, Any]) -> str:
    """The whole page."""
    named = [name for name in FIGURES if name in results]
    parts = [_HEAD, "## Targets", "", *_targets(results, named), "", *_machine(results, named)]
    for name in named:
        parts += ["", f"## {FIGURES[name].title}", "", *lines_of(name, results[name])]
    return "\n".join(parts) + "\n"


def lines_of(name: str, result: Mapping[str, Any]) -> list[str]:
    """One figure: what it means, its table, and how it was measured."""
    at = result["machine"]
    command = f"python -m benchmarks {name}"
    pace = ", pace {:g} and {:g}".format(*at["pace"]) if "pace" in at else ""
    said = f"`{command}`, {at['date']}, load {at['load']:g}{pace}, {result['seconds']} s: "
    meaning = inspect.cleandoc(FIGURES[name].module.__doc__ or "")
    return [meaning, "", *_table(result["columns"], result["rows"]), "",
            said + result["settings"]]  # fmt: skip


def write(results: Path, folder: Path) -> None:
    """Make the page of a file of results."""
    found = json.loads(results.read_text(encoding="utf-8"))
    (folder / NAME).write_text(page(found), encoding="utf-8")


def _targets(results: Mapping[str, Any], named: list[str]) -> list[str]:
    """Every target, met or not."""
    rows: list[list[Cell]] = [
        [each["what"], each["limit"], each["measured"], "met" if each["met"] else "**missed**"]
        for name in named
        for each in results[name]["targets"]
    ]
    met = sum(row[3] == "met" for row in rows)
    busy = [name for name in named if results[name]["machine"]["load"] > _BUSY]
    said = f"{met} of {len(rows)} are met."
    if busy:
        said += (
            f" On a machine busy with other work: {', '.join(busy)}; repeat them on a quiet one."
        )
    return [said, "", *_table(["figure", "target", "measured", ""], rows)]


def _machine(results: Mapping[str, Any], named: list[str]) -> list[str]:
    """What the figures were measured on: one line for each machine or version that differs."""
    told: dict[str, list[str]] = {}
    for name in named:
        at = results[name]["machine"]
        facts = [f"{at['processor']}, {at['cores']} cores", at["system"]]
        facts += [f"{each} {at[each]}" for each in at if each not in _TOLD]
        told.setdefault("; ".join(facts), []).append(name)
    return [f"Measured on {facts} ({', '.join(names)})." for facts, names in told.items()]


_BUSY = 1.0  # load before a figure, above which milliseconds and p99 mean little
_TOLD = {"date", "load", "pace", "processor", "cores", "system"}


def _table(columns: Sequence[Cell], rows: Sequence[Sequence[Cell]]) -> list[str]:
    lines: list[Sequence[Cell]] = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return ["| " + " | ".join(map(_cell, line)) + " |" for line in lines]


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("|", "\\|")
    return f"{value:,}" if isinstance(value, int) else f"{value:,.10g}"


if __name__ == "__main__":
    write(RESULTS, Path(sys.argv[1]))
