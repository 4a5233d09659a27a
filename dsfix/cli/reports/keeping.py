"""`dsfix reports gc`: deleted reports are removed for good."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dsfix.cli.answers import AsJson, answering, print_json
from dsfix.cli.plain import one_line
from dsfix.cli.reports.answers import ServerUrl, server, short

if TYPE_CHECKING:
    from dsfix.reports.client import Server

_DAY = 86_400.0
_PAGE = 1000  # reports in one answer


def gc(
    days: Annotated[
        float, typer.Option(min=0, metavar="D", help="Only those deleted D days ago or more.")
    ] = 0,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove them; else only say.")] = False,
    server_url: ServerUrl = "",
    as_json: AsJson = False,
) -> None:
    """Remove deleted reports for good, with the files of all their versions."""
    with answering("reports gc", as_json):
        at = server(server_url)
        before = time.time() - days * _DAY
        deleted = (each for each in _deleted(at) if each["deleted"] is not None)
        going = [each for each in deleted if each["deleted"] <= before]
        for each in going if yes else ():
            at.purged(each["id"])
        if as_json:
            reports = [{"id": each["id"], "bytes": _size(each)} for each in going]
            print_json("reports gc", {"removed": yes, "reports": reports})
        else:
            _print(going, yes)


def _deleted(at: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while len(page := at.listed(_asked(len(found)))) == _PAGE:
        found += page
    return found + page


def _asked(offset: int) -> list[tuple[str, str]]:
    return [("deleted", "1"), ("limit", str(_PAGE)), ("offset", str(offset))]


def _size(report: dict[str, Any]) -> int:
    return sum(int(version["size"]) for version in report["versions"])


def _print(going: list[dict[str, Any]], removed: bool) -> None:
    for each in going:
        at = datetime.fromtimestamp(each["deleted"]).strftime("%Y-%m-%d %H:%M")
        size = f"{_size(each) / 1e6:.1f} MB"
        typer.echo(f"{short(each)}  deleted {at}  {size:>10}  {one_line(each['title'])}")
    count, total = len(going), sum(map(_size, going)) / 1e6
    many = "report" if count == 1 else "reports"
    said = "removed" if removed else "would be removed; --yes removes them"
    typer.echo(f"{count} {many}, {total:.1f} MB {said}" if count else "nothing to remove")
