"""A history that is seen for the first time gets what its turns would get one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dsfix.protocol.body import Dialect
from dsfix.protocol.turns import Reasoning, Turn
from dsfix.repairs.base import Stand
from tests.repairs.support import RULES, USER, At, call, memory, request, result, sent

MESSAGES = Dialect.MESSAGES
ONE, OTHER = (f"call_0{number}_{'0a1b2c3d' * 3}" for number in range(2))


@pytest.mark.parametrize(
    ("known", "calls"),
    [
        pytest.param(("call_7",), ("call_7",), id="a counted id of another conversation"),
        pytest.param((ONE,), (ONE, OTHER), id="an answer that made one of the two calls"),
    ],
)
def test_reasoning_of_another_answer_is_not_lent(
    known: tuple[str, ...], calls: tuple[str, ...]
) -> None:
    """That one of its calls is known does not make it the turn that is."""
    to = memory()
    thought = Reasoning((("of another", "s"),))
    to.remember(Turn(known, ("f",) * len(known), (), thought), At("elsewhere", "elsewhere"))
    blocks = [call(each)["content"][0] for each in calls]
    results = [result(each)["content"][0] for each in calls]
    turns = [{"role": "assistant", "content": blocks}, {"role": "user", "content": results}]
    _, out = sent(MESSAGES, request(USER, *turns), to=to)
    assert (out.replayed, out.placeholders) == (0, 1)


@pytest.mark.parametrize(
    ("mode", "counts"), [("fallback", (1, 1)), ("always", (0, 2)), ("off", (1, 0))]
)
def test_the_user_says_what_stands_in(mode: str, counts: tuple[int, int]) -> None:
    """A placeholder where nothing is known, instead of all that is, or never."""
    to = memory()
    to.remember(Turn((ONE,), ("f",), (), Reasoning((("its own", "s"),))), At())
    history = (USER, call(ONE), result(ONE), call(OTHER), result(OTHER))
    rules = replace(RULES, placeholder=Stand(mode))
    _, out = sent(MESSAGES, request(*history), to=to, rules=rules)
    assert (out.replayed, out.placeholders) == counts


def test_a_turn_that_has_come_before_is_counted() -> None:
    """Two turns alike differ in what stands in, where the first was decided in another request."""
    to = memory()
    sent(MESSAGES, request(USER, call(ONE), result(ONE)), to=to)
    other = {"role": "user", "content": "y"}
    # The same words in other bytes: the conversation's name, but none of its messages.
    user = {"role": "user", "content": [{"type": "text", "text": USER["content"]}]}
    history = (user, call(ONE), result(ONE), other, call(ONE), result(ONE))
    out, told = sent(MESSAGES, request(*history), to=to)
    said = [each["content"][0]["thinking"] for each in out["messages"] if each["role"] != "user"]
    assert told.placeholders == 2
    assert len(set(said)) == 2
