"""`dsfix repairs`: what is put right, on which wires, and where it acts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dsfix.cli.answers import AsJson, print_json
from dsfix.cli.screen import fitting, screen

if TYPE_CHECKING:
    from dsfix.cli.screen import Columns
    from dsfix.repairs.base import Repair

_ROOM = 20  # letters of a line that are left for what a repair does


def repairs(
    as_json: AsJson = False,
) -> None:
    """List the repairs in the order in which they act; `run --no-repair NAME` leaves one out."""
    from dsfix.repairs import LISTED

    if as_json:
        listed = [
            {
                "name": repair.name,
                "summary": repair.summary,
                "dialects": _dialects(repair),
                "acts_on": _sides(repair),
            }
            for repair in LISTED
        ]
        print_json("repairs", {"repairs": listed})
        return
    _print(LISTED)


def _print(listed: tuple[Repair, ...]) -> None:
    from rich.table import Table

    console = screen()
    columns: Columns = {
        "repair": [repair.name for repair in listed],
        "wires": list(map(_wires, listed)),
        "acts on": [" ".join(_sides(repair)) for repair in listed],
    }
    columns = fitting(columns, console.width - 2 - _ROOM, ("acts on", "wires"), 2)
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name, no_wrap=True)
    table.add_column("what it does")
    summaries = [repair.summary for repair in listed]
    for cells in zip(*columns.values(), summaries, strict=True):
        table.add_row(*cells)
    console.print(table)


def _wires(repair: Repair) -> str:
    wires = _dialects(repair)
    everywhere = len(wires) == 3  # Messages, Chat and Responses
    return "all" if everywhere else " ".join(wires)


def _dialects(repair: Repair) -> list[str]:
    from dsfix.protocol.body import Dialect

    return [str(dialect) for dialect in Dialect if dialect in repair.dialects]


def _sides(repair: Repair) -> list[str]:
    """`request`, `answer`, or both: an error is an answer."""
    request = repair.request is not None or repair.text is not None
    answer = bool(repair.answer) or repair.error is not None
    return ["request"] * request + ["answer"] * answer
