"""`dsfix sessions export`: one session as a file that other programs read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dsfix.cli.answers import STDOUT, chosen_currency, write_output
from dsfix.cli.complete import formats
from dsfix.cli.plain import escaped, plain
from dsfix.cli.sessions.answers import Session, recorded
from dsfix.errors import UsageError


def export(
    session: Session,
    form: Annotated[
        str,
        typer.Option(
            "--format", metavar="NAME", help="html, md, jsonl, har or otlp.", autocompletion=formats
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Else to stdout.")
    ] = STDOUT,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write a session as a web page, Markdown, JSON Lines, an HTTP archive or OTLP traces."""
    from dsfix.report.export import FORMATS
    from dsfix.report.recall import recalled

    if form not in FORMATS:
        raise UsageError(f"no format {form!r}", hint=f"one of {', '.join(FORMATS)}")
    record = recorded(session)
    safe = plain if form == "md" else escaped  # a file is shown in a terminal sooner or later
    pieces = map(safe, FORMATS[form](record, recalled(record, chosen_currency())))
    write_output(output, pieces, force=force, otherwise="--force overwrites it")
