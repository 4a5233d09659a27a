"""How commands answer: as text, or as one JSON document; and the options that they share."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from dsfix.cli import complete
from dsfix.cli.leaving import told
from dsfix.cli.plain import escaped
from dsfix.errors import DsfixError
from dsfix.paths import write_private

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
UpstreamName = Annotated[
    str | None,
    typer.Option(
        "--upstream",
        metavar="NAME|URL",
        help="Where to forward to.",
        autocompletion=complete.upstreams,
        show_default="deepseek",
    ),
]
KeyEnv = Annotated[
    str | None, typer.Option(metavar="NAME", help="Variable that holds the API key.")
]

STDOUT = Path("-")  # as a name for a file
AllowPlainHttp = Annotated[
    bool | None,
    typer.Option("--allow-plain-http", help="Accept http:// beyond this machine."),
]


@contextmanager
def answering(command: str, as_json: bool) -> Iterator[None]:
    """Where JSON was asked for, an error inside is told in JSON too; `command` are its words."""
    try:
        yield
    except DsfixError as error:
        if not as_json:
            raise
        code = error.exit_code
        print_json(command, None, [{"code": code.name.lower(), "message": told(error).message}])
        raise typer.Exit(code) from error


def chosen_currency(option: str | None = None) -> str:
    """The currency to tell costs in: the command's own option, else the setting."""
    from dsfix import config

    return option or config.load(os.environ).currency


def print_json(command: str, data: object, errors: Iterable[object] = ()) -> None:
    """One document on stdout; `command` are its words."""
    document = {"schema": 1, "command": command.split(), "data": data, "errors": list(errors)}
    typer.echo(escaped(json.dumps(document, indent=2, ensure_ascii=False)))


def write_output(output: Path, pieces: Iterable[str], *, force: bool, otherwise: str) -> None:
    """Write a private file and print its name, or all of it on stdout.

    Raises DsfixError where it cannot be written, or is there and shall not be overwritten;
    `otherwise` is what to do then.
    """
    if output == STDOUT:
        for piece in pieces:
            print(piece, end="")
        return
    try:
        write_private(output, (each.encode("utf-8", "replace") for each in pieces), force=force)
    except FileExistsError as error:
        raise DsfixError(f"{output} exists", hint=otherwise) from error
    except OSError as error:
        raise DsfixError(f"{output} cannot be written: {error.strerror or error}") from error
    typer.echo(output)
