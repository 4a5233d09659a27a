"""`dsfix sessions gc` and `reindex`: what stays on the disk."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from dsfix.cli.answers import AsJson, answering, print_json
from dsfix.cli.sessions.answers import local, number, state

if TYPE_CHECKING:
    from dsfix.record.keeping import Leaving

_DAY = 86_400.0
_SIZES = {"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12}


def gc(
    keep: Annotated[int | None, typer.Option(min=0, metavar="N", help="Keep the newest N.")] = None,
    days: Annotated[
        float | None, typer.Option(min=0, metavar="D", help="Keep those of the last D days.")
    ] = None,
    size: Annotated[
        str, typer.Option(metavar="SIZE", help="Keep the newest up to so much: 500MB, 1GB.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove them; else only say.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove deleted sessions, and untagged ones beyond a bound; running ones stay."""
    with answering("sessions gc", as_json):
        from dsfix.record.index.opening import forget
        from dsfix.record.keeping import Bounds, kept, leaving, remove
        from dsfix.report.transcript import transcript

        since = None if days is None else time.time() - days * _DAY
        most = int(number(size, _SIZES, "example: --size 1GB")) if size else None
        going = leaving(kept(state()), Bounds(keep, since, most))
        if yes:
            try:
                for each in going:
                    remove(each.session.path)
            finally:  # what was removed before one that cannot be
                forget(state(), transcript)
        if as_json:
            print_json(
                "sessions gc", {"removed": yes, "sessions": [_document(each) for each in going]}
            )
        else:
            _print(going, yes)


def reindex() -> None:
    """Make the index anew from the records."""
    from dsfix.record.index.opening import anew
    from dsfix.report.transcript import transcript

    if note := anew(state(), transcript):
        typer.echo(f"dsfix: {note}", err=True)


def _document(each: Leaving) -> dict[str, object]:
    session = each.session
    return {"id": session.path.parent.name, "bytes": session.size, "why": each.why}


def _print(going: list[Leaving], removed: bool) -> None:
    for each in going:
        at = local(each.session.started, "%Y-%m-%d %H:%M")
        size = f"{each.session.size / 1e6:.1f} MB"
        typer.echo(f"{each.session.path.parent.name}  {at}  {size:>10}  {each.why}")
    count, total = len(going), sum(each.session.size for each in going) / 1e6
    many = "session" if count == 1 else "sessions"
    said = "removed" if removed else "would be removed; --yes removes them"
    typer.echo(f"{count} {many}, {total:.1f} MB {said}" if count else "nothing to remove")
