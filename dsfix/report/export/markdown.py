"""A session as Markdown: its facts, what was said, and what repairs changed.

Each conversation is told as its last request carries it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from dsfix.record.edited import Edit
from dsfix.record.reader import Recorded, SessionRecord
from dsfix.report.summary import Summary, looked_up
from dsfix.report.transcript import Said, Sort, transcript

_TICKS = re.compile("`{3,}")


def markdown(record: SessionRecord, summary: Summary) -> Iterator[str]:
    """The document, a piece at a time."""
    yield f"# Session {record.id}\n\n"
    for name, said in _facts(record, summary).items():
        if said:
            yield f"- {name}: {_line(said)}\n"
    for last in record.conversations():
        yield f"\n## Conversation of exchange {last.exchange.id} ({last.exchange.kind})\n"
        yield from _conversation(record, last)
    if edited := [each for each in record.exchanges if each.edited.request or each.edited.answer]:
        yield "\n## What repairs changed\n"
        for each in edited:
            yield f"\n### exchange {each.exchange.id}\n"
            yield from map(_edit, (*each.edited.request, *each.edited.answer))


def _edit(edit: Edit) -> str:
    sides = (("before", edit.before), ("after", edit.after))
    shown = (f"\n{name}\n\n{_fenced(text, 'json')}\n" for name, text in sides if text is not None)
    return f"\n**{edit.repair}** `{_line(edit.where)}`\n{''.join(shown)}"


def _facts(record: SessionRecord, summary: Summary) -> dict[str, str]:
    tokens = summary.tokens
    started = datetime.fromtimestamp(record.started, UTC) if record.started else ""
    return {
        "agent": summary.facts.agent,
        "upstream": summary.facts.upstream,
        "models": ", ".join(dict.fromkeys(each.served or each.sent for each in summary.models)),
        "directory": str(record.start.get("cwd", "")),
        "branch": str(record.start.get("branch", "")),
        "started": f"{started:%Y-%m-%d %H:%M:%S} UTC" if started else "",
        "lasted": f"{record.duration:.0f} s",
        "exchanges": str(summary.exchanges),
        "tokens": ", ".join(
            [
                f"{tokens.input:,} in ({tokens.cached:,} cached)",
                f"{tokens.output:,} out",
                *looked_up(tokens.searches, tokens.fetches),
            ]
        ),
    }


def _conversation(record: SessionRecord, last: Recorded) -> Iterator[str]:
    role = ""
    for said in transcript(record.messages(last), last.answer):
        if said.role != role:
            role = said.role
            yield f"\n### {role}\n"
        yield f"\n{_said(said)}\n"


def _said(said: Said) -> str:
    match said.sort:
        case Sort.TEXT:
            return said.text.strip()
        case Sort.REASONING:
            lines = said.text.strip().split("\n")
            return "\n".join(f"> {line}".rstrip() for line in ("*thinks*", "", *lines))
        case Sort.PLACEHOLDER:
            return "> *reasoning that was not known: a placeholder of dsfix stood here*"
        case Sort.CALL:
            return f"calls `{said.name}`\n\n{_fenced(said.text, 'json')}"
        case Sort.RESULT:
            return _fenced(said.text)
        case Sort.OTHER:
            return f"*[{said.name}]*"


def _fenced(text: str, language: str = "") -> str:
    """The text between fences that are longer than any in it."""
    longest = max(map(len, _TICKS.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _line(said: str) -> str:
    return " ".join(said.split())
