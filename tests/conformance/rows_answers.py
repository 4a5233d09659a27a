"""Rows about answers that make an agent lose something."""

from __future__ import annotations

from typing import Any

from dsfix.protocol.body import Dialect
from tests.conformance import agents
from tests.conformance.bodies import (
    OWN,
    PRO,
    THOUGHT,
    answer,
    asking,
    blocks,
    body,
    results,
    turn,
    user,
)
from tests.conformance.cases import Answered, Refused
from tests.conformance.row import CHAT, MESSAGES, RESPONSES, Failure, Row
from tests.conformance.rows_lost import TEXTS

SERVED = Failure(
    "served-under-another-name",
    "An answer under another model's name",
    "Claude Code loses the reasoning of every turn, without any model switch: the upstream serves"
    " an alias, the answer names the real model, and the agent replays reasoning of its own model"
    " only.",
)
UNSIGNED = Failure(
    "unsigned-thinking",
    "Thinking without a signature",
    "Claude Code or OpenCode shows the thinking and sends none of it back: a block without a"
    " signature is dropped.",
    dict.fromkeys((CHAT, RESPONSES), "reasoning is not signed"),
)
ENVELOPE = Failure(
    "error-of-no-kind",
    "An error that the agent cannot read",
    "An agent that speaks Messages shows a bare status, retries what cannot succeed, or gives up on"
    " what could: DeepSeek words its errors as OpenAI does, on every dialect.",
    dict.fromkeys((CHAT, RESPONSES), "the shape is the dialect's own"),
)
STRIPPING = Failure(
    "error-that-strips",
    "An error that makes the agent drop all reasoning",
    "After one refusal about a signature, Claude Code takes all thinking out of the session; from"
    " then on DeepSeek refuses it for good.",
    dict.fromkeys((CHAT, RESPONSES), "reasoning is not signed"),
)

LEAK = Failure(
    "calls-as-text",
    "A call that is written into the text",
    "The agent shows markup such as `<｜DSML｜tool_calls>` and stops: the model called a tool in its own"
    " notation, and the server took it for words.",
)

_MODEL = ("response-model",)
_ALIAS = "deepseek-v4-flash"
_SERVED = "deepseek-flash"
_NAMED = f"answered by {_SERVED}, asked for {_ALIAS}"
_SOURCES = (
    "measured with Claude Code 2.1.197, 2026-11-20",
    "musistudio/claude-code-router#1629, 2026-08-04",
)


def _events(model: str, opening: dict[str, Any], signature: str = "") -> list[Any]:
    """A stream on Messages: a thought, and a call of the tool."""
    usage = {"input_tokens": 9, "output_tokens": 0}
    message = {"id": "m-1", "type": "message", "role": "assistant", "model": model, "content": []}
    call = {"type": "tool_use", "id": OWN[0], "name": "f", "input": {}}
    signed = {"type": "signature_delta", "signature": signature}
    return [
        {"type": "message_start", "message": {**message, "usage": usage}},
        {"type": "content_block_start", "index": 0, "content_block": opening},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "thinking_delta", "thinking": THOUGHT},
        },
        *([{"type": "content_block_delta", "index": 0, "delta": signed}] if signature else []),
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": call},
        {"type": "content_block_stop", "index": 1},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": usage},
        {"type": "message_stop"},
    ]


def _spoken(model: str, text: str) -> list[Any]:
    """A stream on Messages: a signed thought, and this text."""
    events = _events(model, {"type": "thinking", "thinking": "", "signature": ""}, "m-1")
    block = {"type": "text", "text": ""}
    said = {"type": "text_delta", "text": text}
    return [
        *events[:5],
        {"type": "content_block_start", "index": 1, "content_block": block},
        {"type": "content_block_delta", "index": 1, "delta": said},
        {"type": "content_block_stop", "index": 1},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"output_tokens": 9},
        },
        {"type": "message_stop"},
    ]


def _chunks(model: str) -> list[Any]:
    """A stream on Chat."""
    deltas = ({"role": "assistant", "reasoning_content": THOUGHT}, {"content": "there are none"})
    return [
        {"id": "c-1", "model": model, "choices": [{"index": 0, "delta": delta}]} for delta in deltas
    ]


def _items(model: str) -> list[Any]:
    """A stream on Responses."""
    head = {"id": "r-1", "object": "response", "model": model}
    return [
        {
            "type": "response.created",
            "sequence_number": 0,
            "response": {**head, "status": "in_progress", "output": []},
        },
        {
            "type": "response.completed",
            "sequence_number": 1,
            "response": answer(RESPONSES, text="none", model=model),
        },
    ]


def _served(dialect: Dialect, what: str, given: Any, *differs: str) -> Row:
    agent = (
        agents.keeps_its_own_models_reasoning if dialect is MESSAGES else agents.expects_its_model
    )
    error = f"pass-back: {TEXTS[MESSAGES]}" if dialect is MESSAGES else _NAMED
    case = Answered(asking(dialect, model=_ALIAS), given, agent)
    return Row(SERVED.name, dialect, what, case, error, _MODEL, differs, _SOURCES)


