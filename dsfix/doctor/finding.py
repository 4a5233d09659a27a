"""What was found: one value for each check and each probe."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, NamedTuple

from dsfix.errors import ExitCode


class Level(StrEnum):
    """What a finding means for the user.

    `repaired`: the endpoint alone would not do, through dsfix it does. `skipped`: not asked,
    because what it builds on is not there.
    """

    GOOD = "good"
    REPAIRED = "repaired"
    WARN = "warn"
    ACT = "act"
    SKIPPED = "skipped"


class Finding(NamedTuple):
    """One row of the table.

    `raw` and `through` are stable words for what the endpoint did, asked directly and through
    dsfix (empty where that was not needed); a check has `raw` only. `said` are the endpoint's own
    words. `expected` is the word of the upstream's data file, empty if it has none.
    """

    name: str
    where: str
    level: Level
    raw: str
    means: str
    do: str = ""
    through: str = ""
    repairs: tuple[str, ...] = ()
    said: str = ""
    expected: str = ""

    @property
    def drift(self) -> bool:
        """Whether the endpoint does something else than the upstream's data file says."""
        return bool(self.expected) and bool(self.raw) and self.raw != self.expected

    def redacted(self, text: Callable[[str], str]) -> Finding:
        """The finding with every text that comes from elsewhere passed through `text`."""
        return self._replace(means=text(self.means), do=text(self.do), said=text(self.said))

    def as_dict(self) -> dict[str, Any]:
        """The finding for JSON; its keys are stable within one schema."""
        return {
            "name": self.name,
            "where": self.where,
            "level": str(self.level),
            "raw": self.raw,
            "through": self.through,
            "repairs": list(self.repairs),
            "means": self.means,
            "do": self.do,
            "said": self.said,
            "expected": self.expected,
            "drift": self.drift,
        }


def exit_code(findings: Iterable[Finding]) -> ExitCode:
    """What the worst of the findings comes to."""
    levels = {finding.level for finding in findings}
    if Level.ACT in levels:
        return ExitCode.FAILED
    return ExitCode.WARNED if levels & {Level.REPAIRED, Level.WARN} else ExitCode.OK
