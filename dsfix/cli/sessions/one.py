"""`dsfix sessions show ID N`: one exchange, with what repairs changed in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from dsfix.cli.plain import one_line, plain
from dsfix.cli.sessions.answers import local
from dsfix.cli.summary import count, print_rows
from dsfix.report.summary import looked_up

if TYPE_CHECKING:
    from rich.console import Console

    from dsfix.record.edited import Edit, Edited
    from dsfix.record.exchange import Exchange
    from dsfix.record.reader import Recorded

LINES, LETTERS = 12, 400  # of one side of an edit that are shown


def print_one(each: Recorded, cost: str, console: Console) -> None:
    """The exchange's facts and edits; `cost` is an amount, empty where it is not known."""
    print_rows([(name, said, "") for name, said in _facts(each.exchange, cost) if said], console)
    _print_edits(each.edited, console)


def _facts(exchange: Exchange, cost: str) -> Iterator[tuple[str, str]]:
    usage = exchange.usage
    names = dict.fromkeys((exchange.asked, exchange.sent, exchange.served))
    took = "" if exchange.duration is None else f" · {exchange.duration:.1f} s"
    yield "exchange", f"{exchange.id} · {exchange.kind} · {exchange.dialect}"
    yield "started", local(exchange.started, "%Y-%m-%d %H:%M:%S") + took
    yield "models", one_line(" → ".join(filter(None, names)))
    if usage:
        used = f"{count(usage.input)} in ({count(usage.cached)} cached)"
        web = looked_up(usage.searches, usage.fetches)
        yield "tokens", " · ".join([used, f"{count(usage.output)} out", *web])
    yield "cost", cost
    yield "end", " · ".join(filter(None, (str(exchange.status or ""), exchange.finish)))
    yield "cut", exchange.cut and f"by the {exchange.cut}"
    yield "error", exchange.error
    tried = (one_line(f"{each.status}: {each.words} → {each.then}") for each in exchange.attempts)
    yield "attempts", "\n".join(tried)
    done = (
        one_line(f"{each.repair}: {'failed, ' if each.failed else ''}{each.detail}")
        + (f" ({each.count:,})" if each.count > 1 else "")
        for each in exchange.changes
    )
    yield "repairs", "\n".join(done)


def _print_edits(edited: Edited, console: Console) -> None:
    from rich.text import Text

    more = [
        f"{many:,} more edit{'s' if many > 1 else ''}, {why}"
        for many, why in (
            (edited.repeated, "as in an earlier request of this conversation"),
            (edited.left_out, "for which the record has no room"),
        )
        if many
    ]
    for title, edits, last in (("request", edited.request, more), ("answer", edited.answer, [])):
        if edits or last:
            console.print()
            console.rule(f"changed in the {title}", align="left", style="dim")
        for edit in edits:
            console.print(Text(one_line(f"{edit.repair}  {edit.where}"), "bold"), soft_wrap=True)
            for line, style in _sides(edit):
                console.print(Text(f"  {line}", style), soft_wrap=True)
        for line in last:
            console.print(Text(line, "dim"))


def _sides(edit: Edit) -> Iterable[tuple[str, str]]:
    """The lines of what was and of what is, with their styles."""
    for sign, text, style in (("-", edit.before, "red"), ("+", edit.after, "green")):
        if text is not None:
            lines = plain(text).split("\n")
            for line in lines[:LINES]:
                more = "…" if len(line) > LETTERS else ""
                yield f"{sign} {line[:LETTERS]}{more}", style
            if len(lines) > LINES:
                yield f"{sign} … {len(lines) - LINES:,} more lines", "dim"
