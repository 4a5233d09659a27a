"""Reasoning under the name that DeepSeek or a relay reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dsfix.protocol.body import Dialect
from dsfix.repairs.base import Stand
from tests.repairs.support import RULES, USER, call, request, result, sent

CHAT = Dialect.CHAT
TURN = call("a", dialect=CHAT)


def told(field: str, **reasoning: Any) -> dict[str, Any]:
    """The members of the one turn that tell its reasoning, as they are sent."""
    rules = replace(RULES, placeholder=Stand(field=field))
    body = request(USER, {**TURN, **reasoning}, result("a", CHAT), dialect=CHAT)
    out, _ = sent(CHAT, body, rules=rules)
    turn = out["messages"][1]
    return {name: turn[name] for name in ("reasoning_content", "reasoning") if name in turn}


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("reasoning_content", {"reasoning_content"}),
        ("reasoning", {"reasoning"}),
        ("both", {"reasoning_content", "reasoning"}),
    ],
)
def test_the_name_that_the_user_set(field: str, names: set[str]) -> None:
    """What the agent carries and what is put in goes out under that name, and that alone."""
    given = told(field, reasoning_content="why")
    assert set(given) == names
    assert set(given.values()) == {"why"}
    assert set(told(field)) == names


def test_a_relays_name_is_read() -> None:
    """Reasoning that came back as `reasoning` only is put where DeepSeek reads it."""
    assert told("reasoning_content", reasoning="why")["reasoning_content"] == "why"


@pytest.mark.parametrize("odd", [None, 3, {"effort": "high"}, [], ""])
def test_other_things_of_that_name(odd: Any) -> None:
    """A member of that name that is no text is no reasoning, and harms nothing."""
    assert told("reasoning_content", reasoning=odd)["reasoning_content"].startswith("[reasoning")
