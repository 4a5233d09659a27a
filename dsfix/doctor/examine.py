"""One examination from start to end: what is wished for, and all that was found."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from dsfix import agents
from dsfix.agents.base import Agent
from dsfix.config import Config
from dsfix.doctor import checks, probes
from dsfix.doctor.base import Probe
from dsfix.doctor.finding import Finding, Level, exit_code
from dsfix.doctor.guarding import guard
from dsfix.doctor.live import Cost, Examination, cost
from dsfix.doctor.machine import Machine
from dsfix.doctor.probes import PROBES
from dsfix.doctor.words import NO_ANSWER
from dsfix.environment import credentials
from dsfix.errors import ExitCode, LaunchError, UsageError
from dsfix.redact import Redactor
from dsfix.upstreams import NAMES as UPSTREAMS
from dsfix.upstreams import resolve
from dsfix.upstreams.base import Upstream

NAMES = (*checks.NAMES, *probes.NAMES)
_UNCOMPARED = NO_ANSWER | {""}


class Wish(NamedTuple):
    """What the user asked of `dsfix doctor`; `timeout` is in seconds, for each answer."""

    agent: str = ""
    config: Config = Config()
    live: bool = False
    only: tuple[str, ...] = ()
    model: str = ""
    timeout: float = 30.0


class Report(NamedTuple):
    """All that was found; `cost` is what the probes were to take, None where none was asked.

    `nested` is whether the session around this one stood in for the upstream.
    """

    upstream: Upstream
    model: str
    cost: Cost | None
    findings: tuple[Finding, ...]
    nested: bool = False

    @property
    def unknown(self) -> tuple[str, ...]:
        """The probes that ended in a word of which nothing is known to compare it with."""
        return tuple(
            each.name
            for each in self.findings
            if each.where == "endpoint"
            and not each.expected
            and each.raw not in _UNCOMPARED
            and each.name != "auth"  # its words are told by other probes
        )

    @property
    def exit_code(self) -> ExitCode:
        """What the worst finding comes to."""
        return exit_code(self.findings)

    def counts(self) -> dict[str, int]:
        """How many findings there are of each level, and how many are drift."""
        counts = {str(level): 0 for level in Level} | {"drift": 0}
        for finding in self.findings:
            counts[str(finding.level)] += 1
            counts["drift"] += finding.drift
        return counts

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON; its keys are stable within one schema."""
        return {
            "upstream": self.upstream.origin,
            "model": self.model,
            "live": self.cost is not None,
            "cost": self.cost._asdict() if self.cost else None,
            "counts": self.counts(),
            "exit_code": int(self.exit_code),
            "unknown": list(self.unknown),
            "findings": [finding.as_dict() for finding in self.findings],
        }


def examine(wish: Wish, machine: Machine, announce: Callable[[str, Cost], None]) -> Report:
    """Check this machine, and the endpoint if that is wished for.

    `announce` is told the upstream's origin and what the probes will take, before the first of
    them. Raises UsageError for an agent, an upstream or a name that there is not.
    """
    subject = _subject(wish, machine)
    names = _chosen(wish)
    clean = Redactor.of(machine.environ, [(subject.key, "api-key")]).text
    found = [each for each in _checked(subject, machine, names) if each.name in names]
    served, without = _served([probe for probe in PROBES if probe.name in names], subject)
    spent = cost(served) if wish.live and served else None
    if spent is not None:
        if isinstance(subject.found, LaunchError):
            if "api-key" not in names:
                found += checks.key(subject, machine)
            found.append(_without_key())
        else:
            announce(subject.upstream.origin, spent)
            settings, model, patience = wish.config.settings, wish.model, wish.timeout
            examination = Examination(
                subject.found, model=model, patience=patience, settings=settings
            )
            found += asyncio.run(_probed(examination, served))
    found = [_with_hint(each, subject.upstream) for each in found] + (without if wish.live else [])
    nested = not isinstance(subject.found, LaunchError) and subject.found.nested
    told = tuple(each.redacted(clean) for each in found)
    return Report(subject.upstream, wish.model or subject.upstream.main, spent, told, nested)


async def _probed(examination: Examination, chosen: list[Probe]) -> list[Finding]:
    return [finding async for finding in examination.findings(chosen)]


def _checked(subject: checks.Subject, machine: Machine, names: frozenset[str]) -> Iterator[Finding]:
    for name, check in checks.CHECKS.items():
        if name in names or (name == "settings" and "leaks" in names):
            yield from check(subject, machine)
    if "guard" in names:
        yield from guard(subject.upstream)


def _subject(wish: Wish, machine: Machine) -> checks.Subject:
    found: Any
    try:
        found = credentials(wish.config, machine.environ)
        upstream = found.upstream
    except LaunchError as error:
        found = error
        upstream = resolve(
            wish.config.upstream,
            allow_plain_http=wish.config.allow_plain_http,
            extra=wish.config.upstreams,
        )
    return checks.Subject(_agents(wish.agent), upstream, found, bool(wish.agent))


def _agents(name: str) -> tuple[Agent, ...]:
    if not name:
        return agents.AGENTS
    agent = agents.find(name).agent
    if agent not in agents.AGENTS:
        known = ", ".join(each.name for each in agents.AGENTS)
        raise UsageError(f"no agent {name!r} is known", hint=f"expected one of {known}")
    return (agent,)


def _chosen(wish: Wish) -> frozenset[str]:
    """The names that are wished for: whole ones, or a part of some between dashes."""
    if not wish.only:
        return frozenset(NAMES)
    names: set[str] = set()
    for part in wish.only:
        found = {name for name in NAMES if f"-{part}-" in f"-{name}-"}
        if not found:
            raise UsageError(f"nothing to examine is named {part!r}", hint="dsfix doctor --list")
        names |= found
    if not wish.live and not names & set(checks.NAMES):
        raise UsageError(f"--only {wish.only[0]} asks the endpoint", hint="add --live")
    return frozenset(names)


def _served(chosen: list[Probe], subject: checks.Subject) -> tuple[list[Probe], list[Finding]]:
    """Those of the probes whose dialect has a path, and a finding for each dialect without one."""
    paths, title = subject.upstream.paths, subject.upstream.title
    lacking = dict.fromkeys(p.dialect for p in chosen if p.dialect and p.dialect not in paths)
    found = [
        Finding(
            f"{dialect}-json",
            "endpoint",
            Level.SKIPPED,
            "",
            f"Not asked: {title} serves no {str(dialect).title()}, as far as is known here.",
        )
        for dialect in lacking
    ]
    return [probe for probe in chosen if probe.dialect not in lacking], found


def _with_hint(finding: Finding, upstream: Upstream) -> Finding:
    """A finding with what to do where a URL has not the paths of the vendor it was taken for."""
    dialect, _, end = finding.name.partition("-")
    guessed = "://" in upstream.name and upstream.vendor in UPSTREAMS
    if end != "json" or finding.raw != "missing" or not guessed:
        return finding
    do = (
        f"This URL has no {upstream.paths[dialect]}; relays have names"
        " (--upstream claude-code-router), or write a table of your own (docs/upstreams.md)."
    )
    return finding._replace(do=do)


def _without_key() -> Finding:
    means = "Nothing is asked of the endpoint without a key."
    return Finding("auth", "endpoint", Level.SKIPPED, "", means)
