"""Reasoning goes upstream in the member that this upstream reads.

DeepSeek reads `reasoning_content` and nothing else: `reasoning`, `reasoning_details` and
`<think>` do not satisfy it (maximhq/bifrost#5325, measured). OpenRouter and some relays name it
`reasoning` (https://openrouter.ai/docs/guides/best-practices/reasoning-tokens), which a user says
with the setting `placeholder.field`. Last on the request's side, when all reasoning is in place.
"""

from __future__ import annotations

from dsfix.protocol import spans
from dsfix.protocol.body import Body
from dsfix.repairs.base import CHAT, Context, Repair

_OURS = "reasoning_content"
_THEIRS = "reasoning"


def with_field(body: Body, context: Context) -> Body:
    """The body with its reasoning under the name, or both names, that the user set."""
    field = context.rules.placeholder.field
    if field == _OURS:
        return body
    named = [_named(raw, both=field != _THEIRS) for raw in body.messages]
    count = sum(new is not old for new, old in zip(named, body.messages, strict=True))
    if not count:
        return body
    context.note(REASONING_FIELD.name, f"reasoning sent as {field}", count)
    return body.saying(named)


def _named(raw: bytes, *, both: bool) -> bytes:
    if b'"reasoning_content"' not in raw:
        return raw
    message = spans.members(raw)
    text = message.get(_OURS) if message else None
    if not message or text is None or (both and message.get(_THEIRS) == text):
        return raw
    rest = {name: value for name, value in message.items() if both or name != _OURS}
    return spans.build_object({**rest, _THEIRS: text})


REASONING_FIELD = Repair(
    "reasoning-field",
    "Sends reasoning in the member that a relay reads, where the user named one",
    CHAT,
    request=with_field,
)
