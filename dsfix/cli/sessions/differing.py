"""`dsfix sessions diff`: what changed between two requests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from dsfix.cli.answers import AsJson, answering, print_json
from dsfix.cli.plain import one_line
from dsfix.cli.sessions.answers import Session, exchange_in, recorded
from dsfix.errors import UsageError

if TYPE_CHECKING:
    from dsfix.record.reader import Recorded, SessionRecord
    from dsfix.report.difference import Difference, Rows

_Number = Annotated[int, typer.Argument(metavar="N", help="The number of an exchange.")]


def diff(session: Session, first: _Number, second: _Number, as_json: AsJson = False) -> None:
    """Show what changed from one request of a session to another."""
    with answering("sessions diff", as_json):
        from dataclasses import asdict

        from dsfix.report.difference import difference

        record = recorded(session)
        found = difference(record, _exchange(record, first), _exchange(record, second))
        if as_json:
            document = {"session": record.id, "first": first, "second": second, **asdict(found)}
            print_json("sessions diff", document)
        else:
            _print(found)


def _exchange(record: SessionRecord, number: int) -> Recorded:
    found = exchange_in(record, number)
    if not found.head:
        raise UsageError(f"the texts of exchange {number} were not kept")
    return found


def _print(found: Difference) -> None:
    lines = [f"{name}: {_short(was)} → {_short(now)}" for name, (was, now) in found.params.items()]
    lines += _rows("system", found.system)
    lines += _rows("tools", found.tools)
    for sign, names in (
        ("+", found.tools_added),
        ("-", found.tools_removed),
        ("~", found.tools_changed),
    ):
        lines += [f"  {sign} {name}" for name in names]
    lines += _rows("messages", found.messages)
    for line in lines or ["no difference"]:
        typer.echo(one_line(line))


def _rows(name: str, rows: Rows | None) -> list[str]:
    if rows is None:
        return []
    head = (
        f"{name}: {rows.same} the same, then {rows.before - rows.same} → {rows.after - rows.same}"
    )
    lines = [f"  - {rows.was}" if rows.was else "", f"  + {rows.now}" if rows.now else ""]
    return [head, *filter(None, lines)]


def _short(value: object) -> str:
    text = "absent" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:200]}…"
