"""Rows toward an upstream that signs its own thinking, and takes no other: Anthropic."""

from __future__ import annotations

from typing import Any

from dsfix.protocol.body import Dialect
from dsfix.simulator.options import Options
from dsfix.simulator.rules import Policy
from dsfix.simulator.rules.ledger import Minted
from tests.conformance.bodies import FOREIGN, THOUGHT, blocks, body, result_block, user
from tests.conformance.cases import Sent
from tests.conformance.row import CHAT, MESSAGES, RESPONSES, Failure, Row

_ONLY = dict.fromkeys((CHAT, RESPONSES), "Anthropic speaks Messages")
ELSEWHERE = Failure(
    "foreign-thinking",
    "Thinking of another model's, on the way to Anthropic",
    "A session that was begun on DeepSeek cannot go on with Claude: one block of another model's, and"
    " Anthropic refuses the whole conversation.",
    _ONLY,
)
CHANGED = Failure(
    "changed-thinking",
    "Thinking of Claude's that was changed",
    "Claude Code and Anthropic alone: the agent, an interruption or a resumed transcript changes a"
    " block of thinking, and the session is stuck. DeepSeek does not compare thinking with what it"
    " once sent.",
    _ONLY,
)

_OWN = "EqoB" + "Ab9+" * 60
_DEEPSEEKS = "91cfbb94-554b-4f6e-9a0c-3f6d1a2b4c5d"
_UPSTREAM = Options(
    policy=Policy(unsigned="refuse-foreign", pass_back="lenient", blank="accept", names="any"),
    seed=0,
)
_SEEN = (Minted(_OWN, "sk-fake", THOUGHT, "", ""),)


def _history(first: Any) -> Any:
    """Two turns: the first with this thinking, the second Claude's own."""
    turns = [
        {"role": "assistant", "content": [first, *blocks(FOREIGN[0])]},
        {"role": "user", "content": [result_block(FOREIGN[0])]},
        {"role": "assistant", "content": blocks(FOREIGN[1], thought=THOUGHT, signature=_OWN)},
        {"role": "user", "content": [result_block(FOREIGN[1])]},
    ]
    return body(MESSAGES, user(MESSAGES), turns, model="claude-opus-4-8")


def _thinking(text: str, **signature: str) -> Any:
    return {"type": "thinking", "thinking": text, **signature}


def _unchanged(dialect: Dialect, sent: Any, whole: Any) -> str:
    """What Anthropic says to thinking that is not what it once sent."""
    for index, message in enumerate(sent["messages"]):
        for place, part in enumerate(message["content"]):
            own = isinstance(part, dict) and part.get("signature") == _OWN
            if own and part["thinking"] != THOUGHT:
                return (
                    f"messages.{index}.content.{place}: `thinking` or `redacted_thinking` blocks "
                    "in the latest assistant message cannot be modified. These blocks must remain "
                    "as they were in the original response."
                )
    return ""


def _foreign(what: str, first: Any) -> Row:
    return Row(
        ELSEWHERE.name,
        MESSAGES,
        what,
        Sent(_history(first), _UPSTREAM, seen=_SEEN),
        "signatures: messages.1.content.0: Invalid `signature` in `thinking` block",
        ("foreign-thinking",),
        ("-messages[1].content[0]",),
        ("deepseek-ai/awesome-deepseek-integration#606, 2026-05-13",),
        signer=True,
    )


ROWS = (
    _foreign("DeepSeek's", _thinking(THOUGHT, signature=_DEEPSEEKS)),
    _foreign("unsigned", _thinking(THOUGHT)),
    _foreign("dsfix's", _thinking("[reasoning not recorded here: ab12cd34]", signature="dsfix-1")),
    Row(
        CHANGED.name,
        MESSAGES,
        "anthropics/claude-code#10199",
        Sent(
            _history(_thinking("the user wants", signature=_OWN)),
            _UPSTREAM,
            seen=_SEEN,
            wants=_unchanged,
        ),
        "messages.1.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant "
        "message cannot be modified. These blocks must remain as they were in the original response.",
        sources=("anthropics/claude-code#10199, 2025-10-23",),
        why_not="Only Anthropic can sign thinking, so what it signed is never touched.",
        signer=True,
    ),
)
FAILURES = (ELSEWHERE, CHANGED)
