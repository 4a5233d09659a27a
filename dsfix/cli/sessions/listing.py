"""`dsfix sessions list` and `search`: which sessions there are, and where something was said."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dsfix.cli.answers import AsJson, answering, print_json
from dsfix.cli.complete import agents
from dsfix.cli.plain import one_line, plain
from dsfix.cli.screen import fitting, room_of, screen
from dsfix.cli.sessions.answers import local, state
from dsfix.cli.sessions.moments import moment

if TYPE_CHECKING:
    from rich.text import Text

    from dsfix.cli.screen import Columns
    from dsfix.record.index.query import Hit, Indexed, Wanted

_WIDE = 110  # columns from which on project, tags and title are shown
_PROJECT = 30

Agent = Annotated[
    str,
    typer.Option(metavar="NAME", help="Only of this agent.", autocompletion=agents),
]
Model = Annotated[
    str, typer.Option(metavar="TEXT", help="Only with a model whose name has this in it.")
]
Project = Annotated[str, typer.Option(metavar="NAME", help="Only of this project.")]
Tag = Annotated[list[str], typer.Option(metavar="TAG", help="Only with this tag. Repeatable.")]
Category = Annotated[str, typer.Option(metavar="NAME", help="Only of this category.")]
Since = Annotated[
    str, typer.Option(metavar="WHEN", help="Begun then or later: a date, or `3d`, `2h` ago.")
]
Until = Annotated[str, typer.Option(metavar="WHEN", help="Begun no later: a date, or `3d` ago.")]
Limit = Annotated[
    int, typer.Option(min=1, max=1_000_000, metavar="N", help="How many, newest first.")
]


def list_sessions(
    agent: Agent = "",
    model: Model = "",
    project: Project = "",
    tag: Tag = [],  # noqa: B006  typer makes a new one
    category: Category = "",
    since: Since = "",
    until: Until = "",
    text: Annotated[
        list[str], typer.Option(metavar="WORD", help="Only where this was said. Repeatable.")
    ] = [],  # noqa: B006
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List the newest sessions."""
    with answering("sessions list", as_json):
        wanted = _wanted(agent, model, project, tag, category, since, until, text)
        _list(wanted, limit, as_json)


