"""Rows about thinking that is switched, forced or starved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dsfix.protocol.body import Dialect
from tests.conformance.bodies import asking
from tests.conformance.cases import Sent
from tests.conformance.row import CHAT, MESSAGES, RESPONSES, Failure, Row
from tests.conformance.upstream import reasoning
from tests.repairs.support import RULES

EFFORT = Failure(
    "effort-while-disabled",
    "An effort where thinking is switched off",
    "Sub-agents, workflows and WebSearch of Claude Code from 2.1.166 on fail at once, whatever"
    " effort is set.",
    {RESPONSES: "switch and effort are one member there"},
)
VARIANT = Failure(
    "unknown-thinking-mode",
    "A thinking mode that DeepSeek does not know",
    "An agent offers `auto`, or a plain true, and no request gets through.",
    {RESPONSES: "the switch is an effort there"},
)
LEVEL = Failure(
    "unknown-effort",
    "An effort that DeepSeek does not know",
    "An agent has a level of its own, another vendor's, or one of a newer version, and no request gets"
    " through.",
)
OMITTED = Failure(
    "thinking-off-by-omission",
    "Thinking that was switched off goes on",
    "The user turned thinking off, the agent merely leaves the field out, and DeepSeek reads that"
    " as on: answers are slow, dear, and held to the rule about passing reasoning back.",
)
CHOICE = Failure(
    "forced-tool",
    "A tool that must be called, while thinking",
    "Claude Code's WebSearch and WebFetch, classifiers and helpers that force one tool fail at"
    " once, the conversation itself works.",
)

_OFF = {"type": "disabled"}
_CANNOT = "effort: thinking options type cannot be disabled when reasoning_effort is set"
_FORCED = "tool-choice: Thinking mode does not support this tool_choice"


def _does_not_think(dialect: Dialect, sent: Any, whole: Any) -> str:
    return "the answer thinks" if reasoning(dialect, whole) else ""


def _forced(dialect: Dialect, what: str, choice: Any) -> Row:
    switch = "+reasoning" if dialect is RESPONSES else "+thinking"
    return Row(
        CHOICE.name,
        dialect,
        what,
        Sent(asking(dialect, tool_choice=choice)),
        _FORCED,
        ("tool-choice",),
        (switch,),
        (
            "deepseek-ai/awesome-deepseek-integration#606, 2026-05-13",
            "deepseek-ai/DeepSeek-V3#1376, 2026-08-21",
        ),
    )


def _omitted(dialect: Dialect) -> Row:
    switch = "+reasoning" if dialect is RESPONSES else "+thinking"
    case = Sent(asking(dialect), rules=replace(RULES, thinking="off"), wants=_does_not_think)
    sources = ("NousResearch/hermes-agent#15700, 2026-04-25", "OpenMinis/OpenMinis#1, 2026-04-26")
    mode = ("thinking-mode",)
    return Row(OMITTED.name, dialect, "absent", case, "the answer thinks", mode, (switch,), sources)


def _variant(dialect: Dialect, what: str, given: Any, error: str, *differs: str) -> Row:
    name = "reasoning" if dialect is RESPONSES else "thinking"
    return Row(
        VARIANT.name,
        dialect,
        what,
        Sent(asking(dialect, **{name: given})),
        f"shape: Failed to deserialize the JSON body into the target type: {error}",
        ("thinking-mode",),
        differs,
        ("lobehub/lobehub#14173, 2026",),
    )


_AUTO = "thinking.type: unknown variant `auto`, expected one of `adaptive`, `enabled`, `disabled`"
_PLAIN = "thinking: invalid type: boolean `true`, expected struct ThinkingOptions"
_EFFORTS = {
    MESSAGES: "output_config.effort",
    CHAT: "reasoning_effort",
    RESPONSES: "reasoning.effort",
}


def _level(dialect: Dialect, effort: str, *differs: str) -> Row:
    name, _, inner = _EFFORTS[dialect].partition(".")
    given = {name: {inner: effort} if inner else effort}
    error = f"{_EFFORTS[dialect]}: unknown variant `{effort}`, expected one of `none`, `minimal`"
    return Row(
        LEVEL.name,
        dialect,
        effort,
        Sent(asking(dialect, **given)),
        f"shape: Failed to deserialize the JSON body into the target type: {error}",
        ("effort",),
        differs,
        (
            "https://github.com/STRML/cc-ds4, 2026-08-02",
            "https://github.com/l1i1/new-api, 2026-09-01",
        ),
    )


ROWS = (
    Row(
        EFFORT.name,
        MESSAGES,
        "sub-agent",
        Sent(asking(MESSAGES, thinking=_OFF, output_config={"effort": "max"})),
        _CANNOT,
        ("effort",),
        ("-output_config",),
        (
            "deepseek-ai/DeepSeek-V3#1397, 2026-06-06",
            "anthropics/claude-code#65863, 2026-06",
            "deepseek-ai/awesome-deepseek-agent#193, 2026-06-08",
            "ding113/claude-code-hub#1257, 2026-06-09",
        ),
    ),
    Row(
        EFFORT.name,
        CHAT,
        "reasoning effort",
        Sent(asking(CHAT, thinking=_OFF, reasoning_effort="high")),
        _CANNOT,
        ("effort",),
        ("-reasoning_effort",),
        ("lobehub/lobehub#14173, 2026", "maximhq/bifrost#7213, 2026-09-16"),
    ),
    *(
        row
        for dialect in (MESSAGES, CHAT)
        for row in (
            _variant(dialect, "auto", {"type": "auto"}, _AUTO, "~thinking.type"),
            _variant(dialect, "true", True, _PLAIN, "~thinking"),
        )
    ),
    *map(_omitted, Dialect),
    _level(MESSAGES, "extreme", "-output_config"),
    _level(CHAT, "extreme", "-reasoning_effort"),
    _level(CHAT, "ultra", "~reasoning_effort"),
    _level(RESPONSES, "extreme", "-reasoning"),
    _level(RESPONSES, "ultra", "~reasoning.effort"),
    _forced(MESSAGES, "one tool", {"type": "tool", "name": "f"}),
    _forced(MESSAGES, "any tool", {"type": "any"}),
    _forced(CHAT, "one tool", {"type": "function", "function": {"name": "f"}}),
    _forced(CHAT, "any tool", "required"),
    _forced(RESPONSES, "one tool", {"type": "function", "name": "f"}),
    _forced(RESPONSES, "any tool", "required"),
)
FAILURES = (EFFORT, LEVEL, VARIANT, OMITTED, CHOICE)
