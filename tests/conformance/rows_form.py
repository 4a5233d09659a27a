"""Rows about reasoning that comes back in a form that does not count."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dsfix.protocol.body import Dialect
from dsfix.repairs.base import Stand
from tests.conformance.bodies import (
    FOREIGN,
    THOUGHT,
    Items,
    blocks,
    body,
    results,
    turn,
    user,
)
from tests.conformance.cases import Sent
from tests.conformance.row import CHAT, MESSAGES, RESPONSES, Failure, Row
from tests.conformance.rows_lost import row
from tests.conformance.upstream import strict
from tests.repairs.support import RULES

BLANK = Failure(
    "blank-reasoning",
    "Reasoning that is there and says nothing",
    "The field is sent, empty or a blank, and counts as missing.",
)
KEYLESS = Failure(
    "keyless-thinking",
    "A thinking block without its text",
    "An agent that shows no thinking keeps the block and drops what it said.",
    {
        CHAT: "there are no blocks: reasoning is one text",
        RESPONSES: "an item without content counts as missing, see blank-reasoning",
    },
)
REDACTED = Failure(
    "hidden-reasoning",
    "Reasoning in a form that DeepSeek does not read",
    "A session with another vendor's model, or through a relay, goes on with DeepSeek: its reasoning"
    " is there, redacted, encrypted or under another name.",
)
RELAY = Failure(
    "relay-reads-another-name",
    "A relay that reads reasoning under another name",
    "The relay forgets what is sent as `reasoning_content`: OpenRouter and others call it"
    " `reasoning`, which the user tells dsfix with a setting.",
    dict.fromkeys((MESSAGES, RESPONSES), "reasoning has one form there"),
)
UNMARKED = Failure(
    "unsigned-in-history",
    "Thinking that comes back unsigned",
    "A relay that checks signatures refuses a history whose thinking has none.",
    dict.fromkeys((CHAT, RESPONSES), "reasoning is not signed"),
)
ORDER = Failure(
    "thinking-not-first",
    "A thinking block that is not the first",
    "An agent puts what was said before what was thought.",
    {CHAT: "reasoning has a member of its own", RESPONSES: "a later item belongs to the next turn"},
)


def _blank(dialect: Dialect, text: str, what: str) -> Row:
    history = (turn(dialect, FOREIGN[0], thought=text), results(dialect, FOREIGN[0]))
    differs = {
        MESSAGES: ("~messages[1].content[0].thinking", "~messages[1].content[0].signature"),
        CHAT: ("~messages[1].reasoning_content",),
        RESPONSES: ("~input[1].content[0].text",),
    }
    sources = (
        "NousResearch/hermes-agent#17341, 2026-04-29",
        "damianvtran/local-operator#1111, 2026-09",
    )
    case = Sent(body(dialect, user(dialect), *history))
    return row(BLANK, dialect, what, case, differs=differs[dialect], sources=sources)


def _holding(content: Items) -> Any:
    """A history on Messages whose turn has this content."""
    said = [{"role": "assistant", "content": content}]
    return body(MESSAGES, user(MESSAGES), said, results(MESSAGES, FOREIGN[0]))


def thinks_first(dialect: Dialect, sent: Any, whole: Any) -> str:
    """What Anthropic, and relays that check as it does, say to a turn that thinks later on."""
    for index, message in enumerate(sent["messages"]):
        kinds = [part["type"] for part in message["content"] if isinstance(part, dict)]
        if "thinking" in kinds[1:]:
            return (
                f"messages.{index}.content.0: If an assistant message contains any thinking "
                "blocks, the first block must be `thinking` or `redacted_thinking`. Found `text`."
            )
    return ""


def _relay_reads(dialect: Dialect, sent: Any, whole: Any) -> str:
    """What a relay that reads `reasoning` finds in the turns."""
    turns = [message for message in sent["messages"] if message["role"] == "assistant"]
    return "" if all(turn.get("reasoning") for turn in turns) else "no `reasoning` in a turn"


_RELAYED = [{**turn(CHAT, FOREIGN[0])[0], "reasoning": THOUGHT}]
_HIDDEN = {"type": "reasoning", "summary": [], "encrypted_content": "gAAAAABo"}
ROWS = (
    *(_blank(dialect, "", "empty") for dialect in Dialect),
    *(_blank(dialect, " ", "a blank") for dialect in Dialect),
    row(
        KEYLESS,
        MESSAGES,
        "no text",
        Sent(_holding([{"type": "thinking", "signature": "s"}, *blocks(FOREIGN[0])])),
        error="shape: Failed to deserialize the JSON body into the target type: messages[1]: "
        "missing field `thinking`",
        differs=("~messages[1].content[0].signature", "+messages[1].content[0].thinking"),
        sources=("esengine/DeepSeek-Reasonix#8927, 2026-08-15",),
    ),
    row(
        REDACTED,
        MESSAGES,
        "redacted thinking",
        Sent(_holding([{"type": "redacted_thinking", "data": "EmwKAhgB"}, *blocks(FOREIGN[0])])),
        error="shape: Failed to deserialize the JSON body into the target type: messages[1]: "
        "unknown variant `redacted_thinking`, expected one of `text`",
        differs=(
            "~messages[1].content[0].type",
            "-messages[1].content[0].data",
            "+messages[1].content[0].thinking",
            "+messages[1].content[0].signature",
        ),
        sources=(
            "farion1231/cc-switch#2414, 2026-04-28",
            "https://api-docs.deepseek.com/guides/anthropic_api, 2026-08",
        ),
    ),
    row(
        REDACTED,
        RESPONSES,
        "encrypted content",
        Sent(
            body(
                RESPONSES,
                user(RESPONSES),
                [_HIDDEN, *turn(RESPONSES, FOREIGN[0])],
                results(RESPONSES, FOREIGN[0]),
            )
        ),
        differs=("-input[1].encrypted_content", "+input[1].content"),
        sources=("maximhq/bifrost#7320, 2026-09-18",),
    ),
    row(
        REDACTED,
        CHAT,
        "another name",
        Sent(body(CHAT, user(CHAT), _RELAYED, results(CHAT, FOREIGN[0]))),
        differs=("+messages[1].reasoning_content",),
        sources=("maximhq/bifrost#7213, 2026-09-16",),
    ),
    Row(
        RELAY.name,
        CHAT,
        "reasoning",
        Sent(
            body(
                CHAT,
                user(CHAT),
                turn(CHAT, FOREIGN[0], thought=THOUGHT),
                results(CHAT, FOREIGN[0]),
            ),
            strict(pass_back="lenient"),
            rules=replace(RULES, placeholder=Stand(field="reasoning")),
            wants=_relay_reads,
        ),
        "no `reasoning` in a turn",
        ("reasoning-field",),
        ("-messages[1].reasoning_content", "+messages[1].reasoning"),
        ("https://openrouter.ai/docs/guides/best-practices/reasoning-tokens, 2026",),
    ),
    row(
        UNMARKED,
        MESSAGES,
        "no signature",
        Sent(_holding([{"type": "thinking", "thinking": THOUGHT}, *blocks(FOREIGN[0])])),
        error="signatures: messages.1.content.0: Invalid `signature` in `thinking` block",
        differs=("+messages[1].content[0].signature",),
        sources=("deepseek-ai/awesome-deepseek-integration#606, 2026-05-13",),
    ),
)
FAILURES = (BLANK, KEYLESS, REDACTED, RELAY, UNMARKED, ORDER)
