"""Nothing where the upstream wants something: null, missing and empty content.

Chat: "content or tool_calls must be set" for an assistant's null without calls, while an empty
text passes (https://github.com/chatdeepai/deepseek-api-reproducible-tests, 2026-07-27), and an
empty list of calls is refused. Messages: "all messages must have non-empty content"
(anomalyco/opencode#38654), and relays before Anthropic-like upstreams refuse an empty text block
beside others ("text content blocks must be non-empty"). Responses: a message without content and
an output of null do not fit.
"""

from __future__ import annotations

import re
from functools import partial

from dsfix.protocol import responses, spans
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import role_of
from dsfix.repairs.base import ALL, Context, Repair
from dsfix.repairs.unchanged import each

NOTHING = b'[{"type":"text","text":"[no content]"}]'
_EMPTY = re.compile(rb'"(?:content|output|tool_calls)"\s*:\s*(?:null|\[\s*\])|"text"\s*:\s*""')
_NOTHING_AT_ALL = re.compile(rb'":\s*(?:null|\[\s*\]|"")')  # one pass tells most messages
_HAS_CONTENT = re.compile(rb'"(?:content|output)"\s*:')


def with_content(body: Body, context: Context) -> Body:
    """The body with content where it has to be."""
    found = each(context, EMPTY_CONTENT.name, body.messages, partial(_in_place, body.dialect))
    count = len(found) - found.count(None)
    if not count:
        return body
    context.note(EMPTY_CONTENT.name, "empty content put into a form that is taken", count)
    return body.saying([new or old for new, old in zip(found, body.messages, strict=True)])


def _in_place(dialect: Dialect, raw: bytes) -> bytes | None:
    """What is sent in place of a message, None where it can stay."""
    if not _may_be_empty(raw):
        return None
    new = _filled(dialect, raw)
    return None if new is raw else new


def _may_be_empty(raw: bytes) -> bool:
    """Whether a message needs a closer look; a quote inside a string is escaped."""
    if _NOTHING_AT_ALL.search(raw) and _EMPTY.search(raw):
        return True
    return not _HAS_CONTENT.search(raw)


def _filled(dialect: Dialect, raw: bytes) -> bytes:
    kind = responses.kind(raw) if dialect is Dialect.RESPONSES else role_of(raw)
    message = spans.members(raw) if kind else None
    if message is None:
        return raw
    if dialect is Dialect.MESSAGES:
        new = _messages(message)
    elif dialect is Dialect.CHAT:
        new = _chat(message, kind)
    else:
        new = _responses(message, kind)
    return raw if new is None else spans.build_object(new)


def _messages(message: dict[str, bytes]) -> dict[str, bytes] | None:
    content = message.get("content", b"null")
    blocks = spans.items(content) if content[:1] == b"[" else None
    if content == b"null" or blocks == []:
        return {**message, "content": NOTHING}
    kept = [block for block in blocks or () if not _is_blank(block)]
    if not blocks or len(kept) == len(blocks):
        return None
    return {**message, "content": spans.build_array(kept) if kept else NOTHING}


def _is_blank(block: bytes) -> bool:
    if len(block) > 200 or b'""' not in block:  # a cache marker is the longest that it can have
        return False
    read = spans.value(block)
    return isinstance(read, dict) and read.get("type") == "text" and read.get("text") == ""


def _chat(message: dict[str, bytes], role: str) -> dict[str, bytes] | None:
    new = {name: raw for name, raw in message.items() if name != "tool_calls"}
    calls = spans.items(message.get("tool_calls", b"[]"))
    if calls:
        new = message
    if new.get("content", b"null") == b"null" and not (role == "assistant" and calls):
        new = {**new, "content": b'""'}
    return None if new == message else new


def _responses(item: dict[str, bytes], kind: str) -> dict[str, bytes] | None:
    name = "output" if kind == "output" else "content"
    if kind in ("", "reasoning", "call", "step") or item.get(name, b"null") != b"null":
        return None
    return {**item, name: b'""'}


EMPTY_CONTENT = Repair(
    "empty-content",
    "Fills content that is null, missing or empty where that is refused",
    ALL,
    request=with_content,
)
