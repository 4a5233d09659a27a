"""docs/faults.md, made from the rows: `python -m tests.faults docs`."""

from __future__ import annotations

from tests.faults.row import DIALECTS, Fault
from tests.faults.table import ROWS

NAME = "faults.md"
_HEAD = """\
<!-- Made by `make docs` from tests/faults; do not edit. -->

# Faults

What becomes of a session when something around it breaks: what the agent sees, and what the record
says (`dsfix sessions show`). Each row is a test with real sockets, files and processes. In each, what
the agent got of an answer is what the upstream sent, byte for byte, nothing waits longer than it
may, and no process, connection, port or temporary file stays behind.

An answer that was cut reaches the agent as cut: its connection ends without the terminator, so that
no agent takes half an answer for a whole one. Where no dialect is named, it is the same in all three.
"""
_GROUPS = {
    "upstream": "The upstream",
    "agent": "The agent",
    "disk": "The disk",
    "clock": "The clock",
    "process": "Processes",
    "system": "The surroundings",
}


def page() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(_section(group) for group in _GROUPS)])


def _section(group: str) -> str:
    rows = [row for row in ROWS if row.group == group]
    lines = [f"## {_GROUPS[group]}", "", "| fault | the agent sees | the record says |"]
    lines += ["| --- | --- | --- |", *map(_line, rows), ""]
    return "\n".join(lines)


def _line(row: Fault) -> str:
    some = row.group in ("upstream", "agent") and len(row.dialects) < len(DIALECTS)
    name = f"{row.name} ({', '.join(row.dialects)})" if some else row.name
    cells = (name, row.agent or "-", row.record or "-")
    return "| " + " | ".join(each.replace("|", "\\|").replace("\n", " ") for each in cells) + " |"
