"""Blocks of Messages. Read: text, image, thinking, tool_use, tool_result and the server's search.

https://api-docs.deepseek.com/guides/anthropic_api (2026-08-27) lists the others as not supported;
in assistant messages an image is refused, in user messages what only an assistant says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dsfix.protocol import spans
from dsfix.repairs.content.words import image_words, words_of

_SEARCH = frozenset({"server_tool_use", "web_search_tool_result"})
READ: Mapping[str, frozenset[str]] = {
    "user": frozenset({"text", "image", "tool_result"}),
    "assistant": frozenset({"text", "thinking", "redacted_thinking", "tool_use"} | _SEARCH),
    "system": frozenset({"text"}),
}
_RESULT = frozenset({"text", "image"})


def mended(raw: bytes, role: str, image: str, redacted: bool) -> bytes:
    """The message with blocks that are read; `image` is why an image is not sent, if it is not.

    `redacted` keeps the blocks of `redacted_thinking`, which are dealt with where reasoning is.
    """
    message = spans.members(raw)
    content = message.get("content") if message else None
    if message is None or content is None or content[:1] == b'"' or content == b"null":
        return raw
    blocks = spans.items(content)
    if blocks is None:
        text = spans.encode(words_of(spans.value(content)))
        return spans.build_object({**message, "content": text})
    known = READ[role] if redacted else READ[role] - {"redacted_thinking"}

    def one(block: bytes) -> bytes | None:
        return _block(block, known, image)

    new = _each(blocks, one)
    if new is None:
        return raw
    return spans.build_object({**message, "content": spans.build_array(new)})


def _each(blocks: list[bytes], one: Callable[[bytes], bytes | None]) -> list[bytes] | None:
    """The blocks, each mended, those without anything to say left out; None if none changed."""
    new = [one(block) for block in blocks]
    if all(after is before for after, before in zip(new, blocks, strict=True)):
        return None
    return [block for block in new if block is not None]


def _block(raw: bytes, known: frozenset[str], image: str) -> bytes | None:
    block = spans.value(raw)
    kind = block.get("type") if isinstance(block, dict) else None
    if kind == "redacted_thinking" and kind not in known:
        return None
    if kind == "thinking" and kind in known and not isinstance(block.get("thinking"), str):
        return None  # "missing field `thinking`"
    if kind == "image" and kind in known and image:
        return _said(block, image_words(block, image))
    if kind not in known:
        return _said(block, words_of(block))
    if kind == "text" and not isinstance(block.get("text"), str):
        return _said(block, words_of(block))
    if kind == "tool_result" and isinstance(block.get("content"), list | dict):
        return _result(raw, image)
    return raw


def _result(raw: bytes, image: str) -> bytes:
    """A tool's result with nothing but text and images in it."""
    block = spans.members(raw)
    content = block.get("content") if block else None
    if block is None or content is None:
        return raw
    parts = spans.items(content)
    if parts is None:
        text = spans.encode(words_of(spans.value(content)))
        return spans.build_object({**block, "content": text})
    new = _each(parts, lambda part: _block(part, _RESULT, image))
    return raw if new is None else spans.build_object({**block, "content": spans.build_array(new)})


def _said(block: Any, text: str) -> bytes:
    """A text block in a block's place, which keeps its cache marker."""
    marker = block.get("cache_control") if isinstance(block, dict) else None
    said: dict[str, Any] = {"type": "text", "text": text}
    return spans.encode({**said, "cache_control": marker} if marker else said)
