"""Rows about calls without results, results without calls, and groups that were torn apart."""

from __future__ import annotations

from typing import Any

from dsfix.protocol.body import Dialect
from dsfix.simulator.rules.ledger import Minted
from tests.conformance.bodies import (
    OWN,
    THOUGHT,
    Items,
    body,
    result_block,
    results,
    turn,
    user,
)
from tests.conformance.cases import Sent
from tests.conformance.row import CHAT, MESSAGES, RESPONSES, Failure, Row
from tests.conformance.rows_lost import TEXTS

UNANSWERED = Failure(
    "unanswered-call",
    "A call without a result",
    "After an interruption with Esc or Ctrl-C, a crash, or an edit of the last prompt, nothing of"
    " that session is answered any more.",
)
ORPHAN = Failure(
    "result-without-call",
    "A result without a call",
    "After a compaction that cut between a call and its result, nothing of that session is answered"
    " any more.",
)
TORN = Failure(
    "torn-group",
    "Parallel calls that do not stand together",
    "A session fails at its first parallel calls: the agent, or a relay, sends them as several"
    " messages, in turn with their results, or puts words in between.",
)
IDS = Failure(
    "call-id",
    "Calls without an id, or two under one",
    "Vendors count their ids from zero, and compactions lose them: a session that moves to DeepSeek is"
    " refused.",
)
MISLEADING = Failure(
    "reasoning-error-for-torn-group",
    "The error about reasoning, for calls that do not stand together",
    "On Responses, the first turn with two calls is refused for its reasoning, which is there; with"
    " thinking off the words are the same.",
    dict.fromkeys((MESSAGES, CHAT), "torn groups are refused in words of their own"),
)

A, B = OWN
_ALONE = (
    "`tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` "
    "block must have a corresponding `tool_result` block in the next message."
)
_MUST = (
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
    "'tool_call_id'. (insufficient tool messages following tool_calls message)"
)
_NO_OUTPUT = "No tool output found for tool call {}."
_SEEN = {
    MESSAGES: ("decolua/9router#2338, 2026-07-03",),
    CHAT: ("TurixAI/TuriX-CUA#15, 2026-03-03",),
    RESPONSES: (
        "deepseek-ai/DeepSeek-V3#1588, 2026-08-17",
        "farion1231/cc-switch#7190, 2026-09-16",
    ),
}


def _row(
    failure: Failure, dialect: Dialect, what: str, said: Items, error: str, *differs: str
) -> Row:
    case = Sent(body(dialect, user(dialect), said))
    repairs = ("tool-pairing",)
    return Row(
        failure.name, dialect, what, case, f"pairing: {error}", repairs, differs, _SEEN[dialect]
    )


def _unanswered(dialect: Dialect, id: str) -> str:
    if dialect is CHAT:
        return _MUST
    if dialect is RESPONSES:
        return _NO_OUTPUT.format(id)
    return _ALONE.format(id)


def _interrupted(dialect: Dialect, *differs: str) -> Row:
    said = [*turn(dialect, A, thought=THOUGHT), *user(dialect, "stop, do this instead")]
    error = _unanswered(dialect, A)
    if dialect is MESSAGES:
        error = f"messages.2: {error}"
    return _row(UNANSWERED, dialect, "interrupted", said, error, *differs)


def _half(dialect: Dialect, *differs: str) -> Row:
    said = [*turn(dialect, A, B, thought=THOUGHT), *results(dialect, A)]
    error = _unanswered(dialect, B)
    if dialect is MESSAGES:
        error = f"messages.1:{error}"
    return _row(UNANSWERED, dialect, "one of two", said, error, *differs)


def _orphan(dialect: Dialect, *differs: str) -> Row:
    error = {
        MESSAGES: f"unexpected `messages.0.content.0: tool_use_id` found in `tool_result` blocks: {A}.",
        CHAT: "Messages with role 'tool' must be a response to a preceding message with 'tool_calls'",
        RESPONSES: f"No tool call found for tool output with call_id {A}.",
    }[dialect]
    case = Sent(body(dialect, results(dialect, A), user(dialect)))
    return Row(
        ORPHAN.name,
        dialect,
        "its call is gone",
        case,
        f"pairing: {error}",
        ("tool-pairing",),
        differs,
        _SEEN[dialect],
    )


def _split(dialect: Dialect, *differs: str) -> Row:
    """Two messages for the calls of one answer, then their results."""
    said = [
        *turn(dialect, A, thought=THOUGHT),
        *turn(dialect, B, thought=THOUGHT),
        *results(dialect, A, B),
    ]
    error = f"messages.2: {_ALONE.format(A)}" if dialect is MESSAGES else _MUST
    return _row(TORN, dialect, "a message for each", said, error, *differs)


def _words_between(dialect: Dialect, *differs: str) -> Row:
    """Words of the user between two results."""
    words = user(dialect, "by the way")
    one, two = results(dialect, A), results(dialect, B)
    if dialect is MESSAGES:
        content = [{"type": "text", "text": "by the way"}, result_block(A)]
        said = [*turn(dialect, A, thought=THOUGHT), {"role": "user", "content": content}]
        return _row(TORN, dialect, "words first", said, f"messages.2: {_ALONE.format(A)}", *differs)
    said = [*turn(dialect, A, B, thought=THOUGHT), *one, *words, *two]
    return _row(TORN, dialect, "words between", said, _unanswered(dialect, B), *differs)


