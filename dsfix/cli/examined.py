"""What the doctor found, on a terminal: a table, and below each odd row what to make of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from dsfix.cli.plain import one_line
from dsfix.cli.screen import screen

if TYPE_CHECKING:
    from rich.console import Console

    from dsfix.doctor.examine import Report
    from dsfix.doctor.finding import Finding

_WIDE = 120  # columns from which what it means stands beside, not below
_STYLES = {"good": "green", "repaired": "cyan", "warn": "yellow", "act": "bold red"}
_MARKS = {"good": "ok", "repaired": "fixed", "warn": "warn", "act": "ACT", "skipped": "-"}
_DIALECTS = ("chat", "messages", "responses")
_COUNTED = {
    "act": "to act on",
    "warn": "warnings",
    "repaired": "work only through dsfix",
    "good": "good",
    "skipped": "not asked",
    "drift": "drift",
}
_COUNTED_ONE = {**_COUNTED, "warn": "warning", "repaired": "works only through dsfix"}


def print_report(report: Report, console: Console | None = None) -> None:
    """Show a report on stdout, or on that console."""
    console = console or screen()
    show = _print_wide if console.width >= _WIDE else _print_narrow
    show(report.findings, console)
    counts = report.counts()
    said = (
        f"{counts[name]} {(_COUNTED_ONE if counts[name] == 1 else _COUNTED)[name]}"
        for name in _COUNTED
        if counts[name]
    )
    console.print(f"\n{' · '.join(said)}", soft_wrap=True)
    if report.unknown:
        title = one_line(report.upstream.title)
        told = f"  {len(report.unknown)} not known here: nobody has written down how"
        console.print(f"{told} {title} answers them", soft_wrap=True, markup=False)
    for finding in report.findings:
        if finding.drift:
            told = f"  drift: {finding.name} is {finding.raw}, {finding.expected} was expected"
            console.print(one_line(told), soft_wrap=True, markup=False)


def _print_wide(findings: Iterable[Finding], console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for head in ("", "probe", "raw", "through dsfix"):
        table.add_column(head, no_wrap=True)
    table.add_column("what it means", ratio=3)
    table.add_column("what to do", ratio=2)
    for finding in findings:
        mark = Text(_MARKS[finding.level], style=_STYLES.get(finding.level, "dim"))
        said = (one_line(_told(finding) or finding.means), one_line(finding.do))
        table.add_row(mark, *map(Text, (finding.name, finding.raw, finding.through, *said)))
    console.print(table)


def _print_narrow(findings: Iterable[Finding], console: Console) -> None:
    """One line for each finding, and lines below those that are not simply good."""
    from rich.padding import Padding
    from rich.text import Text

    for group, rows in _groups(findings):
        console.print(Text(f"\n{group}", style="bold"))
        for finding in rows:
            name = finding.name.removeprefix(f"{group}-")
            line = Text.assemble(
                (f"{_MARKS[finding.level]:6}", _STYLES.get(finding.level, "dim")),
                f"{name:25}",
                f"{finding.raw:15}",
                f"-> {finding.through}" if finding.through else "",
            )
            line.rstrip()
            console.print(line, soft_wrap=True)
            if told := " ".join(filter(None, (_told(finding), _to_do(finding)))):
                console.print(Padding(Text(one_line(told), style="dim"), (0, 0, 0, 6)))


def _told(finding: Finding) -> str:
    """What stands below a row: the less, the less there is to do."""
    if finding.level == "good" and not finding.drift and finding.where == "endpoint":
        return ""
    if finding.level == "repaired" and not finding.drift:
        return f"{finding.means} Repaired by {', '.join(finding.repairs) or 'asking again'}."
    return " ".join(filter(None, (finding.means, *_more(finding))))


def _to_do(finding: Finding) -> str:
    return "" if finding.level == "repaired" else finding.do


def _more(finding: Finding) -> Iterator[str]:
    """What else is known of a finding: the particulars, who repaired it, and the drift."""
    if finding.said and finding.level != "good":
        yield f"({finding.said})"
    if finding.repairs:
        yield f"Repaired by {', '.join(finding.repairs)}."
    if finding.drift:
        yield f"Drift: {finding.expected} was expected."


def _groups(findings: Iterable[Finding]) -> Iterator[tuple[str, list[Finding]]]:
    """The findings of the machine, the endpoint as a whole, and each dialect."""

    def group(finding: Finding) -> str:
        start = finding.name.partition("-")[0]
        return start if start in _DIALECTS else finding.where

    for name, rows in groupby(findings, group):
        yield name, list(rows)
