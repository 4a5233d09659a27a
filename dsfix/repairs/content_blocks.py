"""Blocks that the upstream does not read become words that the model does.

Documents, search results, other vendors' tool blocks and unknown types are refused by name
("unknown variant `document`, expected one of ...", deepseek-ai/DeepSeek-V3#1026) or dropped in
silence (https://github.com/STRML/cc-ds4, 2026-08-02), and one of them in a history breaks every
later request. Images go where the model sees them; for one that does not, a note stands in their
place, because otherwise it answers blind. The setting `images` says otherwise.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.turns import Look
from dsfix.repairs.base import ALL, Context, Repair
from dsfix.repairs.content import chat, messages, responses
from dsfix.repairs.unchanged import each


def readable(body: Body, context: Context) -> Body:
    """The body with blocks that the upstream reads."""
    history = context.history_of(body)
    image = _why_no_image(body, context)
    # `thinking-replay` sees to all reasoning as soon as tools are in play, unless thinking is off.
    seen_to = not context.quiet and (body.has_tools or history.has_calls)
    replayed = body.dialect is Dialect.MESSAGES and seen_to
    own = tuple(context.rules.server_tools.get(body.dialect, ()))
    asked = _Asked(body.dialect, image, replayed, own)
    found = each(context, CONTENT_BLOCKS.name, history, partial(_in_place, asked), asked)
    count = len(found) - found.count(None)
    if not count:
        return body
    context.note(CONTENT_BLOCKS.name, "blocks put into words that the model reads", count)
    return body.saying([new or old for new, old in zip(found, body.messages, strict=True)])


class _Asked(NamedTuple):
    """What decides besides the message: `image` is why none is sent, empty where they are.

    `own` is how the types of the upstream's own tools begin.
    """

    dialect: Dialect
    image: str
    replayed: bool
    own: tuple[str, ...]


def _in_place(asked: _Asked, look: Look) -> bytes | None:
    """What is sent in place of a message, None where it can stay."""
    if look.plain:
        return None
    raw = look.raw
    if asked.dialect is Dialect.MESSAGES:
        new = messages.mended(raw, asked.image, asked.replayed, asked.own)
    elif asked.dialect is Dialect.CHAT:
        new = chat.mended(raw, asked.image, asked.own)
    else:
        new = responses.mended(raw, asked.image)
    return None if new is raw else new


def _why_no_image(body: Body, context: Context) -> str:
    """Why images are not sent; empty where they are."""
    wish = context.rules.images
    if wish == "text":
        return "not sent: images are turned off"
    model = str(body.get("model"))
    limits = context.rules.limits(model)
    if wish == "keep" or limits is None or limits.vision:
        return ""
    return f"not sent: {model} sees no images"


CONTENT_BLOCKS = Repair(
    "content-blocks",
    "Puts documents, unknown blocks and images the model cannot see into words",
    ALL,
    request=readable,
)
