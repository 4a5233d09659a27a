"""What a program prints: no more of it than is looked at, and no longer than it may take."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Mapping

from dsfix import family
from dsfix.errors import LaunchError

MOST = 64 * 1024  # bytes; a key or a version has a thousandth of that
LOOK = 0.1  # seconds between two looks whether a program that is silent has ended


def printed(
    words: tuple[str, ...],
    environ: Mapping[str, str],
    seconds: float,
    *,
    cwd: str | None = None,
    stderr: int | None = None,
) -> bytes:
    """What the program prints until its end; it runs without a shell and without stdin.

    Raises LaunchError when it fails, and ends it when it takes longer or prints more than it may:
    one that prints without end would fill the memory.
    """
    program, none, pipe = words[0], subprocess.DEVNULL, subprocess.PIPE
    try:
        process = subprocess.Popen(
            words, env=environ, cwd=cwd, stdin=none, stdout=pipe, stderr=stderr
        )
    except OSError as error:
        raise LaunchError(f"{program}: {error.strerror}") from None
    with process:
        try:
            output = _output(process, time.monotonic() + seconds)
            if len(output) > MOST:
                raise LaunchError(f"{program} prints more than {MOST:,} bytes")
        except BaseException as error:  # Ctrl-C as well
            if process.poll() is None:
                family.kill(process.pid)
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            message = f"{program} took more than {seconds:.0f} seconds"
            hint = "does it wait for input? its stdin is empty"
            raise LaunchError(message, hint=hint) from None
    if process.returncode:
        how = f"exit code {process.returncode}" if process.returncode > 0 else "a signal"
        raise LaunchError(f"{program} ended with {how}", hint="see what it says above")
    return output


def _output(process: subprocess.Popen[bytes], until: float) -> bytes:
    """All that it prints, or somewhat more than MOST of that. Raises TimeoutExpired.

    What it started and left running, a key's agent for one, may hold its stdout for good.
    """
    assert process.stdout is not None
    output = b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        while len(output) <= MOST:
            ended, left = process.poll() is not None, max(until - time.monotonic(), 0)
            if waiting.select(0 if ended else min(left, LOOK)):
                piece = os.read(process.stdout.fileno(), MOST)
                if not piece:
                    process.wait(left)
                    break
                output += piece
            elif ended:
                break
            elif not left:
                raise subprocess.TimeoutExpired(process.args, 0)
    return output
