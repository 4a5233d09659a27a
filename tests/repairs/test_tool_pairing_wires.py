"""What only one of the dialects demands of calls and results."""

from __future__ import annotations

from dsfix.protocol.body import Dialect
from dsfix.repairs.pairing.shape import INTERRUPTED
from tests.repairs.pairs import (
    bodied,
    calls,
    listed,
    mended,
    refused_by,
    results,
)
from tests.repairs.support import request

X, Y = "toolu_01" + "x4" * 10, "toolu_01" + "y5" * 10


def test_text_behind_a_call() -> None:
    """On Messages a text or an image behind a call is refused, so it goes before the calls."""
    made = calls(X)(Dialect.MESSAGES)[0]
    text = {"type": "text", "text": "I did"}
    message = {**made, "content": [*made["content"], text]}
    body = request(message, *results(X)(Dialect.MESSAGES))
    assert refused_by(Dialect.MESSAGES, body) == "pairing"
    out, _ = mended(Dialect.MESSAGES, body)
    assert listed(out)[0]["content"] == [text, *made["content"]]
    assert not refused_by(Dialect.MESSAGES, out)


def test_results_behind_text_in_a_message() -> None:
    """On Messages they come first; results in several messages go into the first of them."""
    one, two = (results(id)(Dialect.MESSAGES)[0]["content"][0] for id in (X, Y))
    text = {"type": "text", "text": "see"}
    first = {"role": "user", "content": [text, two], "extra": 1}
    second = {"role": "user", "content": [one, text]}
    made = calls(X, Y)(Dialect.MESSAGES)[0]
    body = request(made, first, second, {"role": "user", "content": "so?"})
    assert refused_by(Dialect.MESSAGES, body) == "pairing"
    out, _ = mended(Dialect.MESSAGES, body)
    assert listed(out) == [
        made,
        {**first, "content": [one, two, text]},
        {"role": "user", "content": [text]},
        {"role": "user", "content": "so?"},
    ]
    assert not refused_by(Dialect.MESSAGES, out)


def test_a_custom_tool_without_its_output() -> None:
    """On Responses the stand-in is an output of the call's own kind."""
    patch = {"type": "custom_tool_call", "call_id": X, "name": "apply_patch", "input": "*** x"}
    out, _ = mended(Dialect.RESPONSES, request(patch, dialect=Dialect.RESPONSES))
    assert listed(out)[1] == {
        "type": "custom_tool_call_output", "call_id": X, "output": INTERRUPTED
    }  # fmt: skip


def test_items_that_the_upstream_ignores() -> None:
    """They part no call from its output on Responses, and stay where they are."""
    search = {"type": "local_shell_call_output", "id": "s", "output": "x"}
    body = bodied(Dialect.RESPONSES, [calls(X, Y), results(X), lambda _: [search], results(Y)])
    assert mended(Dialect.RESPONSES, body) == (body, [])
    assert not refused_by(Dialect.RESPONSES, body)


def test_reasoning_between_a_call_and_its_output() -> None:
    """On Responses it is refused there; a turn's reasoning stands before its first call."""
    steps = [calls(X, think="t"), calls(think="u"), results(X)]
    body = bodied(Dialect.RESPONSES, steps)
    assert refused_by(Dialect.RESPONSES, body) == "pairing"
    out, _ = mended(Dialect.RESPONSES, body)
    kinds = [each.get("type", "message") for each in listed(out)]
    assert kinds == ["message", "reasoning", "reasoning", "function_call", "function_call_output"]
    assert not refused_by(Dialect.RESPONSES, out)
