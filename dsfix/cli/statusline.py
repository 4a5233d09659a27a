"""`dsfix statusline`: a session in one line, for the status line of an agent.

Asked for after every message, so nothing here may import rich or aiohttp, and only the events of
requests and responses are read. What the agent writes to stdin is left there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from dsfix.cli.answers import chosen_currency
from dsfix.cli.complete import session_ids
from dsfix.cli.plain import one_line
from dsfix.paths import state_dir

if TYPE_CHECKING:
    from dsfix.record.brief import Brief
    from dsfix.report.standing import Standing


def statusline(
    session: Annotated[
        str,
        typer.Argument(
            metavar="[ID]",
            help="An id, its start or its end, or `last`; without it, the session around this.",
            autocompletion=session_ids,
        ),
    ] = "",
) -> None:
    """Print model, cost, cache hits and what is left of the budget, in one line.

    Outside of a session, and in one that leaves no record, nothing is printed.
    """
    from dsfix.record.brief import brief
    from dsfix.record.ids import EVENTS, session_dir
    from dsfix.record.sessions import find

    state, around = state_dir(os.environ), os.environ.get("DSFIX_SESSION", "")
    if not (session or around):
        return
    path = find(state, session) if session else session_dir(state, around) / EVENTS
    if line := " · ".join(_parts(brief(path), time.time())):
        print(one_line(line))


def _parts(session: Brief, now: float) -> Iterable[str]:
    from dsfix.record.limits import Limits, raised
    from dsfix.record.reader import seconds_of
    from dsfix.report.cost import amount, bill_at, upstream_of
    from dsfix.report.standing import standings

    exchanges = session.exchanges
    mains = [each for each in exchanges if each.kind == "main"] or exchanges
    if mains:
        yield mains[-1].served or mains[-1].sent or mains[-1].asked
    limits = raised(session.path.parent).over(Limits.of(session.start.get("budget")))
    bill = bill_at(exchanges, upstream_of(session.start), limits, currency=chosen_currency())
    if bill and (bill.priced or bill.unknown):
        more = " + unknown" if bill.unknown else ""
        yield amount(bill.amount, bill.currency) + more if bill.priced else "cost unknown"
    used = [each.usage for each in exchanges if each.usage is not None]
    if sent := sum(each.input for each in used):
        yield f"{100 * sum(each.cached for each in used) / sent:.0f}% cached"
    lived = now - seconds_of(session.start.get("ts"))
    for each in standings(limits, exchanges, bill, lived):
        yield _left(each)


def _left(each: Standing) -> str:
    from dsfix.record.limits import CURRENCIES
    from dsfix.report.cost import amount

    if each.unit in CURRENCIES:
        return f"{amount(each.left, each.unit)} left"
    return f"{each.left:,f} {each.unit} left"
