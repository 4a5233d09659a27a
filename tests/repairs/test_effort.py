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
        ("kimi", "medium", "high"),
        ("kimi", "none", None),  # it always thinks
        ("glm", "much", "much"),  # of which nobody says what it takes
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


@pytest.mark.parametrize(
    ("vendor", "thinking", "effort", "expected"),
    [
        ("kimi", "enabled", "high", (None, "high")),
        ("kimi", "enabled", None, ("enabled", None)),
        ("kimi", "disabled", "high", ("disabled", None)),
        ("kimi", None, "high", (None, "high")),
        ("deepseek", "enabled", "high", ("enabled", "high")),
    ],
)
def test_an_effort_stands_alone_where_both_are_refused(
    vendor: str, thinking: str | None, effort: str | None, expected: tuple[str | None, str | None]
) -> None:
    """On Chat; the effort says more than that there is thinking at all."""
    upstream = named(vendor)
    rules = replace(RULES, efforts=upstream.efforts, effort_alone=upstream.effort_alone)
    given = {"thinking": thinking and {"type": thinking}, "reasoning_effort": effort}
    asked = request(USER, dialect=Dialect.CHAT, **{k: v for k, v in given.items() if v})
    body, _ = sent(Dialect.CHAT, asked, rules=rules)
    kind = (body.get("thinking") or {}).get("type")
    assert (kind, body.get("reasoning_effort")) == expected
