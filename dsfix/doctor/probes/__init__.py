"""The probes, in the order in which they are asked: cheap and general ones first."""

from __future__ import annotations

from collections.abc import Sequence

from dsfix.doctor.base import Probe
from dsfix.doctor.probes.account import PROBES as ACCOUNT
from dsfix.doctor.probes.answers import probes as answers
from dsfix.doctor.probes.contents import probes as contents
from dsfix.doctor.probes.habits import probes as habits
from dsfix.doctor.probes.particulars import probes as particulars
from dsfix.doctor.probes.reasoning import probes as reasoning
from dsfix.doctor.probes.thinking import probes as thinking
from dsfix.doctor.probes.tools import probes as tools
from dsfix.protocol.body import Dialect

PROBES: tuple[Probe, ...] = (
    *ACCOUNT,
    *(
        probe
        for dialect in (Dialect.CHAT, Dialect.MESSAGES, Dialect.RESPONSES)
        for theme in (answers, particulars, habits, thinking, tools, reasoning, contents)
        for probe in theme(dialect)
    ),
)
NAMES = tuple(probe.name for probe in PROBES)


def with_needs(chosen: Sequence[Probe]) -> tuple[Probe, ...]:
    """These probes and those that they build on, in order."""
    wanted = {probe.name for probe in chosen}
    for probe in reversed(PROBES):
        if probe.name in wanted:
            wanted.update(probe.needs)
    return tuple(probe for probe in PROBES if probe.name in wanted)