def search(
    words: Annotated[
        list[str], typer.Argument(metavar="WORDS...", help="All in one text; quote a phrase.")
    ],
    agent: Agent = "",
    model: Model = "",
    project: Project = "",
    tag: Tag = [],  # noqa: B006
    category: Category = "",
    since: Since = "",
    until: Until = "",
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Find what users, models and tools said."""
    with answering("sessions search", as_json):
        wanted = _wanted(agent, model, project, tag, category, since, until, words)
        _search(wanted, limit, as_json)


def _wanted(
    agent: str,
    model: str,
    project: str,
    tags: Sequence[str],
    category: str,
    since: str,
    until: str,
    words: Sequence[str],
) -> Wanted:
    from dsfix.record.index.query import Wanted

    now = time.time()
    return Wanted(
        _as_kept(agent),
        _as_kept(model),
        _as_kept(project),
        tuple(map(_as_kept, tags)),
        _as_kept(category),
        moment(since, now) if since else None,
        moment(until, now, end=True) if until else None,
        tuple(_as_kept(word) for word in words if word.strip()),
    )


def _as_kept(word: str) -> str:
    """A word as the index has it: a directory's name may be no text."""
    return word.encode("utf-8", "replace").decode()


def _list(wanted: Wanted, limit: int, as_json: bool) -> None:
    from dsfix.record.index.opening import current
    from dsfix.record.index.query import listed
    from dsfix.report.transcript import transcript

    with current(state(), transcript) as (db, note):
        _say(note)
        found = listed(db, wanted, limit)
    if as_json:
        from dsfix.report.documents import listed as as_document

        print_json("sessions list", list(map(as_document, found)))
    elif found:
        _print_list(found)
    else:
        typer.echo(_none(wanted), err=True)


def _none(wanted: Wanted) -> str:
    """Why there is nothing to list."""
    from dsfix.record.sessions import event_files

    if wanted != type(wanted)():
        return "no session fits"
    if any(event_files(state())):
        return "every session was deleted; `dsfix sessions undelete` brings one back"
    return "no session has been recorded"


def _search(wanted: Wanted, limit: int, as_json: bool) -> None:
    from dsfix.record.index.opening import current
    from dsfix.record.index.query import searched
    from dsfix.report.transcript import transcript

    if not wanted.words:
        from dsfix.errors import UsageError

        raise UsageError("nothing to search for", hint="example: dsfix sessions search tokenizer")
    with current(state(), transcript) as (db, note):
        _say(note)
        found = searched(db, wanted, limit)
    if as_json:
        from dsfix.report.documents import hit

        print_json("sessions search", [hit(each, wanted.words) for each in found])
    elif found:
        _print_hits(found, wanted.words)
    else:
        typer.echo("nothing found", err=True)


def _say(note: str) -> None:
    if note:
        typer.echo(f"dsfix: {note}", err=True)


def _print_list(found: list[Indexed]) -> None:
    """A table; on a wide terminal the titles take what room is left.

    On a narrow one some columns are left out, and never ids: other commands are given them.
    """
    from rich.table import Table

    console = screen()
    names = ("id", "started", "agent", "lived", "requests", "tokens", "end")
    columns: Columns = dict(zip(names, zip(*map(_row, found), strict=True), strict=True))
    if console.width >= _WIDE:
        columns["project"] = list(map(_project, found))
        room = console.width - room_of(columns)
        columns["title"] = [_title(each, room) for each in found]
    else:
        columns = fitting(columns, console.width, ("lived", "tokens", "requests", "started"))
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    for name in columns:
        side: Literal["right", "left"] = "left"
        if name in ("lived", "requests", "tokens"):
            side = "right"
        table.add_column(name, justify=side, no_wrap=True, overflow="ellipsis")
    table.columns[0].min_width = max(len(each.id) for each in found)
    for row in zip(*columns.values(), strict=True):
        table.add_row(*row)
    console.print(table)


def _row(each: Indexed) -> list[str | Text]:
    from rich.text import Text

    from dsfix.cli.summary import count

    used = each.input + each.output
    return [
        each.id,
        local(each.started, "%d %b %H:%M"),
        Text(one_line(each.agent or "?")),
        str(timedelta(seconds=round(each.duration))) if each.state == "ended" else "",
        f"{each.exchanges:,}",
        count(used) if used else "",
        f"exit {each.exit_code}" if each.state == "ended" else each.state,
    ]


def _project(each: Indexed) -> Text:
    """The project with its branch."""
    from rich.text import Text

    project = Text(one_line(each.project))
    if each.branch:
        project.append(f" {one_line(each.branch)}", "dim")
    project.truncate(_PROJECT, overflow="ellipsis")
    return project


def _title(each: Indexed, room: int) -> Text:
    """The tags and the title, or how the user began."""
    from rich.text import Text

    title = Text(" ".join(f"#{one_line(tag)}" for tag in each.tags), "cyan")
    title.append(" " if each.tags else "")
    said = one_line(each.title or " ".join(each.said.split()))
    title.append(said, "" if each.title else "dim")
    title.truncate(max(room, 1), overflow="ellipsis")
    return title


def _print_hits(found: list[Hit], words: Sequence[str]) -> None:
    """Each hit in a line with its place, under the session it is in."""
    from rich.text import Text

    from dsfix.report.snippet import snippet

    console = screen()
    session = ""
    for hit in found:
        if hit.session != session:
            session = hit.session
            head = Text(session, "bold")
            head.append(f"  {local(hit.started, '%Y-%m-%d %H:%M')}  {one_line(hit.project)}", "dim")
            console.print(head, soft_wrap=True)
        who = hit.role if hit.sort in ("text", "result") else f"{hit.role} {hit.sort}"
        line = Text(f"  #{hit.exchange} {who}: ", "dim")
        for text, marked in snippet(hit.text, words):
            line.append(plain(text), "bold yellow" if marked else "")
        console.print(line, soft_wrap=True)
