"""`dsfix sessions show`: one session as it was recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dsfix.cli.answers import AsJson, answering, chosen_currency, print_json
from dsfix.cli.plain import one_line, plain
from dsfix.cli.screen import fitting, screen
from dsfix.cli.sessions.answers import Session, exchange_in, local, recorded

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from dsfix.cli.screen import Columns
    from dsfix.record.reader import Recorded, SessionRecord
    from dsfix.report.summary import Summary
    from dsfix.report.transcript import Said

# Lines of one saying that are shown, by what it is; the rest is counted.
LINES = {"text": 12, "reasoning": 3, "placeholder": 1, "call": 2, "result": 2, "other": 1}
_LONG_LINE = 400
_WIDE = 110  # columns from which on repairs are named, not counted


def show(
    session: Session,
    number: Annotated[
        int | None, typer.Argument(metavar="[N]", help="Only this exchange, with what was changed.")
    ] = None,
    messages: Annotated[
        bool, typer.Option("--messages", help="Show what was said, conversation by conversation.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show one session: its summary and its exchanges.

    Of one exchange, what repairs changed in it is shown before and after.
    """
    with answering("sessions show", as_json):
        from dsfix.report.recall import recalled

        record = recorded(session)
        summary = recalled(record, chosen_currency())
        one = None if number is None else exchange_in(record, number)
        if as_json:
            from dsfix.report.documents import shown, shown_one

            document = (
                shown_one(record, summary, one, messages=messages)
                if one
                else shown(record, summary, messages=messages)
            )
            print_json("sessions show", document)
        else:
            _show(record, summary, one, messages)


def _show(record: SessionRecord, summary: Summary, one: Recorded | None, messages: bool) -> None:
    from dsfix.cli.sessions.one import print_one
    from dsfix.cli.summary import print_summary

    console = screen()
    costs = _costs(record, summary)
    if one:
        print_one(one, costs(one), console)
    else:
        print_summary(summary, console, known=True)
        _print_facts(record, console)
        _print_exchanges(record.exchanges, costs, console)
    if messages:
        for last in [one] if one else record.conversations():
            _print_conversation(record, last, console)


def _costs(record: SessionRecord, summary: Summary) -> Callable[[Recorded], str]:
    """What an exchange cost, as an amount; empty where it used nothing that is known."""
    from dsfix.report.cost import amount, cost_of
    from dsfix.report.documents import costs_in

    costs = costs_in(record, summary.bill)

    def told(each: Recorded) -> str:
        usage = each.exchange.usage
        if usage is None or costs is None or summary.bill is None:
            return ""
        cost = cost_of(each.exchange, usage, costs)
        return "unknown" if cost is None else amount(cost, summary.bill.currency)

    return told


def _print_facts(record: SessionRecord, console: Console) -> None:
    from rich.text import Text

    from dsfix.record.labels import labels

    own = labels(record.path.parent)
    facts = {
        "title": own.title,
        "tags": ", ".join(own.tags),
        "category": own.category,
        "project": own.project,
        "state": "" if record.end else str(record.state),
        "started": local(record.started, "%Y-%m-%d %H:%M:%S"),
        "directory": str(record.start.get("cwd", "")),
        "command": _cut(" ".join(map(str, record.start.get("argv", ())))),
        "file": str(record.path),
    }
    for name, said in facts.items():
        if said:
            console.print(Text(f"  {name:<11}", "dim") + Text(one_line(said), ""), soft_wrap=True)


def _print_exchanges(
    exchanges: Sequence[Recorded], costs: Callable[[Recorded], str], console: Console
) -> None:
    """A table of the exchanges, and below it what went wrong in them."""
    from rich.table import Table
    from rich.text import Text

    from dsfix.cli.summary import print_rows

    if not exchanges:
        return
    names = ("#", "time", "kind", "model", "in", "hit", "out", "cost", "took", "end")
    rows = ([*_columns(each, costs(each)), _end(each)] for each in exchanges)
    columns: Columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    repairs = list(map(_done, exchanges))
    if console.width >= _WIDE:
        columns["repairs"] = [Text(plain(", ".join(each))) for each in repairs]
    else:
        columns["fix"] = [str(len(each) or "") for each in repairs]
        columns = fitting(columns, console.width, ("took", "hit", "time", "out", "in", "kind"))
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1, 0, 0))
    for name in columns:
        side: Literal["right", "left"] = "left"
        if name in ("#", "in", "hit", "out", "cost", "took", "fix"):
            side = "right"
        table.add_column(name, justify=side, no_wrap=name != "repairs", overflow="ellipsis")
    table.columns[0].min_width = max(len(cell) for cell in columns["#"])
    for row in zip(*columns.values(), strict=True):
        table.add_row(*row)
    console.print()
    console.print(table)
    remarks = (
        (f"#{each.exchange.id}", " ".join(remark.split()), "yellow")
        for each in exchanges
        for remark in _remarks(each)
    )
    print_rows(list(remarks), console)


