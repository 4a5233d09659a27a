"""`dsfix reports`: pages that agents write, sent to a server and read on any device."""

from __future__ import annotations

import typer

from dsfix.cli.reports.finding import list_reports, search
from dsfix.cli.reports.keeping import gc
from dsfix.cli.reports.labelling import categorize, delete, project, tag, undelete, untag
from dsfix.cli.reports.sending import send, watch
from dsfix.cli.reports.serving import serve

reports_app = typer.Typer(
    help="Send pages that agents write to a server of your own, and read them on any device.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
reports_app.command("list")(list_reports)
for _command in (serve, send, watch, search, tag, untag, categorize, project, delete, undelete, gc):
    reports_app.command()(_command)
