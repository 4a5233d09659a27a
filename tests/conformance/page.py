"""docs/failures.md, made from the table: `python -m tests.conformance docs`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dsfix.protocol.body import Dialect
from tests.conformance.elsewhere import ELSEWHERE
from tests.conformance.row import Failure, Row
from tests.conformance.table import FAILURES, ROWS
from tests.conformance.threads import THREADS, Thread

NAME = "failures.md"
_MADE = "<!-- Made by `make docs` from tests/conformance; do not edit. -->\n"
_HEAD = """\
# Failures

What goes wrong between coding agents and DeepSeek V4, in each dialect: Messages (Anthropic's), Chat
(OpenAI's Chat Completions) and Responses. Search this page for the words of your error.

Each row is a test. A small request is refused by the [simulator](commands.md#dsfix-simulate) under
its strictest rules, and accepted when the repairs have seen it; whatever the row does not name as
changed must be the same, byte for byte. Without the repair that a row names, that row fails, and no
other does. What the repairs do is in [repairs.md](repairs.md).
"""
_SIGNS = """\
Below, each failure has the words of the upstream (or, where it refuses nothing, what is wrong), the
cure, the sources, and for each request that is tested the parts that the cure may change: `+` is
added, `-` is taken out, `~` is changed, `=` is written anew and says the same. Where the answer is
cured, the places are the answer's.
"""
_ISSUE = re.compile(r"^([\w.-]+/[\w.-]+)#(\d+)")
_TITLES = {Dialect.MESSAGES: "Messages", Dialect.CHAT: "Chat", Dialect.RESPONSES: "Responses"}
_RULE = re.compile(r"^[a-z-]+: ")


def page() -> str:
    """The whole page."""
    parts = [_MADE, _HEAD, _overview(), _SIGNS]
    parts += [_section(failure) for failure in FAILURES]
    parts.append(_elsewhere())
    parts.append(_threads())
    return "\n".join(parts)


def rows_of(failure: Failure, dialect: Dialect) -> list[Row]:
    """The rows of a failure in a dialect."""
    return [row for row in ROWS if row.failure == failure.name and row.dialect is dialect]


def link(source: str) -> str:
    """A source with its date, linked where it is an issue or a page."""
    place, _, date = source.rpartition(", ")
    if found := _ISSUE.match(place):
        return f"[{place}](https://github.com/{found[1]}/issues/{found[2]}), {date}"
    return f"<{place}>, {date}" if place.startswith("https://") else source


def code(text: str) -> str:
    """A text as a code span, whatever marks are in it."""
    fence = "``" if "`" in text else "`"
    blank = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{blank}{text}{blank}{fence}".replace("|", "\\|")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [" | ".join(row) for row in (heads, ["---"] * len(heads), *rows)]
    return "".join(f"| {line} |\n" for line in lines)


def _overview() -> str:
    rows = [
        (f"[{failure.title}](#{failure.name})", *(_state(failure, dialect) for dialect in Dialect))
        for failure in FAILURES
    ]
    return table(("failure", *_TITLES.values()), rows)


def _state(failure: Failure, dialect: Dialect) -> str:
    rows = rows_of(failure, dialect)
    if not rows:
        return "–"
    cures = dict.fromkeys(name for row in rows for name in row.repairs)
    if not cures:
        return "cannot be cured"
    said = f"cured: {_links(cures)}"
    return said if all(row.repairs for row in rows) else f"{said}; in part"


def _section(failure: Failure) -> str:
    parts = [f'## <a id="{failure.name}"></a>{failure.title}\n', f"{failure.shows}\n"]
    for dialect in Dialect:
        parts += [_alike(dialect, rows) for rows in _grouped(rows_of(failure, dialect))]
        if why := failure.nowhere.get(dialect):
            parts.append(f"- **{_TITLES[dialect]}** does not have it: {why}.")
    return "\n".join(parts) + "\n"


def _grouped(rows: Iterable[Row]) -> list[list[Row]]:
    """Rows of one dialect that are answered and cured alike."""
    found: dict[object, list[Row]] = {}
    for row in rows:
        found.setdefault((row.error, row.repairs, row.why_not), []).append(row)
    return list(found.values())


def _alike(dialect: Dialect, rows: Sequence[Row]) -> str:
    """What the upstream says to these rows, what is done about it, and what that changes."""
    first = rows[0]
    said = [f"- **{_TITLES[dialect]}**{', towards Anthropic' if first.signer else ''}:"]
    if first.error:
        said.append(f"{code(_RULE.sub('', first.error))}.")
    if first.repairs:
        said.append(f"Cured by {_links(first.repairs)}.")
    else:
        said.append(f"Cannot be cured. {first.why_not}")
    sources = dict.fromkeys(source for row in rows for source in row.sources)
    said.append("; ".join(map(link, sources)) + ".")
    lines = [f"  - {row.what}: {', '.join(map(code, row.differs))}" for row in rows if row.repairs]
    return "\n".join([" ".join(said), *lines])


def _links(names: Iterable[str]) -> str:
    return ", ".join(f"[`{name}`](repairs.md#{name})" for name in names)


def _elsewhere() -> str:
    rows = [
        (each.title, each.cure, code(each.test), "; ".join(map(link, each.sources)))
        for each in ELSEWHERE
    ]
    head = "## Cured by something else than a repair\n\n"
    return head + table(("failure", "cure", "test", "sources"), rows)


def _threads() -> str:
    head = (
        "## Named threads\n\nThe threads of the analysis that this project began with"
        " (<https://svtter.cn/en/p/deepseek--claude-code-thinking-block-compatibility-analysis/>,"
        " 2026-04-30). Each is a row: a request of the shape that the thread is about.\n"
    )
    return "\n".join([head, *map(_thread, THREADS)])


def _thread(thread: Thread) -> str:
    unread = "" if thread.read else "(The thread itself could not be read.) "
    parts = [
        f"### {link(f'{thread.name}, {thread.date}')}\n",
        f"{unread}{thread.story}\n",
        " ".join(filter(None, (f"**{thread.cured[0].upper()}{thread.cured[1:]}.**", thread.why))),
    ]
    for row in ROWS:
        if row.what == thread.name:
            parts.append(f"\n- {_titled(row.failure)}, on {_TITLES[row.dialect]}: {_changes(row)}")
    parts += [f"- see also: {_titled(name)}" for name in thread.also]
    return "\n".join(parts) + "\n"


def _titled(name: str) -> str:
    title = next(failure.title for failure in FAILURES if failure.name == name)
    return f"[{title}](#{name})"


def _changes(row: Row) -> str:
    return ", ".join(map(code, row.differs)) or ("nothing" if row.repairs else "cannot be cured")
