"""Blocks as words: what a block of an unknown kind says, for a model that cannot read the block.

The same block gives the same words wherever it stands, so the prompt stays what it was.
"""

from __future__ import annotations

import json
from typing import Any

_LONG = 256  # characters of a string without spaces that can only be data
_HELD = ("text", "title", "name", "tool_name", "source", "url", "filename", "refusal", "context")


def words_of(block: Any) -> str:
    """What a block of any kind says, behind its kind in brackets."""
    if not isinstance(block, dict):
        return _plain(block)
    kind = str(block.get("type") or "content")
    if kind in _SPECIAL:
        return _SPECIAL[kind](block)
    said = [_plain(block[name]) for name in _HELD if block.get(name)]
    inner = block.get("content", block.get("output", block.get("input")))
    if inner not in (None, "", [], {}):
        said.append(_plain(inner))
    return "\n".join([f"[{kind}]", *said])


def image_words(block: Any, why: str) -> str:
    """What stands in for an image that is not sent."""
    return f"[image: {_image(block)}, {why}]"


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return _bytes(value) if len(value) > _LONG and " " not in value else value
    if isinstance(value, list):
        return "\n".join(map(words_of, value))
    if isinstance(value, dict):
        return words_of(value) if "type" in value else json.dumps(_short(value), ensure_ascii=False)
    return json.dumps(value)


def _short(value: Any) -> Any:
    """A value with its long data told by size."""
    if isinstance(value, dict):
        return {key: _short(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_short(each) for each in value]
    return _plain(value) if isinstance(value, str) else value


def _bytes(data: str) -> str:
    """The size of data that is written in base64."""
    size = len(data) * 3 // 4
    return f"{size // 1000} kB" if size >= 1000 else f"{size} bytes"


def _document(block: dict[str, Any]) -> str:
    source = block.get("source") if isinstance(block.get("source"), dict) else {}
    assert isinstance(source, dict)
    title = str(block.get("title") or source.get("filename") or "untitled")
    if source.get("type") == "text":
        return f"[document: {title}]\n{_plain(source.get('data') or '')}"
    if source.get("type") == "content":
        return f"[document: {title}]\n{_plain(source.get('content') or [])}"
    kind = str(source.get("media_type") or source.get("type") or "unknown kind")
    where = source.get("url") or source.get("file_id")
    size = f", {where}" if where else f", {_bytes(str(source.get('data') or ''))}"
    return f"[document: {title}, {kind}{size}, not sent: this upstream reads no documents]"


def _text(block: dict[str, Any]) -> str:
    return _plain(block.get("text") or "")


def _thought(block: dict[str, Any]) -> str:
    return _plain(block.get("thinking") or block.get("text") or "")


def _media(block: dict[str, Any]) -> str:
    return image_words(block, "not sent")


def _image(block: Any) -> str:
    """Kind and size of an image in any dialect."""
    block = block if isinstance(block, dict) else {}
    source = block.get("source") if isinstance(block.get("source"), dict) else {}
    assert isinstance(source, dict)
    url = block.get("image_url")
    url = url.get("url") if isinstance(url, dict) else url
    url = str(url or source.get("url") or "")
    if url.startswith("data:"):
        kind, _, data = url[5:].partition(",")
        return f"{kind.partition(';')[0]}, {_bytes(data)}"
    if url or block.get("file_id") or source.get("file_id"):
        return url or str(block.get("file_id") or source.get("file_id"))
    return f"{source.get('media_type') or 'unknown kind'}, {_bytes(str(source.get('data') or ''))}"


_SPECIAL = {
    "document": _document,
    "text": _text,
    "input_text": _text,
    "output_text": _text,
    "summary_text": _text,
    "reasoning_text": _text,
    "thinking": _thought,
    "image": _media,
    "image_url": _media,
    "input_image": _media,
}
