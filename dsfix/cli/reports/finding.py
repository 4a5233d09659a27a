"""`dsfix reports list` and `search`."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Annotated, Any

import typer

from dsfix.cli.answers import AsJson, answering, print_json
from dsfix.cli.complete import session_ids
from dsfix.cli.plain import one_line
from dsfix.cli.reports.answers import ServerUrl, server, short
from dsfix.cli.screen import screen
from dsfix.errors import UsageError
from dsfix.paths import state_dir

Tag = Annotated[list[str], typer.Option(metavar="TAG", help="Only with this tag. Repeatable.")]
Category = Annotated[str, typer.Option(metavar="NAME", help="Only of this category.")]
Project = Annotated[str, typer.Option(metavar="NAME", help="Only of this project.")]
Session = Annotated[
    str,
    typer.Option(
        metavar="ID",
        help="Only sent in this session: its id, the start or the end of it, or `last`.",
        autocompletion=session_ids,
    ),
]
Limit = Annotated[int, typer.Option(min=1, max=1000, metavar="N", help="How many, newest first.")]
Offset = Annotated[int, typer.Option(min=0, metavar="N", help="Leave out the newest so many.")]
Deleted = Annotated[bool, typer.Option("--deleted", help="The deleted ones instead.")]


def list_reports(
    tag: Tag = [],  # noqa: B006  typer makes a new one
    category: Category = "",
    project: Project = "",
    session: Session = "",
    limit: Limit = 20,
    offset: Offset = 0,
    deleted: Deleted = False,
    server_url: ServerUrl = "",
    as_json: AsJson = False,
) -> None:
    """List the reports that were sent last."""
    with answering("reports list", as_json):
        asked = _asked(tag, category, project, session, limit, offset)
        asked += [("deleted", "1")] if deleted else []
        _print("list", server(server_url).listed(asked), as_json)


def search(
    words: Annotated[
        list[str], typer.Argument(metavar="WORDS...", help="All in one report; quote a phrase.")
    ],
    tag: Tag = [],  # noqa: B006
    category: Category = "",
    project: Project = "",
    session: Session = "",
    limit: Limit = 20,
    offset: Offset = 0,
    server_url: ServerUrl = "",
    as_json: AsJson = False,
) -> None:
    """Find reports by what their newest version says, and by their labels."""
    with answering("reports search", as_json):
        wanted = [("word", word) for word in words if word.strip()]
        if not wanted:
            raise UsageError(
                "nothing to search for", hint="example: dsfix reports search quotation"
            )
        asked = wanted + _asked(tag, category, project, session, limit, offset)
        _print("search", server(server_url).listed(asked), as_json)


def _asked(
    tags: list[str], category: str, project: str, session: str, limit: int, offset: int
) -> list[tuple[str, str]]:
    plain = {
        "category": category,
        "project": project,
        "session": _whole(session),
        "limit": str(limit),
        "offset": str(offset),
    }
    return [("tag", tag) for tag in tags] + [pair for pair in plain.items() if pair[1]]


def _whole(session: str) -> str:
    """The id of the newest session for `last`; any other word is the server's to look up."""
    from dsfix.record.sessions import find

    return find(state_dir(os.environ), session).parent.name if session == "last" else session


def _print(command: str, found: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        data = [
            {**each, "found": "".join(text for text, _ in each["found"])}
            if "found" in each
            else each
            for each in found
        ]
        print_json(f"reports {command}", data)
    elif found:
        _print_lines(found)
    else:
        typer.echo("no report fits", err=True)


def _print_lines(found: list[dict[str, Any]]) -> None:
    """Two lines for each report, and the place where the words stand."""
    from rich.text import Text

    console = screen()
    for each in found:
        head = Text(short(each), "bold")
        head.append(f"  {_when(each)}  ", "dim").append(one_line(each["title"]))
        console.print(head, soft_wrap=True)
        labels = [each["project"], each["branch"], each["category"]]
        line = Text(f"  {one_line(each['url'])}  ", "dim")
        line.append(one_line(" · ".join(filter(None, labels))), "dim")
        line.append("".join(f" #{one_line(tag)}" for tag in each["tags"]), "cyan")
        if len(each["versions"]) > 1:
            line.append(f"  {len(each['versions'])} versions", "dim")
        console.print(line, soft_wrap=True)
        if "found" in each:
            place = Text("  ")
            for text, marked in each["found"]:
                place.append(one_line(text), "bold yellow" if marked else "")
            console.print(place, soft_wrap=True)


def _when(report: dict[str, Any]) -> str:
    sent = report["versions"][-1]["sent"]
    return datetime.fromtimestamp(sent).strftime("%Y-%m-%d %H:%M")
