"""The answer's limit: within the range, a number, and under the name that is read."""

from __future__ import annotations

from typing import Any

import pytest

from dsfix.protocol.body import Dialect
from tests.repairs.support import USER, request, sent

MEMBER = {
    Dialect.MESSAGES: "max_tokens",
    Dialect.CHAT: "max_tokens",
    Dialect.RESPONSES: "max_output_tokens",
}
every = pytest.mark.parametrize("dialect", list(Dialect))


def limit(dialect: Dialect, value: Any) -> Any:
    """What is sent for that limit, `absent` for none."""
    out, _ = sent(dialect, request(USER, dialect=dialect, **{MEMBER[dialect]: value}))
    return out.get(MEMBER[dialect], "absent")


@every
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (393_216, 393_216),
        (1, 1),
        (393_217, 393_216),
        (10**30, 393_216),
        (0, 1),
        (-1, 393_216),
        ("512", 512),
        (512.9, 512),
        (True, "absent"),
        ("many", "absent"),
        (None, None),
    ],
)
def test_the_range(dialect: Dialect, given: Any, expected: Any) -> None:
    """A limit out of range is moved into it; what is no number at all is left out."""
    assert limit(dialect, given) == expected


@pytest.mark.parametrize(
    ("given", "said"), [("many", "limit taken out"), (0, "answer limited to 1")]
)
def test_what_became_of_it_is_told(given: Any, said: str) -> None:
    """In words for people: nobody limits an answer to None."""
    _, out = sent(Dialect.CHAT, request(USER, dialect=Dialect.CHAT, max_tokens=given))
    assert said in next(each.detail for each in out.changes)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"max_completion_tokens": 700}, 700),
        ({"max_completion_tokens": 400_000}, 393_216),
        ({"max_completion_tokens": 700, "max_tokens": 90}, 90),
        ({"max_completion_tokens": None}, "absent"),
    ],
)
def test_the_name_of_newer_models(given: dict[str, Any], expected: Any) -> None:
    """`max_completion_tokens` is sent as `max_tokens`; where both stand, the known one holds."""
    out, _ = sent(Dialect.CHAT, {"model": "deepseek-v4-pro", "messages": [USER], **given})
    assert out.get("max_tokens", "absent") == expected
    assert "max_completion_tokens" not in out
