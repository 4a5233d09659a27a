"""`dsfix reports tag`, `untag`, `categorize`, `project`, `delete`, `undelete`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from dsfix.cli.answers import AsJson, answering, print_json
from dsfix.cli.plain import one_line
from dsfix.cli.reports.answers import (
    DeletedNames,
    Name,
    Names,
    ServerUrl,
    check_labels,
    server,
    short,
)

Tags = Annotated[list[str], typer.Argument(metavar="TAG...")]
Label = Annotated[str, typer.Argument(metavar="NAME", help="Empty takes it away.")]


def tag(name: Name, tags: Tags, server_url: ServerUrl = "", as_json: AsJson = False) -> None:
    """Tag a report."""
    _change("tag", [name], {"tag": tags}, server_url, as_json)


def untag(name: Name, tags: Tags, server_url: ServerUrl = "", as_json: AsJson = False) -> None:
    """Take tags from a report."""
    _change("untag", [name], {"untag": tags}, server_url, as_json)


def categorize(
    name: Name, category: Label, server_url: ServerUrl = "", as_json: AsJson = False
) -> None:
    """Put a report in a category."""
    _change("categorize", [name], {"category": category}, server_url, as_json)


def project(
    name: Name, project: Label, server_url: ServerUrl = "", as_json: AsJson = False
) -> None:
    """Put a report in a project."""
    _change("project", [name], {"project": project}, server_url, as_json)


def delete(names: Names, server_url: ServerUrl = "", as_json: AsJson = False) -> None:
    """Take reports away: their addresses show nothing until they are undeleted."""
    _change("delete", names, {"deleted": True}, server_url, as_json)


def undelete(names: DeletedNames, server_url: ServerUrl = "", as_json: AsJson = False) -> None:
    """Bring deleted reports back, at the same addresses."""
    _change("undelete", names, {"deleted": False}, server_url, as_json)


def _change(
    command: str,
    names: Sequence[str],
    change: Mapping[str, str | Sequence[str] | bool],
    url: str,
    as_json: bool,
) -> None:
    """Change all these reports, or none if one of them is not found."""
    from dsfix.redact import Redactor

    with answering(f"reports {command}", as_json):
        for said in change.values():
            if not isinstance(said, bool):
                check_labels(*([said] if isinstance(said, str) else said))
        if command != "untag":  # one that was kept as it is can be taken off
            change = Redactor.of(os.environ, ()).value(change)
        at = server(url)
        found = [at.changed(name, {})["id"] for name in names]  # to change nothing is to look
        changed = [at.changed(each, change) for each in found]
        if as_json:
            print_json(f"reports {command}", changed)
            return

        for each in changed:
            labels = [each["project"], each["category"], *(f"#{tag}" for tag in each["tags"])]
            words = " · ".join(filter(None, [each["title"], *labels]))
            typer.echo(
                f"{short(each)}  {one_line(words)}{'  (deleted)' if each['deleted'] else ''}"
            )
