"""What dsfix costs before and after the agent: whole processes, in turns, medians.

Also shows what the pin on Typer is for: an empty Typer app against `import typer`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

from benchmarks.figure import Figure, at_most, middle

_EMPTY_APP = (
    "import typer; app = typer.Typer(); app.command()(lambda: None); app(standalone_mode=False)"
)


def run(rounds: int = 21) -> Figure:
    """Milliseconds of each command, and how much that is of `import typer`, pair by pair."""
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
    typer = times["import typer"]
    ratios = {
        name: middle([a / b for a, b in zip(each, typer, strict=True)], 2)
        for name, each in times.items()
    }
    return {
        "settings": f"{rounds} rounds, medians.",
        "columns": ["process", "ms", "x `import typer`"],
        "rows": [[f"`{name}`", middle(each, 1), ratios[name]] for name, each in times.items()],
        "targets": [
            at_most(f"`{name}`", ratios[name], 2, "x `import typer`")
            for name in ("dsfix run -- true", "dsfix run -q -- true")
        ],
    }
