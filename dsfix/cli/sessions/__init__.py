"""`dsfix sessions`: what was recorded, found, shown, labelled, exported and cleared away."""

from __future__ import annotations

import typer

from dsfix.cli.sessions.budgeting import budget
from dsfix.cli.sessions.differing import diff
from dsfix.cli.sessions.exporting import export
from dsfix.cli.sessions.keeping import gc, reindex
from dsfix.cli.sessions.labelling import (
    categorize,
    delete,
    path,
    project,
    rename,
    tag,
    undelete,
    untag,
)
from dsfix.cli.sessions.listing import list_sessions, search
from dsfix.cli.sessions.showing import show

sessions_app = typer.Typer(
    help="Find, show, label and export recorded sessions.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
sessions_app.command("list")(list_sessions)
sessions_app.command()(show)
sessions_app.command()(search)
sessions_app.command()(diff)
sessions_app.command()(export)
sessions_app.command()(budget)
sessions_app.command()(tag)
sessions_app.command()(untag)
sessions_app.command()(categorize)
sessions_app.command()(project)
sessions_app.command()(rename)
sessions_app.command()(delete)
sessions_app.command()(undelete)
sessions_app.command()(path)
sessions_app.command()(gc)
sessions_app.command()(reindex)
