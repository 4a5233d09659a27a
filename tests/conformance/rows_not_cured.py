"""Rows about what a proxy cannot cure. What the upstream says must still reach the agent."""

from __future__ import annotations

from typing import Any

from dsfix.protocol.body import Dialect
from tests.conformance.bodies import PROMPT, asking, tool, user
from tests.conformance.cases import Sent
from tests.conformance.row import CHAT, MESSAGES, RESPONSES, Failure, Row
from tests.conformance.upstream import strict

TOOLS = Failure(
    "too-many-tools",
    "More than 128 tools",
    "An agent with several MCP servers fails at its first request.",
    dict.fromkeys((MESSAGES, RESPONSES), "no such limit is documented there"),
)
MONEY = Failure("no-money", "An account without money", "Every request is refused with 402.")
KEY = Failure("wrong-key", "A key that is not valid", "Every request is refused with 401.")
LONG = Failure(
    "too-long",
    "A conversation that is longer than the model's context",
    "The agent's own words and files do not fit; no reasoning was put back that could go.",
)
RISK = Failure(
    "moderation",
    "A prompt that may not be talked of",
    "One file or page in the conversation is enough, and every later request fails with it.",
)
SCHEMA = Failure(
    "json-schema",
    "An answer that must follow a schema",
    "Helpers that ask for JSON by a schema fail.",
    {
        MESSAGES: "the wish is ignored there: the answer may be anything",
        RESPONSES: "it is supported there",
    },
)
RANGE = Failure(
    "parameter-out-of-range",
    "A setting that DeepSeek does not take",
    "A setting of the user's is refused.",
)
WORD = Failure(
    "json-without-the-word",
    "JSON that the prompt does not speak of",
    "Helpers that ask for JSON fail, unless their prompt has the word in it.",
    {MESSAGES: "there is no such mode there"},
)
AMNESIA = Failure(
    "previous-response",
    "A conversation that is kept by its id",
    "Nothing fails. The model answers as if it had never spoken before: DeepSeek keeps no"
    " conversations, and ignores `previous_response_id` and `conversation`.",
    dict.fromkeys((MESSAGES, CHAT), "every request carries the whole conversation"),
)
COMPACTION = Failure(
    "remote-compaction",
    "A compaction that is left to the upstream",
    "Codex's conversation ends where it is full: \"remote compaction v2 expected exactly one"
    ' compaction output item, got 0".',
    dict.fromkeys((MESSAGES, CHAT), "agents compact by themselves there"),
)
IGNORED = Failure(
    "ignored-parameters",
    "Parameters without effect",
    "Nothing fails. While thinking, temperature and penalties change nothing; `top_k`,"
    " `budget_tokens`, `parallel_tool_calls`, `is_error` and others never do.",
)
BRACE = Failure(
    "broken-arguments",
    "Arguments of a call that are not JSON",
    "About one call in 2,500 of 7 to 11 kB has a brace too many or too few (flash, August 2026)."
    " The agent tells the model, which calls again.",
    {MESSAGES: "the arguments come as an object there, streams apart"},
)


def _row(
    failure: Failure,
    dialect: Dialect,
    what: str,
    case: Sent | None,
    error: str,
    why: str,
    *sources: str,
) -> Row:
    return Row(failure.name, dialect, what, case, error, sources=sources, why_not=why)


def _each_dialect(dialect: Dialect) -> tuple[Row, ...]:
    said = asking(dialect)
    long: Any = {
        **said,
        "input" if dialect is RESPONSES else "messages": user(dialect, "word " * 2000),
    }
    return (
        _row(
            *(MONEY, dialect, "any request", Sent(said, strict(balance=False))),
            "balance: Insufficient Balance",
            "Only the owner of the account can pay.",
            "Aider-AI/aider#4851, 2026-02-19",
        ),
        _row(
            *(KEY, dialect, "any request", Sent(said, strict(keys=frozenset({"sk-real"})))),
            "key: Authentication Fails, Your api key: ****fake is invalid",
            "dsfix sends the key that it was given.",
            "https://github.com/chatdeepai/deepseek-api-reproducible-tests, 2026-07-27",
        ),
        _row(
            *(LONG, dialect, "a long prompt", Sent(long, strict(context=11_000))),
            "context: This model's maximum context length is 11000 tokens. However, you requested",
            "What to leave out is for the agent to decide; both numbers reach it, so that it can"
            " compact.",
            "evalstate/fast-agent#621, 2026-01-19",
            "zed-industries/zed#59482, 2026-06-17",
        ),
        _row(
            *(RISK, dialect, "a word", Sent(said, strict(forbidden=PROMPT[:4]))),
            "moderation: Content Exists Risk",
            "Nobody but the upstream knows which words it was.",
            "whiteguo233/OpenBiliClaw#199, 2026-08-19",
        ),
        _row(
            *(IGNORED, dialect, "any", None, ""),
            "An answer does not show whether a parameter had an effect.",
            "https://api-docs.deepseek.com/guides/thinking_mode, 2026-08",
            "https://github.com/STRML/cc-ds4, 2026-08-02",
        ),
    )


