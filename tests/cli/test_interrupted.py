"""Ctrl-C while a command is still being imported."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dsfix.interrupts import silent
from tests.support.commands import environment

# Found by the interpreter before anything else: it tells of each import what Ctrl-C would do there.
WATCH = """
import signal, sys

class Watch:
    @staticmethod
    def find_spec(name, path=None, target=None):
        ends = signal.getsignal(signal.SIGINT) is signal.SIG_DFL
        print(f"import {name} {ends}", file=sys.stderr)

sys.meta_path.insert(0, Watch)
"""


@pytest.mark.parametrize("words", [("run", "--", "true"), ("sessions", "list"), ("repairs",)])
def test_ctrl_c_ends_an_import_without_a_word(words: tuple[str, ...], tmp_path: Path) -> None:
    """An import may catch KeyboardInterrupt, print it and go on; nothing has begun that needs it."""
    (tmp_path / "sitecustomize.py").write_text(WATCH)
    env = environment(tmp_path)
    env["PYTHONPATH"] = f"{tmp_path}:{env['PYTHONPATH']}"
    told = subprocess.run(
        [sys.executable, "-m", "dsfix", *words], env=env, capture_output=True, text=True, timeout=60
    ).stderr
    rows = [line.split() for line in told.splitlines() if line.startswith("import dsfix.")]
    ends = {name: ends == "True" for _, name, ends in rows}
    begun = f"dsfix.{'session' if words[0] == 'run' else f'cli.{words[0]}'}"
    names = list(ends)
    assert all([ends[name] for name in names[names.index("dsfix.cli") : names.index(begun) + 1]]), (
        told
    )


def test_ctrl_c_is_heard_once_a_command_runs(tmp_path: Path) -> None:
    """A table that is being made is given up, with the exit code that says so."""
    (tmp_path / "sitecustomize.py").write_text(
        WATCH.replace("print(", "name == 'rich' and signal.raise_signal(signal.SIGINT); print(")
    )
    env = environment(tmp_path)
    env["PYTHONPATH"] = f"{tmp_path}:{env['PYTHONPATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "dsfix", "repairs"],
        env=env, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 130, done.stderr


def test_another_thread_imports_without_it() -> None:
    """Ctrl-C is the main thread's; elsewhere nothing is changed, and nothing fails."""
    done = []

    def imports() -> None:
        with silent():
            done.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=imports)
    thread.start()
    thread.join()
    assert done == [signal.getsignal(signal.SIGINT)]
