"""Toward Anthropic: what it did not sign is taken out, and nothing else is touched."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dsfix.protocol.body import Dialect
from dsfix.protocol.messages import sign
from dsfix.repairs import NAMES, REPAIRS, TOWARD_SIGNERS, without
from tests.repairs.support import call, request, result, sent

OWN = "EqQB" + "aZ9+/" * 40 + "=="
FOREIGN = {
    "DeepSeek": "91cfbb94-554b-4e1c-9b0e-0c3fb2b0a1d2",
    "dsfix": sign("t"),
    "empty": "",
    "a relay of OpenAI": "gAAAAABo" + "aZ9-_" * 60,
    "another's base64": "CiQB" + "aZ9+/" * 40,
    "too short": "EqQBaZ9+/",
}
USER = {"role": "user", "content": "look"}
GO_ON = {"role": "user", "content": "go on"}
SAID = {"role": "assistant", "content": [{"type": "text", "text": "done"}]}
MANUAL = {"type": "enabled", "budget_tokens": 2000}


def thinking(signature: str = OWN) -> dict[str, Any]:
    return {"type": "thinking", "thinking": "t", "signature": signature}


def to_anthropic(*messages: dict[str, Any], **more: Any) -> tuple[dict[str, Any], list[str]]:
    """What goes there, and what was noted."""
    got, out = sent(Dialect.MESSAGES, request(*messages, **more), repairs=TOWARD_SIGNERS)
    return got, [change.detail for change in out.changes]


@pytest.mark.parametrize("signature", FOREIGN.values(), ids=FOREIGN)
def test_what_anthropic_did_not_sign(signature: str) -> None:
    """The block is taken out, wherever it stands; all that is beside it stays."""
    turns = call("toolu_1", thinking(), thinking(signature)), call("toolu_2", thinking(signature))
    given = USER, turns[0], result("toolu_1"), turns[1], result("toolu_2")
    got, notes = to_anthropic(*given)
    assert got["messages"] == [
        USER,
        call("toolu_1", thinking()),
        result("toolu_1"),
        call("toolu_2"),
        result("toolu_2"),
    ]
    assert notes == ["thinking of another model taken out"]


def test_what_has_no_signature() -> None:
    """A missing or odd signature is no signature."""
    for odd in ({"type": "thinking", "thinking": "t"}, thinking() | {"signature": 7}):
        assert to_anthropic(USER, call("a", odd), result("a"))[0]["messages"][1] == call("a")


def test_everything_else_passes_byte_for_byte() -> None:
    """Its own blocks, those that it hid, and all that is put right toward DeepSeek."""
    hidden = {"type": "redacted_thinking", "data": "x"}
    omitted = thinking() | {"thinking": ""}
    data = json.dumps(
        {
            "model": "claude-opus-5-5[1m]",
            "max_tokens": 1_000_000,
            "system": [{"type": "text", "text": "x-anthropic-billing-header: cc_version=2;"}],
            "metadata": {"user_id": '{"device_id":"a"}'},
            "thinking": {"type": "adaptive"},
            "context_management": {"edits": [{"type": "clear_thinking_20251015"}]},
            "tool_choice": {"type": "any"},
            "messages": [
                USER,
                call("a", hidden, omitted, {"type": "text", "text": '"thinking"'}),
                result("a"),
                {"role": "system", "content": "be brief"},
                {"role": "user", "content": [{"type": "text", "text": '{"type":"thinking"}'}]},
            ],
        },
        indent=1,
    ).encode()
    _, out = sent(Dialect.MESSAGES, data, repairs=TOWARD_SIGNERS)
    assert out.data == data
    assert not out.changes


def test_a_turn_of_which_nothing_is_left() -> None:
    """A message that would be empty goes; the users' messages beside it count as one."""
    empty = {"role": "assistant", "content": [thinking("u")]}
    got, _ = to_anthropic(USER, empty, GO_ON)
    assert got["messages"] == [USER, GO_ON]


def test_what_was_sent_stays() -> None:
    """Newer models bind a block to the messages before it: they are the same in every request."""
    turn, empty = call("a", thinking("u")), {"role": "assistant", "content": [thinking("u")]}
    history = [USER, empty, USER, turn, result("a"), call("b", thinking()), result("b"), SAID]
    before: list[Any] = []
    for count in (3, 5, 7, 8):
        got, _ = to_anthropic(*history[:count])
        assert got["messages"][: len(before)] == before
        before = got["messages"]


CLEAR = {"type": "clear_thinking_20251015", "keep": "all"}
OTHER = {"type": "clear_tool_uses_20250919"}


def test_a_tool_loop_that_began_elsewhere() -> None:
    """It goes on without thinking, in manual mode, and without what needs thinking."""
    loop = USER, call("a", thinking("u")), result("a"), call("b", thinking("u")), result("b")
    managed = {"edits": [CLEAR, OTHER]}
    got, notes = to_anthropic(*loop, thinking=MANUAL, context_management=managed)
    assert "thinking" not in got
    assert got["context_management"] == {"edits": [OTHER]}
    assert notes[-1] == "not thinking in a tool loop that began elsewhere"
    got, _ = to_anthropic(*loop, thinking=MANUAL, context_management={"edits": [CLEAR]})
    assert "context_management" not in got
    lost = USER, call("a"), result("a")
    assert "thinking" not in to_anthropic(*lost, thinking=MANUAL)[0]


@pytest.mark.parametrize(
    ("messages", "mode"),
    [
        ((USER, call("a", thinking("u")), result("a"), SAID, GO_ON), MANUAL),
        ((USER, call("a", thinking("u")), result("a")), {"type": "adaptive"}),
        ((USER, call("a", thinking("u")), result("a")), {"type": "disabled"}),
        ((USER, call("a", thinking()), result("a"), call("b"), result("b")), MANUAL),
        ((USER, call("a", {"type": "redacted_thinking", "data": "x"}), result("a")), MANUAL),
        ((USER,), MANUAL),
    ],
    ids=["it has ended", "adaptive", "off", "it began with thinking", "hidden thinking", "none"],
)
def test_thinking_goes_on_elsewhere(messages: tuple[Any, ...], mode: dict[str, Any]) -> None:
    """Only a running loop without any thinking is in the way of it."""
    edits = {"edits": [CLEAR]}
    got, _ = to_anthropic(*messages, thinking=mode, context_management=edits)
    assert (got["thinking"], got["context_management"]) == (mode, edits)


def test_nothing_else_is_active_there() -> None:
    """Nor is this toward anybody else; each can be turned off."""
    assert [each.name for each in without(frozenset(), signs=True)] == ["foreign-thinking"]
    assert without(frozenset({"foreign-thinking"}), signs=True) == ()
    assert without(frozenset()) == REPAIRS
    assert "foreign-thinking" in NAMES and TOWARD_SIGNERS[0] not in REPAIRS
