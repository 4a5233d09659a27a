"""What agents tell each other is said where the upstream reads it.

In its second version of sub-agents Codex gives a task and brings back an answer as an item
`agent_message`, with the task's words in a part `encrypted_content` (0.169.0 with
`features.multi_agent_v2`, or the vendor's model catalogue; measured 2026-11-24). DeepSeek ignores
the item, so a sub-agent never learns its task, and the one who asked no answer; or it refuses the
part (deepseek-ai/awesome-deepseek-agent#392, 2026-08-19; fish2lab/DSCodex#24, 2026-09-19). The same
words from the user are read.
"""

from __future__ import annotations

import re

from dsfix.protocol import spans
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.turns import Look
from dsfix.repairs.base import Context, Repair
from dsfix.repairs.unchanged import each

_ITEM = b'"agent_message"'
_KIND = "encrypted_content"
# Only where a parent on another vendor's model wrote it: openai/codex#36376, 2026-08-06.
_CIPHER = re.compile(r"gAAAA[A-Za-z0-9_=-]{60,}")
_SEALED = "[a message that is encrypted for another vendor's models, and cannot be read here]"


def said_by_the_user(body: Body, context: Context) -> Body:
    """The body with each agent's message as one of the user's, which the upstream reads."""
    found = each(context, AGENT_MESSAGES.name, context.history_of(body), _said)
    count = len(found) - found.count(None)
    if not count:
        return body
    context.note(AGENT_MESSAGES.name, "messages between agents said as the user's", count)
    return body.saying([new or old for new, old in zip(found, body.messages, strict=True)])


def _said(look: Look) -> bytes | None:
    """The user's message that stands for an agent's, None for any other."""
    item = spans.members(look.raw) if look.role == "user" and _ITEM in look.raw else None
    if item is None or spans.value(item.get("type")) != "agent_message":
        return None
    content = item.get("content", b'""')
    parts = spans.items(content)
    if parts is not None:
        content = spans.build_array(map(_opened, parts))
    return spans.build_object({"type": b'"message"', "role": b'"user"', "content": content})


def _opened(raw: bytes) -> bytes:
    """A part of it; what is called encrypted is plain, unless another vendor's model wrote it."""
    part = spans.value(raw)
    words = part.get(_KIND) if isinstance(part, dict) and part.get("type") == _KIND else None
    if not isinstance(words, str):
        return raw
    text = _SEALED if _CIPHER.fullmatch(words) else words
    return spans.encode({"type": "input_text", "text": text})


AGENT_MESSAGES = Repair(
    "agent-messages",
    "Says what Codex's agents tell each other where the upstream reads it",
    frozenset({Dialect.RESPONSES}),
    request=said_by_the_user,
)
