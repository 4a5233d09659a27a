"""The summary on a terminal: one line when nothing happened, else a small table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from dsfix.cli.plain import one_line, plain
from dsfix.cli.screen import screen
from dsfix.record.limits import CURRENCIES
from dsfix.report.cost import amount
from dsfix.report.standing import Standing
from dsfix.report.summary import Models, Summary, Tokens, Trouble, looked_up

if TYPE_CHECKING:
    from rich.console import Console

# Rows of one kind that are shown; the rest is counted, and is in the record.
SHOWN = 5


def print_summary(summary: Summary, console: Console | None = None, *, known: bool = False) -> None:
    """Show the summary on stderr, or on that console; `known` if the record is at hand."""
    from rich.text import Text

    console = console or screen(stderr=True)
    console.print(Text(one_line(_headline(summary)), style="bold"), soft_wrap=True)
    print_rows([row for row in _rows(summary) if not (known and row[0] == "record")], console)


def print_rows(rows: Sequence[tuple[str, str, str]], console: Console) -> None:
    """Print rows of a name, what is said of it, and in which style; long ones folded."""
    from rich.text import Text

    indent = max((len(name) for name, _, _ in rows), default=0) + 4
    for name, said, style in rows:
        text = Text(plain(said), style=style)
        text.highlight_regex(r" [·→] ", "dim")
        for line in text.wrap(console, max(20, console.width - indent), overflow="fold"):
            line.rstrip()
            label = Text(f"  {name}".ljust(indent), style="dim")
            console.print(label + line, soft_wrap=True)
            name = ""


def _headline(summary: Summary) -> str:
    facts = summary.facts
    parts = [
        f"dsfix: {facts.agent} via {facts.upstream.removeprefix('https://')}",
        seconds(facts.duration),
    ]
    if facts.exit_code is not None:
        parts.append(f"exit {facts.exit_code}")
    if not (summary.exchanges or summary.turned_away):
        parts.append("no requests")
    return " · ".join(parts)


def _rows(summary: Summary) -> Iterable[tuple[str, str, str]]:
    """Name, text and style of each line, in order; what did not happen has none."""
    if summary.exchanges:
        yield "exchanges", f"{summary.exchanges:,} · {_counts(summary.kinds)}", ""
        if summary.models:  # none where every request was refused here
            yield "models", "\n".join(_few(_models(summary.models))), ""
        yield "tokens", _tokens(summary.tokens), ""
        yield from _threads(summary)
        yield from _cache(summary)
        yield from _money(summary)
    if summary.replayed.count or summary.placeholders.count:
        yield "reasoning", " · ".join(_reasoning(summary)), ""
    done = [f"{each.name} {each.exchanges:,}" for each in summary.repairs if each.exchanges]
    if done:
        yield "repairs", " · ".join(done), ""
    failed = [f"{each.name} ({each.failed:,})" for each in summary.repairs if each.failed]
    if failed:
        yield "failed", f"repairs: {' · '.join(failed)}", "yellow"
    if summary.retries:
        yield "retries", "\n".join(_few(map(_trouble, summary.retries))), ""
    if summary.errors:
        yield "errors", "\n".join(_few(map(_trouble, summary.errors))), "red"
    if summary.turned_away:
        yield "refused", "\n".join(_few(map(_trouble, summary.turned_away))), "yellow"
    if summary.cut:
        whose = (f"{count:,} by the {who}" for who, count in summary.cut.items())
        yield "cut", " · ".join(whose), "yellow"
    for note in summary.notes:
        yield "note", one_line(note), "yellow"
    if (summary.exchanges or summary.turned_away) and summary.facts.record:
        yield "record", f"dsfix sessions show {summary.facts.session}", ""


def _threads(summary: Summary) -> Iterable[tuple[str, str, str]]:
    """The cache by conversation, where several went on for more than one exchange."""
    threads = [each for each in summary.conversations if each.exchanges > 1 and each.tokens.input]
    if len(threads) < 2:
        return
    threads.sort(key=lambda each: -each.tokens.input)
    lines = (
        f"{each.kind} ({each.exchanges:,}): {_rate(each.tokens)} of {count(each.tokens.input)}"
        for each in threads
    )
    yield "cached", "\n".join(_few(lines)), ""


def _cache(summary: Summary) -> Iterable[tuple[str, str, str]]:
    """What was sent anew and why, the greatest first; and what repairs kept in the cache."""
    if misses := sorted(summary.cache.misses, key=lambda each: -each.lost):
        lines = (f"#{each.exchange} {each.kind}: {count(each.lost)}, {each.why}" for each in misses)
        yield "missed", "\n".join(_few(lines)), ""
    saved: Counter[str] = Counter()
    for each in summary.cache.saved:
        saved[each.repair] += each.tokens
    if saved:
        said = (f"{count(tokens)} by {name}" for name, tokens in saved.most_common())
        yield "kept", f"in the cache: {' · '.join(said)}", ""


def _money(summary: Summary) -> Iterable[tuple[str, str, str]]:
    """The cost, as far as it is known, and the budget."""
    if (bill := summary.bill) is not None:
        parts = []
        if bill.priced:
            old = f" of {bill.listed.as_of}" if bill.listed and bill.listed.is_old else ""
            parts.append(f"{amount(bill.amount, bill.currency)} by {bill.prices}'s price list{old}")
            if bill.cached:
                parts.append(f"the cache saved {amount(bill.cached, bill.currency)}")
            if bill.repairs:
                parts[-1] += f", {amount(bill.repairs, bill.currency)} of it by repairs"
        if bill.unknown:
            names = one_line(", ".join(name for name, _ in bill.unknown))
            why = f": {bill.listed.unknown}" if bill.listed and bill.listed.unknown else ""
            many = _exchanges(sum(n for _, n in bill.unknown))
            parts.append(f"unknown for {many} of {names}{why}")
        if bill.untold:
            parts.append(f"{_exchanges(bill.untold)} of untold length")
        if parts:
            yield "cost", " · ".join(parts), ""
    if summary.budget:
        used = (standing(each) for each in summary.budget)
        more = [f"{_exchanges(summary.refused)} refused"] if summary.refused else []
        yield "budget", " · ".join([*used, *more]), "yellow" if more else ""


def standing(each: Standing) -> str:
    """How much of a limit was used."""
    if each.unit in CURRENCIES:
        return f"{amount(each.used, each.unit)} of {amount(each.limit, each.unit)}"
    return f"{each.used:,} of {each.limit:,} {each.unit}"


def _tokens(tokens: Tokens) -> str:
    parts = [f"{count(tokens.input)} in", f"{count(tokens.output)} out"]
    if tokens.input:
        parts[0] += f" ({_rate(tokens)} cached)"
    if tokens.reasoning:
        parts[1] += f" ({count(tokens.reasoning)} reasoning)"
    return " · ".join([*parts, *looked_up(tokens.searches, tokens.fetches)])


def _reasoning(summary: Summary) -> Iterable[str]:
    if summary.replayed.count:
        yield f"real reasoning put back in {_exchanges(summary.replayed.exchanges)}"
    if summary.placeholders.count:
        yield f"placeholders of dsfix in {_exchanges(summary.placeholders.exchanges)}"


def _exchanges(count: int) -> str:
    return f"{count:,} exchange{'' if count == 1 else 's'}"


def _models(models: Iterable[Models]) -> Iterable[str]:
    """Each way from a name to another once: an answer that failed was served under none."""
    counts: Counter[str] = Counter()
    for each in models:
        names = [each.asked or "?"]
        for name in (each.sent, each.served):
            if name and name != names[-1]:
                names.append(name)
        counts[one_line(" → ".join(names))] += each.count
    return (f"{names} ({count:,})" for names, count in counts.most_common())


def _trouble(trouble: Trouble) -> str:
    times = f"{trouble.count:,} × " if trouble.count > 1 else ""
    then = f" → {trouble.then}" if trouble.then else ""
    words = trouble.words if len(trouble.words) <= 160 else trouble.words[:159] + "…"
    status = f"{trouble.status}: " if trouble.status >= 400 else ""
    return f"{times}{status}{one_line(words)}{then}"


def _few(lines: Iterable[str]) -> list[str]:
    every = list(lines)
    more = len(every) - SHOWN
    return every if more <= 0 else [*every[:SHOWN], f"and {more} more"]


def _counts(counts: Mapping[str, int]) -> str:
    return " · ".join(f"{name} {count:,}" for name, count in counts.items())


def _rate(tokens: Tokens) -> str:
    return f"{100 * (tokens.hit_rate or 0):.0f}%"


def count(number: int) -> str:
    """A number in at most four digits: 950, 12.3k, 2.31M."""
    for size, unit, digits in ((999_950, "M", 2), (9_995, "k", 1)):
        if number >= size:
            return f"{number / (1_000_000 if unit == 'M' else 1000):.{digits}f}{unit}"
    return f"{number:,}"


def seconds(duration: float) -> str:
    """A duration for people: 0.4 s, 12 s, 3 min 05 s, 2 h 07 min."""
    whole = round(duration)
    if duration < 9.95:
        return f"{duration:.1f} s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
