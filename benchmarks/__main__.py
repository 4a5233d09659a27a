"""All benchmarks: `python -m benchmarks [startup] [first-byte]`; JSON and a table.

The JSON goes to benchmarks/results/ with machine, date and versions beside the figures.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import first_byte, startup

RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    packages = ("aiohttp", "msgspec", "typer", "rich")
    return {
        "date": time.strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        **{name: version(name) for name in packages},
    }


def main(chosen: set[str]) -> None:
    result: dict[str, Any] = {"machine": machine()}
    if not chosen or "startup" in chosen:
        result["startup"] = startup.run()
        print("start-up, whole process, ms (medians)")
        for name, value in result["startup"].items():
            print(f"  {name:<40} {value:>8}")
    if not chosen or "first-byte" in chosen:
        result["first_byte"] = first_byte.run()
        print("time to first byte, ms (p50), and what each way adds to direct")
        print(
            f"  {'':<24}{'direct':>9}{'bare':>9}{'dsfix':>9}{'+bare':>9}{'+dsfix':>9}{'ratio':>8}"
        )
        for row in result["first_byte"]:
            figures = [row[name]["p50"] for name in ("direct", "bare", "dsfix")]
            figures += [row["added_bare"], row["added_dsfix"], row["ratio"]]
            label = f"{row['kind']} {row['size'] // 1000} KB"
            print(f"  {label:<24}" + "".join(f"{figure:>9.2f}" for figure in figures))
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"written to {path}")


if __name__ == "__main__":
    main(set(sys.argv[1:]))
