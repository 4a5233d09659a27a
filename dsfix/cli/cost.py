"""`dsfix cost`: what recorded sessions cost, by day, model, agent, project or session."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from dsfix.cli import complete
from dsfix.cli.answers import AsJson, answering, chosen_currency, print_json
from dsfix.paths import state_dir

if TYPE_CHECKING:
    from dsfix.cli.selfhost import Compared
    from dsfix.record.brief import Brief
    from dsfix.report.cost import Costs, Dated
    from dsfix.report.spending import Row, Spent, Year
    from dsfix.upstreams.base import Upstream


class By(StrEnum):
    """What rows are made of."""

    DAY = "day"
    MODEL = "model"
    AGENT = "agent"
    PROJECT = "project"
    SESSION = "session"


class Currency(StrEnum):
    """Currencies in which prices are listed."""

    USD = "USD"
    CNY = "CNY"


class Measured(NamedTuple):
    """What was spent in that time, and the price lists that it went by.

    `local` sessions spoke with this machine and do not count.
    """

    spending: Sequence[Spent]
    since: float
    until: float
    local: int
    lists: Sequence[Dated]

    @property
    def days(self) -> int:
        """Days on the user's calendar, begun ones as whole; the end itself is in none."""
        ends = self.since, max(self.since, self.until - 1)
        first, last = map(date.fromtimestamp, ends)
        return (last - first).days + 1


class Answer(NamedTuple):
    """All that is told; `annual` and `self_host` only where that was asked for."""

    by: str
    currency: str
    rows: Sequence[Row]
    total: Row
    left_out: int
    lists: Sequence[Dated]
    annual: Year | None
    self_host: Compared | None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        from dsfix.report.cost import exactly

        data: dict[str, Any] = {
            "by": self.by,
            "currency": self.currency,
            "rows": [row.as_dict() for row in self.rows],
            "total": self.total.as_dict(),
            "sessions_left_out": self.left_out,
            "price_lists": [each.as_dict() for each in self.lists],
        }
        if self.annual is not None:
            cost = exactly(self.annual.amount) if self.total.known else None
            data["annual"] = {**self.annual._asdict(), "amount": cost}
        if self.self_host is not None:
            data["self_host"] = self.self_host.as_dict()
        return data


def cost(
    by: Annotated[By, typer.Option(help="Make one row of each.")] = By.DAY,
    since: Annotated[
        str, typer.Option(metavar="WHEN", help="From a date or time on, or so long ago: 7d.")
    ] = "",
    until: Annotated[
        str, typer.Option(metavar="WHEN", help="Up to then; a date with all of its day.")
    ] = "",
    currency: Annotated[
        Currency | None,
        typer.Option(help="Whose price list; nothing is converted.", show_default="run.currency"),
    ] = None,
    loopback: Annotated[
        bool, typer.Option("--loopback", help="Count sessions whose upstream was this machine too.")
    ] = False,
    annual: Annotated[
        bool, typer.Option("--annual", help="Add a year like the measured days.")
    ] = False,
    self_host: Annotated[
        bool, typer.Option("--self-host", help="Compare that year with owning the hardware.")
    ] = False,
    assume: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="Change what --self-host assumes (repeatable).",
            autocompletion=complete.assumptions,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What recorded sessions cost, by the upstream's count and the vendor's dated price list.

    A model whose price is not known is told, and counts nothing.
    """
    from dsfix.cli.selfhost import compare, given
    from dsfix.report.spending import Row, grouped, year

    with answering("cost", as_json):
        assumed = given(assume or (), self_host)
        chosen = chosen_currency(currency)
        money = str(Currency.USD if chosen == "auto" else chosen)
        found = _measured(since, until, money, loopback)
        total = Row.of("total", found.spending)
        whole = year(found.spending, found.days)
        rows, annually = grouped(found.spending, by), whole if annual or self_host else None
        hosted = compare(whole, total, money, assumed) if self_host else None
        answer = Answer(str(by), money, rows, total, found.local, found.lists, annually, hosted)
    if as_json:
        print_json("cost", answer.as_dict())
    else:
        from dsfix.cli.spent import print_answer

        print_answer(answer)


def _measured(since: str, until: str, currency: str, loopback: bool) -> Measured:
    from dsfix.cli.sessions.moments import moment
    from dsfix.record.brief import brief
    from dsfix.record.sessions import event_files
    from dsfix.report.spending import spent

    now = time.time()
    end = moment(until, now, end=True) if until else now
    begin = moment(since, now) if since else 0.0
    upstreams: dict[tuple[str, str], Upstream | None] = {}
    used: dict[str, Upstream] = {}
    spending: list[Spent] = []
    local = 0
    for path in event_files(state_dir(os.environ)):
        if path.stat().st_mtime < begin:
            continue
        session = brief(path)
        origin, vendor = (str(session.start.get(key) or "") for key in ("upstream", "vendor"))
        if (origin, vendor) not in upstreams:
            upstreams[origin, vendor] = _upstream(origin, vendor)
        upstream = upstreams[origin, vendor]
        some = [
            each
            for each in spent(session, _project(session), _costs(upstream, currency))
            if begin <= each.at < end
        ]
        if some and _is_local(origin) and not loopback:
            local += 1
            continue
        spending += some
        if some and upstream is not None:
            used[upstream.vendor] = upstream
    first = min((each.at for each in spending), default=end)
    return Measured(spending, begin or first, end, local, _lists(used, now))


def _upstream(origin: str, vendor: str) -> Upstream | None:
    """What is at that origin, with the prices of whose rules held; None where it is no address.

    Several of the user's own tables may be at one origin: a relay's. So the record is believed
    before they are.
    """
    from dsfix import config
    from dsfix.errors import UsageError
    from dsfix.upstreams import resolve

    own = config.load(os.environ).upstreams
    try:
        found = resolve(origin, allow_plain_http=True, extra=own)
    except UsageError:
        return None
    return found._replace(vendor=vendor or found.vendor)


def _costs(upstream: Upstream | None, currency: str) -> Costs:
    """The prices there; none are known where it is no address."""
    from dsfix.report.cost import costs_of

    return costs_of(upstream, currency) if upstream else lambda model, usage, at: None


def _lists(used: Mapping[str, Upstream], now: float) -> list[Dated]:
    """The price lists of these vendors."""
    from dsfix.report.cost import dated

    today = datetime.fromtimestamp(now, UTC).date()
    found = (dated(used[name], today) for name in sorted(used))
    return [each for each in found if each is not None]


def _is_local(origin: str) -> bool:
    """A session inside another one, or with the simulator: somebody else counts it, or nobody."""
    from dsfix.upstreams import host_of, is_loopback

    return is_loopback(host_of(origin))


def _project(session: Brief) -> str:
    """What the user calls it, else the directory's."""
    from dsfix.record.labels import labels

    start: Mapping[str, Any] = session.start
    name = labels(session.path.parent).project or start.get("project") or start.get("cwd")
    return str(name or "?")
