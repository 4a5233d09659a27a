"""Rows about the form of a conversation: roles, pairs, empty messages, and its length."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dsfix.protocol.body import Dialect
from dsfix.upstreams.base import Model
from tests.conformance.bodies import OWN, THOUGHT, answer, asking, body, results, turn, user
from tests.conformance.cases import Passed, Sent
from tests.conformance.row import CHAT, MESSAGES, RESPONSES, Failure, Row
from tests.conformance.upstream import strict
from tests.repairs.support import RULES

DEVELOPER = Failure(
    "developer-role",
    "The role `developer`",
    "An agent that does not see whom it speaks to sends OpenAI's newer name for the system role, and"
    " no request gets through. On Responses it is taken, and read as the user's words.",
    {MESSAGES: "no agent sends it there"},
)
SYSTEM = Failure(
    "system-in-the-middle",
    "A system message among the others",
    "Claude Code from 2.1.154 on fails at its first request (until 2026-05-29), or gets an empty"
    " answer where the system message comes last: the agent stops as if it had finished.",
    {
        CHAT: "system messages may stand anywhere",
        RESPONSES: "system messages may stand anywhere",
    },
)
LENGTH = Failure(
    "replayed-past-the-context",
    "Reasoning that was put back, and does not fit any more",
    "The agent counts its conversation without the reasoning that it lost. With it, the prompt is"
    " longer than the model's context, and the session is stuck before it compacts.",
)


def _no_developer(dialect: Dialect, sent: Any, whole: Any) -> str:
    """The vendor's own adapter makes a user of a developer: deepseek-ai/deepseek-recipe, 2026-09."""
    roles = [item.get("role") for item in sent["input"]]
    return "a developer's words are read as the user's" if "developer" in roles else ""


_BRIEF = {"type": "message", "role": "developer", "content": "be brief"}


def _system(what: str, where: int, **more: Any) -> Row:
    messages = [*turn(MESSAGES, text="yes", thought=THOUGHT), *user(MESSAGES, "go on")]
    messages.insert(where, {"role": "system", "content": "plan mode is off"})
    given = {
        "error": "shape: Failed to deserialize the JSON body into the target type: "
        f"messages[{1 + where}].role: unknown variant `system`, expected `user` or `assistant`",
        "sources": (
            "anthropics/claude-code#63569, 2026-05-29",
            "farion1231/cc-switch#3281, 2026-05-29",
        ),
        **more,
    }
    options = given.pop("options", strict())
    case = Sent(body(MESSAGES, user(MESSAGES), messages), options)
    return Row(SYSTEM.name, MESSAGES, what, case, repairs=("roles",), **given)


def _long(dialect: Dialect) -> Row:
    """A long thought of an early turn; the tool's turn after it is short."""
    one, two = ([*turn(dialect, id), *results(dialect, id)] for id in OWN)
    long = "I should think about this. " * 400
    passed = (
        Passed(asking(dialect), answer(dialect, OWN[0], thought=long)),
        Passed(body(dialect, user(dialect), one), answer(dialect, OWN[1])),
    )
    rules = replace(RULES, limits=lambda name: Model(name, 11_000, 9000))
    options = strict(context=11_000, pass_back="lenient", verify=False)
    case = Sent(body(dialect, user(dialect), one, two), options, passed, rules, density=0.25)
    places = {
        MESSAGES: ("+messages[1].content[0]", "+messages[3].content[0]"),
        CHAT: ("+messages[1].reasoning_content", "+messages[3].reasoning_content"),
        RESPONSES: ("+input[1]", "+input[4]"),
    }
    return Row(
        LENGTH.name,
        dialect,
        "a long thought",
        case,
        "context: This model's maximum context length is 11000 tokens. However, you requested",
        ("context-guard",),
        places[dialect],
        ("JohnnyZ93/oai-compatible-copilot#98, 2026", "zed-industries/zed#45134, 2025-12-17"),
    )


ROWS = (
    Row(
        DEVELOPER.name,
        CHAT,
        "first message",
        Sent(body(CHAT, [{"role": "developer", "content": "be brief"}], user(CHAT))),
        "shape: Failed to deserialize the JSON body into the target type: messages[0].role: "
        "unknown variant `developer`, expected one of `system`, `user`, `assistant`, `tool`, "
        "`latest_reminder`",
        ("roles",),
        ("~messages[0].role",),
        ("decolua/9router#773, 2026-05-02",),
    ),
    Row(
        DEVELOPER.name,
        RESPONSES,
        "first item",
        Sent(body(RESPONSES, [_BRIEF], user(RESPONSES)), wants=_no_developer),
        "a developer's words are read as the user's",
        ("roles",),
        ("~input[0].role",),
        ("https://github.com/deepseek-ai/deepseek-recipe, 2026-09",),
    ),
    _system("after an answer", 1, differs=("~messages[2].role", "~messages[2].content")),
    _system("at the end", 2, differs=("-messages[3]", "~messages[2].content")),
    _system(
        "at the end, accepted",
        2,
        differs=("-messages[3]", "~messages[2].content"),
        options=replace(strict(system_role=True), mute_after_system=True),
        error="200, and nothing but reasoning in the answer",
        sources=("QuantumNous/new-api#5411, 2026-06-10", "vllm-project/vllm#51262, 2026-08-06"),
    ),
    *map(_long, Dialect),
)
FAILURES = (DEVELOPER, SYSTEM, LENGTH)
