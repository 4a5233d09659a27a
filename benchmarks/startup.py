"""What dsfix costs before and after the agent: whole processes, in turns, medians.

Also shows what the pin on Typer is for: an empty Typer app against `import typer`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

_EMPTY_APP = (
    "import typer; app = typer.Typer(); app.command()(lambda: None); app(standalone_mode=False)"
)


def run(rounds: int = 21) -> dict[str, Any]:
    """Milliseconds of each command, and ratios pair by pair."""
    with tempfile.TemporaryDirectory() as state:
        env = {**os.environ, "DSFIX_STATE_DIR": state, "DEEPSEEK_API_KEY": "benchmark-key-not-real"}
        commands = {
            "import typer": [sys.executable, "-c", "import typer"],
            "dsfix run -- true": [sys.executable, "-m", "dsfix", "run", "--", "true"],
            "dsfix run -q -- true": [sys.executable, "-m", "dsfix", "run", "-q", "--", "true"],
            "empty typer app": [sys.executable, "-c", _EMPTY_APP],
            "import aiohttp.web": [sys.executable, "-c", "import aiohttp.web"],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(rounds + 2):
            for name, command in commands.items():
                began = time.perf_counter()
                subprocess.run(command, env=env, check=True, capture_output=True)
                if number > 1:
                    times[name].append((time.perf_counter() - began) * 1e3)
    result: dict[str, Any] = {
        name: round(statistics.median(values), 1) for name, values in times.items()
    }
    for name in ("dsfix run -- true", "dsfix run -q -- true", "empty typer app"):
        pairs = zip(times[name], times["import typer"], strict=True)
        result[f"{name} / import typer"] = round(statistics.median(a / b for a, b in pairs), 2)
    return result


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
