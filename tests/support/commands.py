"""`dsfix` as a user runs it: a process with an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from dsfix.cli import app

ROOT = Path(__file__).parent.parent.parent
KEY = "test-key-0123456789abcdef"


@dataclass(frozen=True)
class Ran:
    """A finished command."""

    code: int
    out: str
    err: str
    summary: dict[str, Any] | None


def environment(home: Path, **more: str) -> dict[str, str]:
    """A clean environment with a home of its own and a fake key."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "DSFIX_STRICT": "1",
        "DEEPSEEK_API_KEY": KEY,
        **more,
    }


def dsfix(
    *words: str, home: Path, env: dict[str, str] | None = None, text: str | None = None
) -> Ran:
    """Run `dsfix` with these words; `run` gets a summary file that is read back."""
    summary = home / "summary.json"
    summary.unlink(missing_ok=True)
    if words[:1] == ("run",):
        words = ("run", "--summary-file", str(summary), *words[1:])
    done = subprocess.run(
        [sys.executable, "-m", "dsfix", *words],
        env=environment(home) if env is None else env,
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True,
        text=True,
        timeout=60,
    )
    document = json.loads(summary.read_text(encoding="utf-8")) if summary.exists() else None
    return Ran(done.returncode, done.stdout, done.stderr, document)


def every_command() -> dict[str, Any]:
    """Each command and group of commands by its words: `dsfix`, `dsfix run` and so on."""

    def below(words: str, command: Any) -> Iterator[tuple[str, Any]]:
        yield words, command
        for name in command.list_commands(None) if hasattr(command, "list_commands") else ():
            yield from below(f"{words} {name}", command.get_command(None, name))

    return dict(below("dsfix", typer.main.get_command(app)))
