"""Blocks of Messages. Read: text, image, thinking, tool_use, tool_result and the server's search.

https://api-docs.deepseek.com/guides/anthropic_api (2026-08-27) lists the others as not supported;
in assistant messages an image is refused, in user messages what only an assistant says. A document
that was given to the upstream's own Files API is read by the model that sees
(https://api-docs.deepseek.com/guides/document_parsing). What its own tools answered goes back
unchanged, whatever it is (https://api-docs.deepseek.com/guides/build_a_chatbot, 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from dsfix.protocol import spans
from dsfix.protocol.history import role_of
from dsfix.repairs.content.words import image_words, worded, words_of

_SEARCH = frozenset({"server_tool_use", "web_search_tool_result"})
_READ: Mapping[str, frozenset[str]] = {
    "user": frozenset({"text", "image", "tool_result"}),
    "assistant": frozenset({"text", "thinking", "redacted_thinking", "tool_use"} | _SEARCH),
    "system": frozenset({"text"}),
}
_RESULT = frozenset({"text", "image"})


class _Text(msgspec.Struct, tag_field="type", tag="text"):
    text: str


class _Image(msgspec.Struct, tag_field="type", tag="image"):
    pass


class _Uploaded(msgspec.Struct, tag_field="type", tag="file"):
    pass


class _Document(msgspec.Struct, tag_field="type", tag="document"):
    source: _Uploaded


class _Thinking(msgspec.Struct, tag_field="type", tag="thinking"):
    thinking: str


class _AnyThinking(msgspec.Struct, tag_field="type", tag="thinking"):
    pass


class _Redacted(msgspec.Struct, tag_field="type", tag="redacted_thinking"):
    pass


class _Use(msgspec.Struct, tag_field="type", tag="tool_use"):
    pass


class _Search(msgspec.Struct, tag_field="type", tag="server_tool_use"):
    pass


class _Found(msgspec.Struct, tag_field="type", tag="web_search_tool_result"):
    pass


class _Result(msgspec.Struct, tag_field="type", tag="tool_result"):
    content: str | list[_Text] | None = None


class _SeenResult(msgspec.Struct, tag_field="type", tag="tool_result"):
    content: str | list[_Text | _Image] | None = None


class _System(msgspec.Struct):
    content: str | list[_Text] | None = None


class _User(msgspec.Struct):
    content: str | list[_Text | _Result] | None = None


class _Seen(msgspec.Struct):
    content: str | list[_Text | _Image | _Document | _SeenResult] | None = None


class _Assistant(msgspec.Struct):
    content: str | list[_Text | _Thinking | _Use | _Search | _Found] | None = None


class _Replayed(msgspec.Struct):
    content: str | list[_Text | _AnyThinking | _Redacted | _Use | _Search | _Found] | None = None


# What needs no look: by role, and whether images are sent, or reasoning is seen to elsewhere.
_CLEAN: Mapping[tuple[str, bool], msgspec.json.Decoder[Any]] = {
    ("system", False): msgspec.json.Decoder(_System),
    ("user", False): msgspec.json.Decoder(_User),
    ("user", True): msgspec.json.Decoder(_Seen),
    ("assistant", False): msgspec.json.Decoder(_Assistant),
    ("assistant", True): msgspec.json.Decoder(_Replayed),
}


def mended(raw: bytes, image: str, replayed: bool, own: tuple[str, ...] = ()) -> bytes:
    """The message with blocks that are read; `image` is why an image is not sent, if it is not.

    Reasoning that is `replayed` is dealt with there. `own` is how the names of the upstream's tools
    begin.
    """
    role = role_of(raw)
    if role not in _READ or _is_clean(raw, role, image, replayed):
        return raw
    message = spans.members(raw)
    content = message.get("content") if message else None
    if message is None or content is None:
        return raw
    blocks = spans.items(content)
    if blocks is None:
        text = worded(content)
        return raw if text is content else spans.build_object({**message, "content": text})
    its = _its(blocks, own) if role == "assistant" else ()
    new = _each(
        blocks, lambda block: block if block in its else _block(block, _READ[role], image, replayed)
    )
    return raw if new is None else spans.build_object({**message, "content": new})


def _its(blocks: list[bytes], own: tuple[str, ...]) -> frozenset[bytes]:
    """Those of the upstream's own tools, by their type or by the call that they answer."""
    read = [(raw, block) for raw in blocks if isinstance(block := spans.value(raw), dict)]
    calls = [
        block.get("id")
        for _, block in read
        if block.get("type") == "server_tool_use" and str(block.get("name")).startswith(own)
    ]
    return frozenset(
        raw
        for raw, block in read
        if str(block.get("type")).startswith(own)
        or ("tool_use_id" in block and block["tool_use_id"] in calls)
    )


def _is_clean(raw: bytes, role: str, image: str, replayed: bool) -> bool:
    other = {"user": not image, "assistant": replayed}.get(role, False)
    try:
        _CLEAN[role, other].decode(raw)
    except spans.Malformed:
        return False
    return True


def _each(blocks: list[bytes], one: Callable[[bytes], bytes | None]) -> bytes | None:
    """The blocks, each mended, those without anything to say left out; None if none changed."""
    new = [one(block) for block in blocks]
    if all(after is before for after, before in zip(new, blocks, strict=True)):
        return None
    return spans.build_array(block for block in new if block is not None)


def _block(raw: bytes, known: frozenset[str], image: str, replayed: bool) -> bytes | None:
    block = spans.value(raw)
    if block is None and raw != b"null":
        return raw  # no valid UTF-8
    kind = str(block.get("type")) if isinstance(block, dict) else ""
    if kind in ("thinking", "redacted_thinking") and kind in known:
        whole = kind == "thinking" and isinstance(block.get("thinking"), str)
        return raw if replayed or whole else None  # "missing field `thinking`"
    if kind == "image" and kind in known and image:
        return _said(block, image_words(block, image))
    if kind == "document" and "tool_result" in known and not image and _is_uploaded(block):
        return raw
    if kind not in known or (kind == "text" and not isinstance(block.get("text"), str)):
        return _said(block, words_of(block))
    return _result(raw, image) if kind == "tool_result" else raw


def _is_uploaded(document: Mapping[str, Any]) -> bool:
    source = document.get("source")
    return isinstance(source, dict) and source.get("type") == "file"


def _result(raw: bytes, image: str) -> bytes:
    """A tool's result with nothing but text and images in it."""
    block = spans.members(raw)
    content = block.get("content", b"null") if block else b"null"
    if block is None or content == b"null" or content[:1] == b'"':
        return raw
    parts = spans.items(content)
    if parts is None:
        text = worded(content)
        return raw if text is content else spans.build_object({**block, "content": text})
    new = _each(parts, lambda part: _block(part, _RESULT, image, False))
    return raw if new is None else spans.build_object({**block, "content": new})


def _said(block: Any, text: str) -> bytes:
    """A text block in a block's place, which keeps its cache marker."""
    marker = block.get("cache_control") if isinstance(block, dict) else None
    said: dict[str, Any] = {"type": "text", "text": text}
    return spans.encode({**said, "cache_control": marker} if marker else said)
