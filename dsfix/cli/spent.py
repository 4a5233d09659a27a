"""What `dsfix cost` prints: a table, and what is to be said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from dsfix.cli.plain import one_line
from dsfix.cli.screen import fitting, room_of, screen

if TYPE_CHECKING:
    from dsfix.cli.cost import Answer
    from dsfix.cli.screen import Columns
    from dsfix.report.spending import Row, Year

_NAME = 20  # letters of a row's name that always have room: those of a session's id
_NUMBERS = ("requests", "in", "cached", "out", "cost")


def print_answer(answer: Answer) -> None:
    """The rows on stdout, with a year like them where it was asked for; the rest on stderr."""
    if answer.rows:
        _print_rows(answer)
    else:
        typer.echo("nothing that cost anything was recorded in that time", err=True)
    if answer.left_out:
        many = f"{answer.left_out} session{'' if answer.left_out == 1 else 's'}"
        typer.echo(f"left out: {many} with this machine (--loopback)", err=True)
    for each in answer.lists:
        if each.unknown:
            typer.echo(f"{each.vendor}: {each.unknown} ({each.source})", err=True)
        elif each.is_old:
            old = f"{each.vendor}'s price list is {each.age} days old"
            typer.echo(f"{old}, of {each.as_of}: compare it with {each.source}", err=True)
    if answer.rows and answer.annual is not None:
        _print_year(answer.annual, answer.total, answer.currency)
    if answer.self_host is not None:
        from dsfix.cli.selfhost import print_comparison

        print_comparison(answer.self_host)


def _print_rows(answer: Answer) -> None:
    """A table; a narrow terminal has no room for all numbers, but for what was paid for what."""
    from rich.table import Table
    from rich.text import Text

    rows = [*answer.rows, answer.total]
    names = [Text(one_line(each.name)) for each in rows]
    numbers = zip(*(_numbers(each, answer.currency) for each in rows), strict=True)
    columns: Columns = dict(zip(_NUMBERS, numbers, strict=True))
    console = screen()
    room = console.width - min(_NAME + 2, room_of({answer.by: names}, 2))
    columns = fitting(columns, room, ("out", "in", "requests", "cached"), 2)
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column(answer.by, overflow="fold")
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    for each, *cells in zip(rows, names, *columns.values(), strict=True):
        table.add_row(*cells, style="bold" if each is answer.total else "")
    console.print(table)


def _numbers(row: Row, currency: str) -> tuple[str, ...]:
    from dsfix.cli.summary import count

    share = f"{100 * row.cached / row.input:.0f}%" if row.input else ""
    used = count(row.input), share, count(row.output)
    return f"{row.exchanges:,}", *used, _priced(row, currency)


def _priced(row: Row, currency: str) -> str:
    """The cost of a row: what is known of it, and how much is not."""
    from dsfix.report.cost import amount

    if not row.known:
        return "unknown"
    more = f" + {row.unknown:,} unknown" if row.unknown else ""
    return amount(row.amount, currency) + more


def _print_year(whole: Year, total: Row, currency: str) -> None:
    from dsfix.cli.summary import count
    from dsfix.report.cost import amount

    cost = amount(whole.amount, currency) if total.known else "unknown"
    if total.known and total.unknown:
        cost = f"more than {cost}"
    measured = f"{whole.days} day{'' if whole.days == 1 else 's'}, {whole.active} of them active"
    typer.echo(f"\na year like these {measured}: {cost}, {count(whole.tokens)} tokens")
