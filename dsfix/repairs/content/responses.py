"""Items of Responses: texts, images and files in messages and outputs, and the server's searches.

"Unsupported content block" (https://github.com/deepseek-ai/deepseek-recipe, 2026-09); a search
that is passed back needs its `queries` ("missing field `queries`", lidge-jun/opencodex#930). Files
are for the model that sees (https://api-docs.deepseek.com/guides/files_api).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from dsfix.protocol import spans
from dsfix.protocol.responses import kind as kind_of
from dsfix.repairs.content.words import image_words, worded, words_of

_MEDIA = frozenset({"input_image", "input_file"})
_TEXTS = frozenset({"input_text", "output_text"})
_OWN = {"text": "output_text", "reasoning": "reasoning_text"}
_SEES = ("user", "output")  # the roles whose images and files are read


class _In(msgspec.Struct, tag_field="type", tag="input_text"):
    text: str


class _Out(msgspec.Struct, tag_field="type", tag="output_text"):
    text: str


class _Image(msgspec.Struct, tag_field="type", tag="input_image"):
    pass


class _File(msgspec.Struct, tag_field="type", tag="input_file"):
    pass


class _Thought(msgspec.Struct):
    text: str


class _Reasoning(msgspec.Struct):
    content: list[_Thought] | None = None


class _Words(msgspec.Struct):
    content: str | list[_In | _Out] | None = None


class _Seen(msgspec.Struct):
    content: str | list[_In | _Out | _Image | _File] | None = None


class _Output(msgspec.Struct):
    output: str | list[_In] | None = None


class _SeenOutput(msgspec.Struct):
    output: str | list[_In | _Image | _File] | None = None


_clean_words = msgspec.json.Decoder(_Words)
_clean_reasoning = msgspec.json.Decoder(_Reasoning)
# What needs no look: by role, and whether images are sent. All others say words.
_CLEAN: Mapping[tuple[str, bool], msgspec.json.Decoder[Any]] = {
    ("reasoning", False): _clean_reasoning,
    ("reasoning", True): _clean_reasoning,
    ("user", True): msgspec.json.Decoder(_Seen),
    ("output", False): msgspec.json.Decoder(_Output),
    ("output", True): msgspec.json.Decoder(_SeenOutput),
}


def mended(raw: bytes, image: str) -> bytes:
    """The item with parts that are read; `image` is why an image is not sent, if it is not."""
    kind = kind_of(raw)
    if kind in ("", "call"):
        return raw
    if kind == "step":
        return _search(raw)
    if _is_clean(raw, kind, image):
        return raw
    item = spans.members(raw)
    name = "output" if kind == "output" else "content"
    content = item.get(name) if item else None
    if item is None or content is None:
        return raw
    parts = spans.items(content)
    if parts is None and kind == "reasoning":
        parts = [content]
    if parts is None:
        text = worded(content)
        return raw if text is content else spans.build_object({**item, name: text})
    new = [_part(part, kind, image) for part in parts]
    if all(after is before for after, before in zip(new, parts, strict=True)):
        return raw
    return spans.build_object({**item, name: spans.build_array(new)})


def _is_clean(raw: bytes, kind: str, image: str) -> bool:
    try:
        _CLEAN.get((kind, not image), _clean_words).decode(raw)
    except spans.Malformed:
        return False
    return True


def _part(raw: bytes, role: str, image: str) -> bytes:
    part = spans.value(raw)
    if part is None and raw != b"null":
        return raw  # no valid UTF-8
    kind = str(part.get("type")) if isinstance(part, dict) else ""
    own = _OWN.get(role, "input_text")
    if role == "reasoning":
        text = words_of(part)
    elif kind in _MEDIA and role in _SEES and not image:
        return raw
    elif kind == "input_image":
        text = image_words(part, image or "not sent")
    elif kind in _TEXTS and isinstance(part.get("text"), str):
        if role != "output" or kind == "input_text":
            return raw
        text = part["text"]
    else:
        text = words_of(part)
    return spans.encode({"type": own, "text": text})


def _search(raw: bytes) -> bytes:
    item = spans.members(raw) or {}
    action = spans.members(item.get("action", b"null"))
    if not action or spans.value(action.get("type")) != "search" or "queries" in action:
        return raw
    query = spans.value(action.get("query"))
    queries = spans.encode([query] if isinstance(query, str) else [])
    return spans.build_object(
        {**item, "action": spans.build_object({**action, "queries": queries})}
    )