def _unsigned(what: str, given: Any, *differs: str) -> Row:
    return Row(
        UNSIGNED.name,
        MESSAGES,
        what,
        Answered(asking(MESSAGES), given, agents.keeps_signed_reasoning),
        f"pass-back: {TEXTS[MESSAGES]}",
        ("signature",),
        differs,
        ("QuantumNous/new-api#4761, 2026-05-11", "measured with OpenCode 1.18.33, 2026-11-20"),
    )


def _strips(what: str, text: str) -> Row:
    history = (turn(MESSAGES, OWN[0], thought=THOUGHT), results(MESSAGES, OWN[0]))
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": text}}
    asked = body(MESSAGES, user(MESSAGES), *history)
    return Row(
        STRIPPING.name,
        MESSAGES,
        what,
        Refused(asked, 400, error, agents.strips_after_signature_errors),
        f"pass-back: {TEXTS[MESSAGES]}",
        ("error-shape",),
        ("~error.message",),
        (
            "deepseek-ai/awesome-deepseek-integration#606, 2026-05-13",
            "measured with Claude Code 2.1.197, 2026-11-20",
        ),
    )


_OPENED = {"type": "thinking", "thinking": ""}
_PLAIN = answer(MESSAGES, OWN[0])
_BARE = {**_PLAIN, "content": [{"type": "thinking", "thinking": THOUGHT}, *blocks(OWN[0])]}
_REFUSAL = {
    "error": {
        "message": "Insufficient Balance",
        "type": "unknown_error",
        "param": None,
        "code": "invalid_request_error",
    }
}

_LEAKED = (
    '<｜DSML｜tool_calls>\n<｜DSML｜invoke name="f">\n<｜DSML｜parameter name="n" string="false">1'
    "</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜tool_calls>"
)


def _leak(dialect: Dialect, what: str, given: Any, *differs: str) -> Row:
    return Row(
        LEAK.name,
        dialect,
        what,
        Answered(asking(dialect), given, agents.has_its_tools),
        "no call arrives",
        ("dsml",),
        differs,
        (
            "deepseek-ai/awesome-deepseek-agent#13, 2026-04-28",
            "cline/cline#13348, 2026-08-19",
        ),
    )


def _written(dialect: Dialect) -> Any:
    return answer(dialect, text=f"Let me look.\n\n{_LEAKED}")


ROWS = (
    _leak(
        MESSAGES,
        "a stream",
        _spoken(PRO, _LEAKED),
        "-[6]",
        "+[7]",
        "+[8]",
        "+[9]",
        "~[8].delta.stop_reason",
    ),
    _leak(
        MESSAGES,
        "a document",
        _written(MESSAGES),
        "~content[1].text",
        "+content[2]",
        "~stop_reason",
    ),
    _leak(
        CHAT,
        "a document",
        _written(CHAT),
        "~choices[0].message.content",
        "+choices[0].message.tool_calls",
        "~choices[0].finish_reason",
    ),
    _leak(RESPONSES, "a document", _written(RESPONSES), "~output[1].content[0].text", "+output[2]"),
    _served(
        MESSAGES,
        "a stream",
        _events(_SERVED, {**_OPENED, "signature": ""}, "m-1"),
        "~[0].message.model",
    ),
    _served(MESSAGES, "a document", answer(MESSAGES, OWN[0], model=_SERVED), "~model"),
    _served(CHAT, "a stream", _chunks(_SERVED), "~[0].model", "~[1].model"),
    _served(CHAT, "a document", answer(CHAT, OWN[0], model=_SERVED), "~model"),
    _served(RESPONSES, "a stream", _items(_SERVED), "~[0].response.model", "~[1].response.model"),
    _served(RESPONSES, "a document", answer(RESPONSES, OWN[0], model=_SERVED), "~model"),
    _unsigned("no signature at all", _events(PRO, _OPENED), "+[1].content_block.signature", "+[3]"),
    _unsigned("an empty one", _events(PRO, {**_OPENED, "signature": ""}), "+[3]"),
    _unsigned("a document", _BARE, "+content[0].signature"),
    Row(
        ENVELOPE.name,
        MESSAGES,
        "as OpenAI words it",
        Refused(asking(MESSAGES), 402, _REFUSAL, agents.reads_kinds_of_errors),
        "an error of no kind",
        ("error-shape",),
        ("+type", "~error.type", "-error.param", "-error.code", "~error (order)"),
        ("https://github.com/chatdeepai/deepseek-api-reproducible-tests, 2026-07-27",),
    ),
    _strips("invalid signature", "messages.1.content.0: Invalid `signature` in `thinking` block"),
)
FAILURES = (LEAK, SERVED, UNSIGNED, ENVELOPE, STRIPPING)
