"""`dsfix send` and `dsfix reports watch`: a page goes to the server, once or at every change."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dsfix.cli.answers import AsJson, answering, print_json
from dsfix.cli.complete import report_ids
from dsfix.cli.plain import one_line
from dsfix.cli.reports.answers import ServerUrl, check_labels, say, server
from dsfix.paths import working_dir

if TYPE_CHECKING:
    from dsfix.errors import DsfixError
    from dsfix.reports.packing import Packed
    from dsfix.reports.sending import Said, Sent

Page = Annotated[Path, typer.Argument(metavar="FILE", help="The page, an .html file.")]
Tag = Annotated[list[str], typer.Option(metavar="TAG", help="Tag it so. Repeatable.")]
Category = Annotated[str, typer.Option(metavar="NAME", help="Its category.")]
Project = Annotated[
    str,
    typer.Option(metavar="NAME", help="Its project.", show_default="that of the directory"),
]
Title = Annotated[
    str, typer.Option(metavar="TEXT", help="Its title.", show_default="that of the page")
]
Id = Annotated[
    str,
    typer.Option(
        "--id",
        metavar="ID",
        help="A new version of this report, whatever the file.",
        autocompletion=report_ids,
    ),
]


def send(
    page: Page,
    server_url: ServerUrl = "",
    tag: Tag = [],  # noqa: B006  typer makes a new one
    category: Category = "",
    project: Project = "",
    title: Title = "",
    id: Id = "",
    as_json: AsJson = False,
) -> None:
    """Send a page with the files it refers to, and print its address.

    The same file again is a new version at the same address.
    """
    with answering("reports send", as_json):
        from dsfix.reports.sending import Said

        sent = _send(page, server_url, Said(id, title, category, project, tuple(tag)), False)
        if as_json:
            data = {**sent.report, "warnings": [*sent.packed.warnings, *_exposed(sent)]}
            print_json("reports send", data)
        else:
            typer.echo(one_line(sent.report["url"]))


def watch(
    page: Page,
    server_url: ServerUrl = "",
    tag: Tag = [],  # noqa: B006
    category: Category = "",
    project: Project = "",
    title: Title = "",
    id: Id = "",
) -> None:
    """Send a page, and again whenever it or its files change; open pages reload.

    That makes one new version, which is replaced until Ctrl-C.
    """
    from dsfix.reports import sending
    from dsfix.reports.sending import Said

    first = _send(page, server_url, Said(id, title, category, project, tuple(tag)), False)
    typer.echo(one_line(first.report["url"]))
    same = Said(first.report["id"])

    def again() -> Packed:
        return _send(page, server_url, same, True).packed

    def failed(error: DsfixError) -> None:
        say(error.message)

    sending.watch(again, sending.page(page), first.packed, failed)


def _send(page: Path, server_url: str, said: Said, replace: bool) -> Sent:
    """Send it, with the warnings on stderr."""
    from dsfix.reports import sending

    check_labels(said.title, said.category, said.project, *said.tags)
    at, cwd = server(server_url), working_dir(os.environ)
    sent = sending.send(at, sending.page(page), cwd, os.environ, said, replace=replace)
    for warning in sent.packed.warnings:
        say(f"left out: {warning}")
    for warning in _exposed(sent):
        say(warning)
    if not replace and (version := sent.report["version"]) > 1:
        say(f"version {version}")
    return sent


def _exposed(sent: Sent) -> list[str]:
    """What the user should know before passing the address on."""
    return [f"{name} holds what looks like a key or a password" for name in sent.secret]
