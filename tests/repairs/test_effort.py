"""Words for an effort: what an upstream calls them is in its data file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dsfix.protocol.body import Dialect
from dsfix.upstreams import named
from tests.repairs.support import RULES, USER, request, sent

PLACES = pytest.mark.parametrize(
    ("dialect", "member"),
    [(Dialect.MESSAGES, "output_config"), (Dialect.RESPONSES, "reasoning")],
)


@PLACES
@pytest.mark.parametrize(
    ("vendor", "given", "expected"),
    [
        ("deepseek", "max", "max"),
        ("deepseek", "Ultra", "max"),
        ("deepseek", "much", None),
        ("mimo", "max", "high"),
        ("mimo", "low", "low"),
        ("kimi", "much", "much"),  # of which nobody says what it takes
    ],
)
def test_an_effort_as_the_vendor_calls_it(
    dialect: Dialect, member: str, vendor: str, given: str, expected: str | None
) -> None:
    """A known word stays, another's is translated, one that is none goes, and nothing is guessed."""
    rules = replace(RULES, efforts=named(vendor).efforts)
    asked = request(USER, dialect=dialect, **{member: {"effort": given}})
    body, _ = sent(dialect, asked, rules=rules)
    assert body.get(member, {}).get("effort") == expected
