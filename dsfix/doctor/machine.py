"""What the checks may look at on this machine: one value, so that tests can pass another."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from dsfix.errors import LaunchError
from dsfix.paths import home_dir, text_of
from dsfix.printed import printed

VERSION_WAIT = 20.0  # seconds; Node programs take up to five for --version


class Machine(NamedTuple):
    """The environment, two folders, and three things to do.

    `read` gives the text of a file, or None; `run` what a command prints, or None when it fails;
    `now` the wall-clock time in seconds.
    """

    environ: Mapping[str, str]
    cwd: Path
    home: Path
    read: Callable[[Path], str | None]
    run: Callable[[tuple[str, ...]], str | None]
    now: Callable[[], float] = time.time


def this_machine(environ: Mapping[str, str], cwd: Path) -> Machine:
    """The machine that we run on."""
    return Machine(environ, cwd, home_dir(environ), text_of, lambda words: _printed(words, environ))


def _printed(words: tuple[str, ...], environ: Mapping[str, str]) -> str | None:
    """What a command prints, on stderr where it says nothing on stdout (pi 0.73.1).

    It gets no key, which a `--version` does not need. Nor is it in the project: programs run what
    some files there say, before they do anything else.
    """
    secret = ("KEY", "TOKEN", "SECRET", "PASSWORD")
    env = {name: value for name, value in environ.items() if not name.endswith(secret)}
    try:
        for stderr in (subprocess.DEVNULL, subprocess.STDOUT):
            if output := printed(words, env, VERSION_WAIT, cwd="/", stderr=stderr):
                break
    except LaunchError:
        return None
    return os.fsdecode(output)
