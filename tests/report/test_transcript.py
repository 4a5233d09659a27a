"""What messages say, in every dialect."""

from __future__ import annotations

from typing import Any

import pytest

from dsfix.report.transcript import Said, Sort, transcript


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"role": "user", "content": "hi"}, [Said("user", Sort.TEXT, "hi")]),
        (
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "s"},
                    {"type": "text", "text": "so"},
                    {"type": "tool_use", "id": "t", "name": "Read", "input": {"path": "ä"}},
                ],
            },
            [
                Said("assistant", Sort.REASONING, "hm"),
                Said("assistant", Sort.TEXT, "so"),
                Said("assistant", Sort.CALL, '{"path": "ä"}', "Read"),
            ],
        ),
        (
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "t",
                        "content": [{"type": "text", "text": "a"}, {"type": "image"}],
                    },
                    {"type": "document"},
                ],
            },
            [Said("tool", Sort.RESULT, "a\n[image]"), Said("user", Sort.OTHER, "", "document")],
        ),
        (
            {
                "role": "assistant",
                "content": None,
                "reasoning_content": "[reasoning not recorded here: 12345678]",
                "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": '{"a":1}'}}],
            },
            [
                Said("assistant", Sort.PLACEHOLDER, "[reasoning not recorded here: 12345678]"),
                Said("assistant", Sort.CALL, '{"a":1}', "f"),
            ],
        ),
        (
            {"role": "tool", "tool_call_id": "c", "content": "done"},
            [Said("tool", Sort.RESULT, "done")],
        ),
        (
            {"type": "function_call", "name": "f", "arguments": "{}"},
            [Said("assistant", Sort.CALL, "{}", "f")],
        ),
        ({"type": "function_call_output", "output": "x"}, [Said("tool", Sort.RESULT, "x")]),
        (
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "why"}]},
            [Said("assistant", Sort.REASONING, "why")],
        ),
        (
            {
                "type": "reasoning",
                "content": [{"type": "reasoning_text", "text": "why"}],
                "summary": [{"type": "summary_text", "text": "in short"}],
            },
            [Said("assistant", Sort.REASONING, "why")],
        ),
        (
            {
                "type": "agent_message",
                "author": "/root",
                "content": [
                    {"type": "input_text", "text": "Payload:"},
                    {"type": "encrypted_content", "encrypted_content": "look"},
                ],
            },
            [Said("agent", Sort.TEXT, "Payload:"), Said("agent", Sort.TEXT, "look")],
        ),
        (None, [Said("?", Sort.OTHER, "", "message that was not kept")]),
        ({}, []),
        ({"role": 5, "content": [None, 7], "tool_calls": [3, {}]}, None),
        ({"role": "assistant", "tool_calls": [{"function": None}, {"function": "f"}]}, None),
    ],
)
def test_a_message_is_told(message: Any, said: list[Said] | None) -> None:
    """Whatever its dialect; what is strange is told without failing."""
    told = transcript([message])
    assert said is None or told == said


def test_the_answer_comes_last() -> None:
    """With the arguments of a call that was cut."""
    answer = [
        {"type": "thinking", "text": "t"},
        {"type": "tool_use", "name": "f", "partial": '{"a'},
    ]
    assert transcript([{"role": "user", "content": "q"}], answer)[1:] == [
        Said("assistant", Sort.REASONING, "t"),
        Said("assistant", Sort.CALL, '{"a', "f"),
    ]


def test_an_answer_that_was_not_kept_is_told_as_one() -> None:
    """Empty reasoning and an empty text would be another answer."""
    answer = [
        {"type": "thinking", "characters": 1067},
        {"type": "tool_use", "name": "f", "characters": 2},
    ]
    assert transcript((), answer) == [
        Said("assistant", Sort.OTHER, "", "thinking that was not kept, 1,067 characters"),
        Said("assistant", Sort.OTHER, "", "tool_use f that was not kept, 2 characters"),
    ]