def _columns(each: Recorded, cost: str) -> list[str | Text]:
    """The plain columns of an exchange, from its number to its duration."""
    from rich.text import Text

    from dsfix.cli.summary import count

    exchange, usage = each.exchange, each.exchange.usage
    return [
        str(exchange.id),
        local(exchange.started, "%H:%M:%S"),
        exchange.kind,
        Text(one_line(exchange.served or exchange.sent or exchange.asked)),
        count(usage.input) if usage else "",
        f"{100 * usage.cached / usage.input:.0f}%" if usage and usage.input else "",
        count(usage.output) if usage else "",
        cost,
        "" if exchange.duration is None else f"{exchange.duration:.1f}",
    ]


def _done(each: Recorded) -> list[str]:
    """The names of the repairs that were made, each once."""
    done = (change.repair for change in each.exchange.changes if not change.failed)
    return list(dict.fromkeys(done))


def _end(each: Recorded) -> Text:
    """How an exchange ended, in its colour."""
    from rich.text import Text

    exchange = each.exchange
    if exchange.cut:
        return Text(f"cut: {exchange.cut}", "yellow")
    if exchange.error:
        return Text(str(exchange.status or "failed"), "red")
    return Text(one_line(exchange.finish) or (str(exchange.status) if each.ended else "unfinished"))


def _remarks(each: Recorded) -> Iterable[str]:
    """What deserves a line of its own under an exchange."""
    exchange = each.exchange
    for tried in exchange.attempts:
        yield f"{tried.status}: {tried.words} → {tried.then}"
    if exchange.error:
        yield exchange.error
    if exchange.placeholders:
        many = "s" if exchange.placeholders > 1 else ""
        yield f"{exchange.placeholders} placeholder{many} of dsfix in place of reasoning"
    for change in exchange.changes:
        if change.failed:
            yield f"repair {change.repair} failed: {change.detail}"


def _print_conversation(record: SessionRecord, last: Recorded, console: Console) -> None:
    """A conversation as its last request carries it, long texts folded."""
    from rich.text import Text

    from dsfix.report.transcript import transcript

    exchange = last.exchange
    console.print()
    console.rule(f"{exchange.kind}, exchange {exchange.id}", align="left", style="dim")
    role = ""
    for said in transcript(record.messages(last), last.answer):
        if said.role != role:
            role = said.role
            console.print(Text(role, "bold"))
        for line in _lines(said):
            console.print(line, soft_wrap=True)


def _lines(said: Said) -> Iterable[Text]:
    """A saying in a few lines, marked with what it is."""
    from rich.text import Text

    marks = {
        "reasoning": ("thinks: ", "dim italic"),
        "placeholder": ("placeholder, not the model's: ", "yellow"),
        "call": (f"calls {said.name}: ", "cyan"),
        "result": ("result: ", "dim"),
        "other": (f"[{said.name}]", "dim"),
    }
    mark, style = marks.get(said.sort, ("", ""))
    lines = plain(mark + said.text.strip()).split("\n")
    for line in lines[: LINES[said.sort]]:
        yield Text(f"  {_cut(line)}", style)
    more = len(lines) - LINES[said.sort]
    if more > 0:
        yield Text(f"  … {more:,} more line{'s' if more > 1 else ''}", "dim")


def _cut(line: str) -> str:
    """The line as far as it is shown: a command may have a whole prompt in it."""
    return line if len(line) <= _LONG_LINE else f"{line[:_LONG_LINE]}…"
