"""`dsfix view`: a session in the browser, or as one HTML file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from dsfix.cli.answers import chosen_currency, write_output
from dsfix.cli.complete import session_ids
from dsfix.cli.plain import escaped
from dsfix.errors import DsfixError
from dsfix.paths import state_dir


def view(
    session: Annotated[
        str,
        typer.Argument(
            metavar="[ID]", help="An id, its start or its end.", autocompletion=session_ids
        ),
    ] = "last",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write it there instead, or - to stdout."
        ),
    ] = None,
    open_it: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the browser, in a terminal.")
    ] = True,
) -> None:
    """Show a session in the browser, and go on while it runs; Ctrl-C ends it.

    Prints the URL, which opens once and from this machine only.
    """
    from dsfix.record.sessions import find

    path = find(state_dir(os.environ), session)
    if output is None:
        _serve(path, open_it and sys.stdout.isatty() and _has_screen())
    else:
        _write(path, output)


def _serve(path: Path, open_it: bool) -> None:
    import asyncio
    import signal
    import threading

    from dsfix.view.server import open_browser, serve

    currency = chosen_currency()

    async def until_stopped() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop.set)

        def ready(url: str) -> None:
            print(url, flush=True)
            if open_it:
                # a browser that stays in the foreground is waited for: not when we are stopped
                threading.Thread(target=open_browser, args=(url,), daemon=True).start()

        await serve(path, ready, stop.wait, currency)

    try:
        asyncio.run(until_stopped())
    except OSError as error:
        raise DsfixError(f"the page cannot be served: {error.strerror or error}") from error


def _has_screen() -> bool:
    """Whether a browser would have a window; one of the terminal would take the URL's place."""
    named = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    return sys.platform != "linux" or any(os.environ.get(name) for name in named)


def _write(path: Path, output: Path) -> None:
    from dsfix.record.reader import read
    from dsfix.report.page import page
    from dsfix.report.recall import recalled

    record = read(path)
    pieces = map(escaped, page(record, recalled(record, chosen_currency())))
    write_output(output, pieces, force=False, otherwise="name another file")
