"""Measure and print: `python -m benchmarks [--keep] [--peers] [FIGURE ...]`; all without a name.

`--keep` puts the figures into benchmarks/results/latest.json, beside those that were not measured
again, and makes docs/benchmarks.md of them. `--peers` adds the peers, and installs them first.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import gauge
from benchmarks.figures import FIGURES
from benchmarks.page import RESULTS, lines_of, write

_PACKAGES = ("aiohttp", "msgspec", "typer", "rich")


def machine() -> dict[str, Any]:
    """What a figure is measured on, and how busy that is."""
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {_release()} {platform.machine()}",
        "python": platform.python_version(),
        "dsfix": _revision(),
        **{name: version(name) for name in _PACKAGES},
        "load": round(os.getloadavg()[0], 2),
        "pace": [gauge.pace()],
    }


def _release() -> str:
    """The kernel's version, without what whoever built it put behind."""
    return platform.release().partition("-")[0]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return platform.machine()


def _revision() -> str:
    """The commit that is measured, with a mark if the files are not those of it."""
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    return subprocess.run(git, capture_output=True, text=True).stdout.strip() or version("dsfix")


def main(words: list[str]) -> None:
    """Measure what the words name."""
    options = {word for word in words if word.startswith("--")}
    chosen = [word for word in words if word not in options]
    unknown = sorted((options - {"--keep", "--peers"}) | (set(chosen) - set(FIGURES)))
    if unknown:
        sys.exit(f"unknown: {', '.join(unknown)}; figures are {', '.join(FIGURES)}")
    chosen = chosen or [name for name in FIGURES if name != "peers"]
    if "--peers" in options and "peers" not in chosen:
        chosen.append("peers")
    found: dict[str, Any] = {}
    for name in chosen:
        before = machine()
        began = time.monotonic()
        figure = FIGURES[name].measure()
        seconds = round(time.monotonic() - began)
        before["pace"].append(gauge.pace())
        found[name] = {**figure, "machine": before, "seconds": seconds}
        print("\n".join(lines_of(name, found[name])), flush=True)
    if "--keep" in options:
        kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
        RESULTS.parent.mkdir(exist_ok=True)
        both = {**kept, **found}
        ordered = {name: both[name] for name in FIGURES if name in both}
        RESULTS.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")
        write(RESULTS, Path("docs"))


if __name__ == "__main__":
    main(sys.argv[1:])
