"""`dsfix serve`: keep reports and show them, until told to stop."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dsfix.reports.place import Running

_PORT = 3939
Host = Annotated[
    str,
    typer.Option(metavar="ADDR", help="Address to listen on; any but loopback lets others read."),
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")]


def serve(host: Host = "127.0.0.1", port: Port = _PORT) -> None:
    """Keep reports and show them to whoever has their address.

    Sending and managing takes the token in DSFIX_REPORTS_TOKEN, or in
    reports/token of the state directory, which is made at the first start.
    """
    from dsfix.reports.serving import is_loopback
    from dsfix.reports.serving import serve as run

    def ready(running: Running) -> None:
        print(running.shown, flush=True)
        if not is_loopback(host):
            note = "pages and the token travel unencrypted; use a network that you trust"
            print(f"dsfix: {note}, or a tunnel", file=sys.stderr, flush=True)

    run(os.environ, host, port, ready)
