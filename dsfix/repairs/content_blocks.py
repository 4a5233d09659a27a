"""Blocks that the upstream does not read become words that the model does.

Documents, search results, other vendors' tool blocks and unknown types are refused by name
("unknown variant `document`, expected one of ...", deepseek-ai/DeepSeek-V3#1026) or dropped in
silence (https://github.com/STRML/cc-ds4, 2026-08-02), and one of them in a history breaks every
later request. Images go where the model sees them; for one that does not, a note stands in their
place, because otherwise it answers blind. The setting `images` says otherwise.
"""

from __future__ import annotations

import re
from functools import partial
from typing import NamedTuple

from dsfix.protocol import responses
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import role_of
from dsfix.repairs.base import ALL, Context, Repair
from dsfix.repairs.content import chat
from dsfix.repairs.content import messages as blocks
from dsfix.repairs.content import responses as items
from dsfix.repairs.unchanged import each

# A quote inside a string is escaped, so these can only be members: of the message, or of what a
# tool was given, which a closer look then leaves alone.
_TYPE = re.compile(rb'"type"\s*:\s*(?:"([^"\\]*)"|[^"\s])')
_ODD = re.compile(rb'"content"\s*:\s*(?:[^"\[\sn]|\[\s*[^{\]\s])')
_ODD_OUTPUT = re.compile(_ODD.pattern.replace(b"content", b"output"))
_BLOCKS = {
    "user": frozenset({b"text", b"tool_result", b"ephemeral"}),
    "assistant": frozenset({b"text", b"thinking", b"tool_use", b"ephemeral"}),
    "system": frozenset({b"text", b"ephemeral"}),
}
_PARTS = frozenset({b"text", b"function"})
_ITEMS = frozenset(
    {b"message", b"input_text", b"output_text", b"function_call", b"function_call_output"}
    | {b"reasoning", b"reasoning_text", b"summary_text"}
)


def readable(body: Body, context: Context) -> Body:
    """The body with blocks that the upstream reads."""
    history = context.history_of(body)
    image = _why_no_image(body, context)
    # `thinking-replay` sees to all reasoning as soon as tools are in play.
    replayed = body.dialect is Dialect.MESSAGES and (body.has_tools or history.has_calls)
    asked = _Asked(body.dialect, image, replayed)
    found = each(context, CONTENT_BLOCKS.name, body.messages, partial(_in_place, asked), asked)
    count = len(found) - found.count(None)
    if not count:
        return body
    context.note(CONTENT_BLOCKS.name, "blocks put into words that the model reads", count)
    return body.saying([new or old for new, old in zip(found, body.messages, strict=True)])


class _Asked(NamedTuple):
    """What decides besides the message: `image` is why none is sent, empty where they are."""

    dialect: Dialect
    image: str
    replayed: bool


def _in_place(asked: _Asked, raw: bytes) -> bytes | None:
    """What is sent in place of a message, None where it can stay."""
    role = role_of(raw)
    if _is_plain(asked, role, raw):
        return None
    new = _mended(asked, role, raw)
    return None if new is raw else new


def _mended(asked: _Asked, role: str, raw: bytes) -> bytes:
    if asked.dialect is Dialect.CHAT:
        return chat.mended(raw, role, asked.image)
    if asked.dialect is Dialect.RESPONSES:
        return items.mended(raw, responses.kind(raw), asked.image)
    return blocks.mended(raw, role, asked.image, asked.replayed) if role in blocks.READ else raw


def _is_plain(asked: _Asked, role: str, raw: bytes) -> bool:
    """Whether a message can only have what is read, told without taking it apart."""
    kinds = set(_TYPE.findall(raw))
    if asked.dialect is Dialect.CHAT:
        plain = _PARTS
    elif asked.dialect is Dialect.RESPONSES:
        plain = _ITEMS
    else:
        plain = _BLOCKS.get(role, _PARTS)
    if (b"thinking" in kinds and not asked.replayed) or not kinds <= plain:
        return False
    odd = _ODD.search(raw) or (plain is _ITEMS and _ODD_OUTPUT.search(raw))
    return not odd


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
