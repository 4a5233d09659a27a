"""Nothing where the upstream wants something: null, missing and empty content.

Chat: "content or tool_calls must be set" for an assistant's null without calls, while an empty
text passes (https://github.com/chatdeepai/deepseek-api-reproducible-tests, 2026-07-27), and an
empty list of calls is refused. Messages: "all messages must have non-empty content"
(anomalyco/opencode#38654), and relays before Anthropic-like upstreams refuse an empty text block
beside others ("text content blocks must be non-empty"). Responses: a message without content and
an output of null do not fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec

from dsfix.protocol import responses, spans
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import role_of
from dsfix.protocol.turns import Look
from dsfix.repairs.base import ALL, Context, Repair
from dsfix.repairs.unchanged import each

_NOTHING = b'[{"type":"text","text":"[no content]"}]'
_NULL = msgspec.Raw(b"null")


class _Block(msgspec.Struct):
    type: Any = None
    text: msgspec.Raw = _NULL

    @property
    def empty(self) -> bool:
        """Whether it is a text that says nothing."""
        return self.type == "text" and _is(self.text, b'""')


class _Message(msgspec.Struct):
    content: msgspec.Raw = _NULL
    output: msgspec.Raw = _NULL
    tool_calls: msgspec.Raw = _NULL


_message = msgspec.json.Decoder(_Message)
_blocks = msgspec.json.Decoder(list[_Block])


def with_content(body: Body, context: Context) -> Body:
    """The body with content where it has to be."""
    history = context.history_of(body)
    found = each(context, EMPTY_CONTENT.name, history, partial(_in_place, body.dialect))
    count = len(found) - found.count(None)
    if not count:
        return body
    context.note(EMPTY_CONTENT.name, "empty content put into a form that is taken", count)
    return body.saying([new or old for new, old in zip(found, body.messages, strict=True)])


def _in_place(dialect: Dialect, look: Look) -> bytes | None:
    """What is sent in place of a message, None where it can stay."""
    if look.plain:
        return None
    raw = look.raw
    try:
        message = _message.decode(raw)
    except spans.Malformed:
        return None
    if dialect is Dialect.MESSAGES:
        return _on_messages(raw, message)
    if dialect is Dialect.CHAT:
        return _on_chat(raw, message)
    kind = responses.kind(raw)
    name = "output" if kind == "output" else "content"
    if kind in ("", "reasoning", "call", "step") or not _is(getattr(message, name), b"null"):
        return None
    return _with(raw, {name: b'""'})


def _on_messages(raw: bytes, message: _Message) -> bytes | None:
    if not role_of(raw):
        return None
    if _is(message.content, b"null"):
        return _with(raw, {"content": _NOTHING})
    try:
        empty = [block.empty for block in _blocks.decode(message.content)]
    except spans.Malformed:
        return None
    if empty and not any(empty):
        return None
    blocks = spans.items(bytes(message.content)) or []
    kept = [block for block, none in zip(blocks, empty, strict=True) if not none]
    return _with(raw, {"content": spans.build_array(kept) if kept else _NOTHING})


def _on_chat(raw: bytes, message: _Message) -> bytes | None:
    role = role_of(raw)
    no_calls = _is(message.tool_calls, b"null") or spans.items(bytes(message.tool_calls)) == []
    silent = _is(message.content, b"null") and (role != "assistant" or no_calls)
    empty_list = no_calls and not _is(message.tool_calls, b"null")
    if not role or not (silent or empty_list):
        return None
    content = {"content": b'""'} if silent else {}
    return _with(raw, content, without="tool_calls" if empty_list else "")


def _is(raw: msgspec.Raw, wanted: bytes) -> bool:
    """Whether a span is exactly this, told without a copy of it."""
    return bytes(memoryview(raw)[: len(wanted) + 1]) == wanted


def _with(raw: bytes, changed: Mapping[str, bytes], without: str = "") -> bytes | None:
    """The message with these members; None where it has one twice."""
    message = spans.members(raw)
    if message is None:
        return None
    rest = {name: value for name, value in message.items() if name != without}
    return spans.build_object({**rest, **changed})


EMPTY_CONTENT = Repair(
    "empty-content",
    "Fills content that is null, missing or empty where that is refused",
    ALL,
    request=with_content,
)
