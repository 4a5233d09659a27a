"""The summary of a run that is over, and of one that is read back."""

from __future__ import annotations

from typing import Protocol

from dsfix.agents.base import Wiring
from dsfix.record.log import SessionLog
from dsfix.record.reader import SessionRecord
from dsfix.report.summary import Facts, Summary
from dsfix.upstreams.base import Upstream


class Run(Protocol):
    """What a summary needs of a run that is over."""

    @property
    def exit_code(self) -> int:
        """What the agent exited with."""

    @property
    def seconds(self) -> float:
        """How long the agent lived."""

    @property
    def agent(self) -> str:
        """The agent's name."""

    @property
    def upstream(self) -> Upstream:
        """Where requests went."""

    @property
    def wiring(self) -> Wiring:
        """How the agent was wired."""

    @property
    def log(self) -> SessionLog:
        """The journal, closed."""

    @property
    def troubles(self) -> tuple[str, ...]:
        """What went wrong with memory and record."""


def summarise(run: Run) -> Summary:
    """The summary of a run."""
    log, upstream = run.log, run.upstream
    facts = Facts(
        session=log.id,
        agent=run.agent,
        upstream=upstream.host,
        started=log.began_at,
        duration=run.seconds,
        exit_code=run.exit_code,
        record=str(log.path or ""),
        plain_http=_is_plain(upstream.origin),
        bypass=run.wiring.bypass,
        notes=(*run.wiring.notes, *run.troubles),
        beyond=log.beyond,
    )
    return Summary.of(log.exchanges, facts, log.redactor.text)


def recalled(record: SessionRecord) -> Summary:
    """The summary of a recorded session; it was redacted when it was written."""
    origin = str(record.start.get("upstream", "?"))
    facts = Facts(
        session=record.id,
        agent=str(record.start.get("agent", "?")),
        upstream=origin.partition("://")[2] or origin,
        started=record.started,
        duration=record.duration,
        exit_code=record.end.get("exit_code"),
        record=str(record.path),
        plain_http=_is_plain(origin),
    )
    return Summary.of([each.exchange for each in record.exchanges], facts, lambda text: text)


def _is_plain(origin: str) -> bool:
    """Whether an origin is plain http beyond this machine."""
    scheme, _, host = origin.partition("://")
    name = host if host.startswith("[") else host.partition(":")[0]
    return scheme == "http" and not name.startswith(("127.", "localhost", "[::1]"))