_LIVE = "https://github.com/chatdeepai/deepseek-api-reproducible-tests, 2026-07-27"
_MEASURED = "https://github.com/l1i1/new-api, 2026-09-01"
_OWN = "The value is the user's, and the words say what to change."


def _set(dialect: Dialect, what: str, error: str, source: str, **setting: Any) -> Row:
    return _row(RANGE, dialect, what, Sent(asking(dialect, **setting)), error, _OWN, source)


def _settings(dialect: Dialect) -> tuple[Row, ...]:
    """Settings that all dialects have."""
    return (
        _set(
            *(dialect, "temperature 3"),
            "temperature: Invalid temperature value, the valid range of temperature is [0, 2]",
            *(_LIVE,),
            temperature=3,
        ),
        _set(
            *(dialect, "top_p 0"),
            "top-p: Invalid top_p value, the valid range of top_p is (0, 1.0]",
            *("chatboxai/chatbox#2483, 2025-07-18",),
            top_p=0,
        ),
    )


def _words(dialect: Dialect) -> Row:
    said = {
        CHAT: "Prompt must contain the word 'json' in some form to use 'response_format' of type"
        " 'json_object'.",
        RESPONSES: "Response input messages must contain the word 'json' to use text.format of type"
        " json_object",
    }
    kind = {"type": "json_object"}
    asked = {"response_format": kind} if dialect is CHAT else {"text": {"format": kind}}
    why = "Only a sentence in the prompt would help, and prompts are the agent's."
    case = Sent(asking(dialect, **asked))
    return _row(WORD, dialect, "json_object", case, f"format: {said[dialect]}", why, _LIVE)


_MANY = [tool(CHAT, f"f{number}") for number in range(129)]
ROWS = (
    *(row for dialect in Dialect for row in _each_dialect(dialect)),
    *(row for dialect in Dialect for row in _settings(dialect)),
    _set(CHAT, "n 2", "n: Invalid n value (currently only n = 1 is supported)", _MEASURED, n=2),
    _set(
        *(CHAT, "a penalty of 3"),
        "penalties: Invalid frequency_penalty value, the valid range of frequency_penalty is [-2, 2]",
        *(_MEASURED,),
        frequency_penalty=3,
    ),
    _set(CHAT, "17 stops", "stop: Stop string array too long: 17", _MEASURED, stop=["a"] * 17),
    _set(
        *(MESSAGES, "17 stops"),
        "stop: stop_sequences must contain at most 16 non-empty strings",
        *("https://github.com/deepseek-ai/deepseek-recipe, 2026-09",),
        stop_sequences=["a"] * 17,
    ),
    *map(_words, (CHAT, RESPONSES)),
    _row(
        *(TOOLS, CHAT, "129 tools", Sent(asking(CHAT, tools=_MANY))),
        "tool-count: Invalid 'tools': array too long. Expected an array with maximum length 128, "
        "but got an array with length 129 instead",
        "Each tool is one that the agent may need: taking some away would break it without a word."
        " DeepSeek's own words for this are not public; the limit is.",
        "https://api-docs.deepseek.com/api/create-chat-completion, 2026-08",
    ),
    _row(
        *(SCHEMA, CHAT, "json_schema", Sent(asking(CHAT, response_format={"type": "json_schema"}))),
        "format: This response_format type is unavailable now",
        "Without the schema the helper would get JSON of any shape, and fail later and less clearly.",
        "Canner/WrenAI#1581, 2025-04-21",
    ),
    _row(
        *(AMNESIA, RESPONSES, "an id", None, ""),
        "dsfix keeps reasoning, not conversations: what the agent does not send, it does not have.",
        "https://api-docs.deepseek.com/guides/responses_api, 2026-08-27",
    ),
    _row(
        *(COMPACTION, RESPONSES, "an item that asks for it", None, ""),
        "DeepSeek ignores the item that asks for it. Codex asks where its provider's name is that of"
        " a vendor who knows it; `dsfix run codex` gives it another, and Codex compacts by itself.",
        "openai/codex#31742, 2026-08-01",
        "fish2lab/DSCodex#6, 2026-08-04",
    ),
    *(
        _row(
            *(BRACE, dialect, "a large call", None, ""),
            "What was meant cannot be told from what came.",
            "https://github.com/tinkerindustries/agent-harness, 2026-08-09",
        )
        for dialect in (CHAT, RESPONSES)
    ),
)
FAILURES = (TOOLS, MONEY, KEY, LONG, RISK, SCHEMA, WORD, RANGE, AMNESIA, COMPACTION, IGNORED, BRACE)
