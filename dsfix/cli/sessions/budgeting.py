"""`dsfix sessions budget`: how a session stands against its limits, and more room for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dsfix.cli.answers import AsJson, answering, print_json
from dsfix.cli.sessions.answers import Session, recorded
from dsfix.errors import DsfixError, UsageError

if TYPE_CHECKING:
    from dsfix.record.limits import Limits
    from dsfix.record.reader import SessionRecord


def budget(
    session: Session,
    max_cost: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="The new limit: 5.00, or 36CNY.")
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="The new limit, input and output.")
    ] = None,
    max_requests: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="The new limit.")
    ] = None,
    max_minutes: Annotated[
        float | None, typer.Option(min=0, metavar="N", help="The new limit, from the beginning.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what is left of a session's budget, or raise its limits while it runs.

    A running session looks its limits up when it is about to refuse a request.
    """
    with answering("sessions budget", as_json):
        record = recorded(session)
        new = _limits(record, max_cost, max_tokens, max_requests, max_minutes)
        if new:
            _write(record, new)
        _show(record, as_json)


def _limits(
    record: SessionRecord,
    max_cost: str | None,
    max_tokens: int | None,
    max_requests: int | None,
    max_minutes: float | None,
) -> Limits:
    """The new limits. Raises UsageError for one that the session does not keep."""
    from dsfix.record.limits import Limits, money

    first = Limits.of(record.start.get("budget"))
    cost, currency = None, first.currency
    if max_cost is not None:
        cost, currency = money(max_cost, first.currency)
    new = Limits(cost, currency, max_tokens, max_requests, max_minutes)
    kept = Limits.of(new.as_dict()).as_dict()
    for name, value in new.as_dict().items():  # the cost before its currency, which is no option
        # The session would pass it over; 0, which for `run` is no limit, would refuse everything.
        if name not in kept or not value:
            raise UsageError(f"--max-{name} does not take {value}", hint="above 0, below 10^15")
        if name not in first.as_dict():
            raise UsageError(
                f"session {record.id} was begun without --max-{name}",
                hint="only a limit that a session was begun with can be changed",
            )
    if currency != first.currency:
        raise UsageError(f"the budget of session {record.id} is in {first.currency}")
    return new


def _write(record: SessionRecord, new: Limits) -> None:
    from dsfix.locks import alone
    from dsfix.record.limits import raised, write_raised
    from dsfix.record.sessions import EndState

    if record.state is not EndState.RUNNING:
        raise DsfixError(f"session {record.id} is over", hint="begin a new one with a new budget")
    directory = record.path.parent
    try:
        with alone(directory):  # two commands at once lose nothing
            write_raised(directory, new.over(raised(directory)))
    except OSError as error:
        raise DsfixError(f"{directory} cannot be written: {error.strerror or error}") from error


def _show(record: SessionRecord, as_json: bool) -> None:
    from dsfix.cli.summary import standing
    from dsfix.report.recall import recalled

    summary = recalled(record)
    if as_json:
        print_json("sessions budget", {"id": record.id, **summary.as_dict()["budget"]})
    elif summary.budget:
        typer.echo(" · ".join(map(standing, summary.budget)))
    else:
        typer.echo(f"session {record.id} has no limits", err=True)
