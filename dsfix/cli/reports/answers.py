"""What the commands on reports share: the server, and answers as text or as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dsfix.errors import DsfixError

if TYPE_CHECKING:
    from dsfix.reports.client import Server

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
ServerUrl = Annotated[
    str,
    typer.Option(
        "--server",
        metavar="URL",
        help="The server, in place of DSFIX_REPORTS_SERVER or the one that runs here.",
    ),
]
Name = Annotated[str, typer.Argument(metavar="ID", help="An id, or its beginning.")]
Names = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids, or their beginnings.")]


def server(named: str) -> Server:
    """The server that is meant. Raises DsfixError when there is none."""
    from dsfix.reports import client

    return client.server(os.environ, named)


def answered(command: str, call: Callable[[], None], as_json: bool) -> None:
    """Do it; where JSON was asked for, an error is told in JSON too."""
    try:
        call()
    except DsfixError as error:
        if not as_json:
            raise
        code = error.exit_code
        print_json(command, None, [{"code": code.name.lower(), "message": error.message}])
        raise typer.Exit(code) from error


def print_json(command: str, data: object, errors: Iterable[object] = ()) -> None:
    """One document on stdout."""
    words = ["reports", command]
    document = {"schema": 1, "command": words, "data": data, "errors": list(errors)}
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def say(line: str) -> None:
    """A line for the user, with nothing in it that drives a terminal."""
    from dsfix.cli.summary import plain

    typer.echo(f"dsfix: {plain(line)}", err=True)


def short(report: dict[str, Any]) -> str:
    """As much of an id as tells reports apart."""
    return str(report["id"])[:12]
