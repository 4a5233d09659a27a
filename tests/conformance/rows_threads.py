"""One row for each named thread, in the shape of the request that it is about (`threads`)."""

from __future__ import annotations

from tests.conformance.bodies import (
    FOREIGN,
    OWN,
    THOUGHT,
    Items,
    answer,
    asking,
    blocks,
    body,
    results,
    turn,
    user,
)
from tests.conformance.cases import Passed, Sent
from tests.conformance.row import CHAT, MESSAGES, Failure, Row
from tests.conformance.rows_form import ORDER, REDACTED, thinks_first
from tests.conformance.rows_lost import LOST, UNKNOWN, row
from tests.conformance.upstream import strict

FAILURES: tuple[Failure, ...] = ()

_FIRST, _SECOND = OWN


def _said(content: Items) -> Items:
    return [{"role": "assistant", "content": content}]


_TWO = (
    Passed(asking(MESSAGES), answer(MESSAGES, _FIRST)),
    Passed(
        body(MESSAGES, user(MESSAGES), turn(MESSAGES, _FIRST), results(MESSAGES, _FIRST)),
        answer(MESSAGES, _SECOND, thought="there may be more"),
    ),
)
_STRIPPED = (
    *(turn(MESSAGES, _FIRST), results(MESSAGES, _FIRST)),
    *(turn(MESSAGES, _SECOND), results(MESSAGES, _SECOND)),
)
_SUMMED = Passed(
    body(MESSAGES, user(MESSAGES), *_STRIPPED), answer(MESSAGES, text="There are two files.")
)
_NULL = [{**turn(CHAT, "call_abc123")[0], "content": None}]
_BOTH = ("+messages[1].content[0]", "+messages[3].content[0]")

ROWS: tuple[Row, ...] = (
    row(
        UNKNOWN,
        MESSAGES,
        "leechen298/cc-use#1",
        Sent(
            body(
                MESSAGES,
                user(MESSAGES),
                _said(blocks(FOREIGN[0], text="Let me look.")),
                results(MESSAGES, FOREIGN[0]),
                _said(blocks(text="There is one file.")),
                user(MESSAGES, "go on"),
            )
        ),
        differs=_BOTH,
        sources=("leechen298/cc-use#1, 2026-04",),
    ),
    row(
        UNKNOWN,
        CHAT,
        "Gitlawb/openclaude#878",
        Sent(body(CHAT, user(CHAT), turn(CHAT, "call_1"), results(CHAT, "call_1"))),
        sources=("Gitlawb/openclaude#878, 2026-04-24",),
    ),
    row(
        UNKNOWN,
        CHAT,
        "musistudio/claude-code-router#1355",
        Sent(body(CHAT, user(CHAT), _NULL, results(CHAT, "call_abc123"))),
        sources=("musistudio/claude-code-router#1355, 2026-04-26",),
    ),
    row(
        LOST,
        CHAT,
        "QuantumNous/new-api#4543",
        Sent(
            body(
                CHAT,
                user(CHAT),
                [*turn(CHAT, _FIRST, thought=THOUGHT), *results(CHAT, _FIRST)],
                [*turn(CHAT, _SECOND), *results(CHAT, _SECOND)],
            ),
            passed=(
                Passed(asking(CHAT), answer(CHAT, _FIRST)),
                Passed(
                    body(
                        CHAT, user(CHAT), turn(CHAT, _FIRST, thought=THOUGHT), results(CHAT, _FIRST)
                    ),
                    answer(CHAT, _SECOND, thought="there may be more"),
                ),
            ),
        ),
        differs=("+messages[3].reasoning_content",),
        sources=("QuantumNous/new-api#4543, 2026-04-29",),
    ),
    row(
        LOST,
        CHAT,
        "decolua/9router#355",
        Sent(
            body(CHAT, user(CHAT), turn(CHAT, _FIRST), results(CHAT, _FIRST)),
            strict(wording="v3.2"),
            passed=(Passed(asking(CHAT), answer(CHAT, _FIRST)),),
        ),
        error="pass-back: Missing `reasoning_content` field in the assistant message at message"
        " index 1. For more information, please refer to "
        "https://api-docs.deepseek.com/guides/thinking_mode#tool-calls",
        sources=("decolua/9router#355, 2026-03-19",),
    ),
    row(
        LOST,
        MESSAGES,
        "NousResearch/hermes-agent#16748",
        Sent(body(MESSAGES, user(MESSAGES), *_STRIPPED), passed=_TWO),
        differs=_BOTH,
        sources=("NousResearch/hermes-agent#16748, 2026-04-28",),
    ),
    row(
        REDACTED,
        MESSAGES,
        "farion1231/cc-switch#2414",
        Sent(
            body(
                MESSAGES,
                user(MESSAGES),
                _said(
                    [
                        *blocks(thought=THOUGHT),
                        {"type": "redacted_thinking", "data": "EmwKAhgB"},
                        *blocks(FOREIGN[0]),
                    ]
                ),
                results(MESSAGES, FOREIGN[0]),
            )
        ),
        error="shape: Failed to deserialize the JSON body into the target type: messages[1]: "
        "unknown variant `redacted_thinking`, expected one of `text`",
        differs=("=messages[1].content[0]", "-messages[1].content[1]"),
        sources=("farion1231/cc-switch#2414, 2026-04-28",),
    ),
    row(
        LOST,
        MESSAGES,
        "NanmiCoder/cc-haha#174",
        Sent(
            body(
                MESSAGES,
                user(MESSAGES),
                *_STRIPPED,
                _said(blocks(text="There are two files.")),
                user(MESSAGES, "summarise the conversation"),
            ),
            passed=(*_TWO, _SUMMED),
        ),
        differs=(*_BOTH, "+messages[5].content[0]"),
        sources=("NanmiCoder/cc-haha#174, 2026-04-25",),
    ),
    row(
        LOST,
        MESSAGES,
        "anthropics/claude-code#51985",
        Sent(
            body(
                MESSAGES,
                user(MESSAGES),
                _said(blocks(_FIRST, text="Let me look.")),
                results(MESSAGES, _FIRST),
            ),
            passed=(Passed(asking(MESSAGES), answer(MESSAGES, _FIRST, text="Let me look.")),),
        ),
        sources=("anthropics/claude-code#51985, 2026-04-22",),
    ),
    row(
        ORDER,
        MESSAGES,
        "anthropics/claude-code#20692",
        Sent(
            body(
                MESSAGES,
                user(MESSAGES),
                _said([*blocks(text="Let me look."), *blocks(_FIRST, thought=THOUGHT)]),
                results(MESSAGES, _FIRST),
            ),
            wants=thinks_first,
        ),
        error="messages.1.content.0: If an assistant message contains any thinking blocks, the "
        "first block must be `thinking` or `redacted_thinking`. Found `text`.",
        differs=("+messages[1].content[0]", "-messages[1].content[1]"),
        sources=("anthropics/claude-code#20692, 2026-01-25",),
    ),
    row(
        LOST,
        MESSAGES,
        "anthropics/claude-code#54482",
        Sent(
            body(MESSAGES, user(MESSAGES), *_STRIPPED, user(MESSAGES, "what did you think?")),
            passed=_TWO,
        ),
        differs=_BOTH,
        sources=("anthropics/claude-code#54482, 2026-04-28",),
    ),
)
