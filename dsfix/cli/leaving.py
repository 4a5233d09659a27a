"""How a command ends: with its exit code, whatever has become of its output."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import NoReturn

from dsfix.cli.plain import one_line, plain
from dsfix.errors import DsfixError

LONGEST = 1000  # characters of an error; what was given may be a file of megabytes


def failed(error: DsfixError) -> NoReturn:
    """Tell an error in one line and its hint, and exit with its code."""
    error = told(error)
    if sys.stderr is not None:  # print would take stdout for one that was closed
        with suppress(OSError, ValueError):
            print(f"dsfix: error: {cut(one_line(error.message))}", file=sys.stderr)
            if error.hint:
                print(f"  hint: {plain(error.hint)}", file=sys.stderr)
    leave(error.exit_code)


def cut(text: str) -> str:
    """As much of the words of an error as anybody reads."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def told(error: DsfixError) -> DsfixError:
    """The error without secrets in its words: a key may have been typed where a name belongs."""
    from dsfix.redact import Redactor

    shown = Redactor.of(os.environ, ()).text
    error.message, error.hint = shown(error.message), shown(error.hint)
    return error


def leave(code: int, *, at_once: bool = False) -> NoReturn:
    """Exit with that code; at once where a thread still works, or output is gone."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            at_once = True  # the interpreter would flush again, and exit with 120
    if at_once:
        os._exit(code)
    sys.exit(code)
