"""Rows about names and marks that the upstream reads: models, users, and the head of the prompt."""

from __future__ import annotations

import json
from typing import Any

from dsfix.protocol.body import Dialect
from tests.conformance.bodies import OWN, PROMPT, THOUGHT, asking, body, results, turn, user
from tests.conformance.cases import Sent, Shared
from tests.conformance.row import CHAT, MESSAGES, RESPONSES, Failure, Row
from tests.conformance.upstream import strict

MODEL = Failure(
    "unknown-model",
    "A model that DeepSeek does not serve",
    "The conversation works and its helpers fail: sub-agents, titles and evaluators ask for"
    " another vendor's model, or for one with a mark that only the agent knows.",
)
USER = Failure(
    "user-id-charset",
    "A user id of letters that are not allowed",
    "Every request of Claude Code from 2.1.129 on is refused (May 2026; the reference still says"
    " so): it names device and session in a piece of JSON.",
    {RESPONSES: "the agents that speak it send no user id"},
)
PARTITION = Failure(
    "user-id-per-session",
    "A user id that names the session, so that no session shares a cached prompt",
    "Nothing fails. The first request of each session pays the full price for the same tens of"
    " thousands of tokens.",
    {RESPONSES: "the agents that speak it send no user id"},
)
BILLING = Failure(
    "billing-header",
    "A line at the head of the prompt that is different each time",
    "Nothing fails. Claude Code's system prompt begins with a line that differs from conversation"
    " to conversation, so that no prefix of it is ever cached.",
    dict.fromkeys((CHAT, RESPONSES), "only Claude Code does it, and it speaks Messages"),
)
ENCODING = Failure(
    "lone-surrogate",
    "Half of an emoji",
    "A tool's output was cut inside an emoji. No request of that session is read any more, because"
    " the half is in its history.",
)

_SOURCE = "deepseek-ai/DeepSeek-V3#1277, 2026-05-06"
_NO_MATCH = (
    "user-id: Invalid 'user_id': string does not match pattern. Expected a string that matches the "
    "pattern '^[a-zA-Z0-9_-]+$'."
)
_LONG = "The same instructions, every time. " * 60


def _claude(session: str) -> str:
    named = {"device_id": "d0", "account_uuid": "a0", "session_id": session}
    return json.dumps(named)


def _named(dialect: Dialect, session: str) -> Any:
    """A request that says who the user is, the way Claude Code does."""
    if dialect is MESSAGES:
        system = [{"type": "text", "text": _LONG}]
        return asking(MESSAGES, system=system, metadata={"user_id": _claude(session)})
    system_message = {"role": "system", "content": _LONG}
    return body(CHAT, [system_message], user(CHAT), user_id=_claude(session))


def _model(dialect: Dialect, what: str, name: str) -> Row:
    listed = (
        f"The supported API model names are deepseek-flash, deepseek-v4-pro, but you passed {name}."
    )
    sources = (
        "https://github.com/STRML/cc-ds4, 2026-08-02",
        "QuantumNous/new-api#4562, 2026-04-30",
    )
    case = Sent(asking(dialect, model=name))
    return Row(
        MODEL.name, dialect, what, case, f"model: {listed}", ("model-name",), ("~model",), sources
    )


def _user_id(dialect: Dialect) -> Row:
    place = {MESSAGES: "metadata.user_id", CHAT: "user_id"}[dialect]
    given = (
        {"metadata": {"user_id": _claude("s1")}} if dialect is MESSAGES else {place: _claude("s1")}
    )
    sources = (_SOURCE, "anthropics/claude-code#56643, 2026-05-06")
    case = Sent(asking(dialect, **given))
    return Row(
        USER.name,
        dialect,
        "device and session",
        case,
        _NO_MATCH,
        ("user-id",),
        (f"~{place}",),
        sources,
    )


def _per_session(dialect: Dialect) -> Row:
    place = "metadata.user_id" if dialect is MESSAGES else "user_id"
    first, second = (_named(dialect, session) for session in ("s1", "s2"))
    case = Shared(first, second, strict(check_user_id=False))
    sources = (
        "https://api-docs.deepseek.com/quick_start/rate_limit, 2026-08",
        "measured with Claude Code 2.1.197, 2026-11-20",
    )
    return Row(
        PARTITION.name,
        dialect,
        "session in the id",
        case,
        "cached tokens: 0",
        ("user-id",),
        (f"~{place}",),
        sources,
    )


def _billed(mark: str) -> Any:
    line = f"x-anthropic-billing-header: cc_version=2.1.197.{mark}; cc_entrypoint=cli;"
    system = [{"type": "text", "text": text} for text in (line, _LONG)]
    return asking(MESSAGES, system=system)


def _surrogate(dialect: Dialect) -> Row:
    """A result that ends in the first half of a pair."""
    history = [*turn(dialect, OWN[0], thought=THOUGHT), *results(dialect, OWN[0])]
    place, holder = "messages[2].content", history[-1]
    if dialect is MESSAGES:
        place, holder = "messages[2].content[0].content", holder["content"][0]
    elif dialect is RESPONSES:
        place = "input[3].output"
    holder[place.rpartition(".")[2]] = "done \ud83d"
    error = "json: Failed to parse the request body as JSON: "
    sources = (
        "esengine/DeepSeek-Reasonix#1906, 2026-05-26",
        "JohnnyZ93/oai-compatible-copilot#206, 2026-04-26",
    )
    case = Sent(body(dialect, user(dialect, PROMPT), history))
    return Row(
        ENCODING.name, dialect, "cut output", case, error, ("encoding",), (f"~{place}",), sources
    )


ROWS = (
    *(
        _model(dialect, what, name)
        for dialect in Dialect
        for what, name in (
            ("another vendor's", "gpt-4.1-mini"),
            ("an agent's mark", "deepseek-v4-pro[1m]"),
        )
        if (dialect, name) != (MESSAGES, "deepseek-v4-pro[1m]")  # stripped by the upstream there
    ),
    *map(_user_id, (MESSAGES, CHAT)),
    *map(_per_session, (MESSAGES, CHAT)),
    Row(
        BILLING.name,
        MESSAGES,
        "two conversations",
        Shared(_billed("a1b"), _billed("c2d")),
        "cached tokens: 0",
        ("billing-header",),
        ("-system[0]",),
        ("vllm-project/vllm#36829, 2026-03-11", "ggml-org/llama.cpp#20623, 2026-03-16"),
    ),
    *map(_surrogate, Dialect),
)
FAILURES = (MODEL, USER, PARTITION, BILLING, ENCODING)
