"""What the commands on reports share: the server, and answers as text or as JSON."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dsfix.cli.complete import deleted_report_ids, report_ids
from dsfix.cli.plain import one_line
from dsfix.errors import UsageError

if TYPE_CHECKING:
    from dsfix.reports.client import Server

ServerUrl = Annotated[
    str,
    typer.Option(
        "--server",
        metavar="URL",
        help="The server, in place of DSFIX_REPORTS_SERVER or the one that runs here.",
    ),
]
Name = Annotated[
    str,
    typer.Argument(metavar="ID", help="An id, or its beginning.", autocompletion=report_ids),
]
Names = Annotated[
    list[str],
    typer.Argument(metavar="ID...", help="Ids, or their beginnings.", autocompletion=report_ids),
]
DeletedNames = Annotated[
    list[str],
    typer.Argument(
        metavar="ID...", help="Ids, or their beginnings.", autocompletion=deleted_report_ids
    ),
]

_SHOWN = 40  # characters of a label that is none


def server(named: str) -> Server:
    """The server that is meant. Raises DsfixError when there is none."""
    from dsfix.reports import client

    return client.server(os.environ, named)


def check_labels(*words: str) -> None:
    """Raises UsageError for what no report can have as a label, before anything is sent."""
    from dsfix.reports.bundle import LONGEST_LABEL

    for word in words:
        if len(word) > LONGEST_LABEL or any(each < " " or each == "\x7f" for each in word):
            shown = word if len(word) <= _SHOWN else f"{word[:_SHOWN]}…"
            hint = f"expected one line of at most {LONGEST_LABEL} characters"
            raise UsageError(f"{shown!r} is no label of a report", hint=hint)


def say(line: str) -> None:
    """A line for the user, with nothing in it that drives a terminal."""
    typer.echo(f"dsfix: {one_line(line)}", err=True)


def short(report: dict[str, Any]) -> str:
    """As much of an id as tells reports apart."""
    return one_line(str(report["id"])[:12])
