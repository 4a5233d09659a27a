"""Null, missing and empty content: filled where it is refused, else left as it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dsfix.protocol.body import Dialect
from dsfix.simulator import rules
from dsfix.simulator.rules import STRICTEST, Ledger
from tests.repairs.support import USER, call, sent

MESSAGES, CHAT, RESPONSES = Dialect.MESSAGES, Dialect.CHAT, Dialect.RESPONSES
PATHS = {MESSAGES: "/anthropic/v1/messages", CHAT: "/chat/completions", RESPONSES: "/responses"}
HEADERS = {"authorization": "Bearer sk-fake", "content-type": "application/json"}
NOTHING = [{"type": "text", "text": "[no content]"}]


def body(dialect: Dialect, *messages: Any) -> dict[str, Any]:
    name = "input" if dialect is RESPONSES else "messages"
    limit = {"max_tokens": 20_000} if dialect is not RESPONSES else {}
    return {"model": "deepseek-v4-pro", **limit, name: list(messages)}


def refused(dialect: Dialect, request: Any) -> str:
    """The rule that refuses a request, empty when it is taken."""
    data = json.dumps(request).encode()
    read = rules.read("POST", PATHS[dialect], HEADERS, data, policy=STRICTEST, ledger=Ledger())
    found = rules.refusal(read)
    return found[0].name if found else ""


@pytest.mark.parametrize(
    ("dialect", "message", "expected"),
    [
        (MESSAGES, {"role": "user", "content": []}, NOTHING),
        (MESSAGES, {"role": "user", "content": None}, NOTHING),
        (MESSAGES, {"role": "assistant"}, NOTHING),
        (CHAT, {"role": "assistant", "content": None}, ""),
        (CHAT, {"role": "assistant", "content": None, "tool_calls": []}, ""),
        (CHAT, {"role": "user", "content": None}, ""),
        (CHAT, {"role": "user"}, ""),
        (RESPONSES, {"type": "message", "role": "user", "content": None}, ""),
        (RESPONSES, {"role": "user"}, ""),
    ],
)
def test_what_is_refused_is_filled(dialect: Dialect, message: Any, expected: Any) -> None:
    """The upstream refuses it as it came, and takes what is sent instead."""
    request = body(dialect, USER, message, USER)
    assert refused(dialect, request)
    out, _ = sent(dialect, request)
    assert not refused(dialect, out)
    given = out["input" if dialect is RESPONSES else "messages"][1]
    assert given["content"] == expected
    assert "tool_calls" not in given


def test_an_output_of_null() -> None:
    """A tool that gave nothing gives an empty text."""
    result = {"type": "function_call_output", "call_id": "a", "output": None}
    request = body(RESPONSES, USER, call("a", dialect=RESPONSES), result)
    out, _ = sent(RESPONSES, request)
    assert next(item for item in out["input"] if item.get("call_id") == "a" and "output" in item)[
        "output"
    ] == ""  # fmt: skip


def test_empty_text_blocks() -> None:
    """An empty text beside others goes; alone it says that there is nothing."""
    text, empty = {"type": "text", "text": "x"}, {"type": "text", "text": ""}
    out, _ = sent(MESSAGES, body(MESSAGES, {"role": "user", "content": [empty, text]}))
    assert out["messages"][0]["content"] == [text]
    without = {"type": "text"}
    out, _ = sent(MESSAGES, body(MESSAGES, {"role": "user", "content": [text, without]}))
    assert out["messages"][0]["content"] == [text]
    out, _ = sent(MESSAGES, body(MESSAGES, {"role": "user", "content": [empty, empty]}))
    assert out["messages"][0]["content"] == NOTHING


@pytest.mark.parametrize(
    ("dialect", "message"),
    [
        (MESSAGES, {"role": "user", "content": ""}),
        (MESSAGES, {"role": "user", "content": [{"type": "text", "text": ' "content":[] '}]}),
        (CHAT, {"role": "user", "content": ""}),
        (CHAT, {"role": "assistant", "content": "x", "tool_calls": None}),
        (CHAT, {"role": "user", "content": "x", "x_note": {"content": None, "text": ""}}),
        (CHAT, {"role": "assistant", "content": None, "tool_calls": call("a", dialect=CHAT)["tool_calls"]}),
        (RESPONSES, {"role": "user", "content": ""}),
        (RESPONSES, {"type": "reasoning", "summary": [], "content": None}),
    ],
)  # fmt: skip
def test_what_is_taken_stays(dialect: Dialect, message: Any) -> None:
    """What the upstream takes is not touched by this repair."""
    _, out = sent(dialect, body(dialect, message))
    assert "empty-content" not in [change.repair for change in out.changes]
