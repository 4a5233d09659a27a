"""How many examples a law is tried with, and the recorded requests that it is tried on.

The usual numbers take a minute in all and are the same examples each time. DSFIX_EXAMPLES=5000
tries each law with so many new ones.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, settings

from dsfix.protocol.body import Dialect
from tests.repairs.support import FIXTURES

_MANY = int(os.environ.get("DSFIX_EXAMPLES") or 0)
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def examples(usual: int) -> settings:
    """So many examples, or as many as the environment asks for."""
    return settings(
        max_examples=_MANY or usual,
        derandomize=not _MANY,
        database=None,
        deadline=None,
        suppress_health_check=_SLOW,
    )


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request of a real agent, reduced: its scenario, its number there, and what it said."""

    scenario: str
    number: int
    dialect: Dialect
    body: dict[str, Any]

    @property
    def data(self) -> bytes:
        """The body as JSON."""
        return json.dumps(self.body, separators=(",", ":"), ensure_ascii=False).encode()


def recorded() -> Iterator[Recorded]:
    """All recorded requests."""
    for path in sorted(FIXTURES.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            row = json.loads(line)
            yield Recorded(path.stem, number, Dialect(row["dialect"]), row["body"])


SCENARIOS = tuple(dict.fromkeys(each.scenario for each in recorded()))