def _ids(dialect: Dialect, what: str, said: Items, error: str, *differs: str) -> Row:
    case = Sent(body(dialect, user(dialect), said))
    sources = (
        "esengine/DeepSeek-Reasonix#713, 2026-05-12",
        "farion1231/cc-switch#4164, 2026-06-13",
    )
    return Row(IDS.name, dialect, what, case, error, ("tool-pairing",), differs, sources)


def _empty(dialect: Dialect) -> Row:
    error = {
        MESSAGES: f"messages.1:{_ALONE.format('')}",
        CHAT: _MUST,
        RESPONSES: "Invalid 'input[2].call_id': empty string.",
    }[dialect]
    places = {
        MESSAGES: (
            "~messages[1].content[1].id",
            "~messages[1].content[1] (order)",
            "~messages[2].content[0].tool_use_id",
        ),
        CHAT: ("~messages[1].tool_calls[0].id", "~messages[2].tool_call_id"),
        RESPONSES: ("~input[2].call_id", "~input[3].call_id"),
    }[dialect]
    said = [*turn(dialect, "", thought=THOUGHT), *results(dialect, "")]
    return _ids(dialect, "an empty one", said, f"pairing: {error}", *places)


_SAME = ("call_0", "call_0")


def _in_turn(thinking: Any, what: str, *differs: str) -> Row:
    """Call, output, call, output, of what was one answer."""
    said = [
        *turn(RESPONSES, A, thought=THOUGHT),
        *results(RESPONSES, A),
        *turn(RESPONSES, B),
        *results(RESPONSES, B),
    ]
    one = Minted("r-1", "sk-fake", THOUGHT, "", "", OWN)
    case = Sent(body(RESPONSES, user(RESPONSES), said, **thinking), seen=(one,))
    return Row(
        MISLEADING.name,
        RESPONSES,
        what,
        case,
        f"grouping: {TEXTS[RESPONSES]}",
        ("tool-pairing",),
        differs,
        ("lidge-jun/opencodex#1534, 2026-08-12", "lidge-jun/opencodex#1477, 2026-08-11"),
    )


ROWS = (
    _interrupted(MESSAGES, "+messages[2]"),
    _interrupted(CHAT, "+messages[2]"),
    _interrupted(RESPONSES, "+input[3]"),
    _half(MESSAGES, "+messages[2].content[1]"),
    _half(CHAT, "+messages[3]"),
    _half(RESPONSES, "+input[5]"),
    _orphan(
        MESSAGES,
        "~messages[0].content[0].type",
        "-messages[0].content[0].tool_use_id",
        "-messages[0].content[0].content",
        "+messages[0].content[0].text",
    ),
    _orphan(CHAT, "~messages[0].role", "-messages[0].tool_call_id", "~messages[0].content"),
    _orphan(
        RESPONSES,
        "~input[0].type",
        "-input[0].call_id",
        "-input[0].output",
        "+input[0].role",
        "+input[0].content",
    ),
    _split(MESSAGES, "+messages[1].content[2]", "-messages[2]"),
    _split(CHAT, "+messages[1].tool_calls[1]", "-messages[2]"),
    _words_between(MESSAGES, "+messages[2].content[0]", "-messages[2].content[1]"),
    _words_between(CHAT, "+messages[3]", "-messages[4]"),
    _words_between(RESPONSES, "+input[5]", "-input[6]"),
    _ids(
        MESSAGES,
        "the same twice",
        [*turn(MESSAGES, *_SAME, thought=THOUGHT), *results(MESSAGES, *_SAME)],
        "pairing: messages.1.content.2: `tool_use` ids must be unique",
        "-messages[1].content[2]",
        "-messages[2].content[1]",
    ),
    _ids(
        CHAT,
        "the same twice",
        [*turn(CHAT, *_SAME, thought=THOUGHT), *results(CHAT, *_SAME)],
        "pairing: Duplicate value for 'tool_call_id' of call_0 in message[1]",
        "-messages[1].tool_calls[1]",
        "-messages[3]",
    ),
    *(_empty(dialect) for dialect in Dialect),
    _ids(
        RESPONSES,
        "two under one",
        [
            *(*turn(RESPONSES, "call_0", thought=THOUGHT), *results(RESPONSES, "call_0")),
            *(*turn(RESPONSES, "call_0", thought=THOUGHT), *results(RESPONSES, "call_0")),
        ],
        "pairing: Duplicate 'call_id': call_0.",
        "~input[5].call_id",
        "~input[6].call_id",
    ),
    _in_turn({}, "in turn", "+input[3]", "-input[4]"),
    _in_turn({"reasoning": {"effort": "none"}}, "in turn, thinking off", "+input[3]", "-input[4]"),
)
FAILURES = (UNANSWERED, ORPHAN, TORN, IDS, MISLEADING)
