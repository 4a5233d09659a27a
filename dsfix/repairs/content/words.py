"""Blocks as words: what a block of an unknown kind says, for a model that cannot read the block.

The same block gives the same words wherever it stands, so the prompt stays what it was.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from typing import Any
from urllib.parse import unquote

from dsfix.protocol import spans

_DATA = re.compile(r"(?:data:[^,\s]*,)?[A-Za-z0-9+/=_\-\s]*")
_BASE64 = re.compile(r"[A-Za-z0-9+/=_\-\r\n]*")
_TEXTUAL = ("text/", "application/json")
_LONG = 256  # characters; shorter than that data does no harm, and may be words
# What a block says of itself, in this order and without its names; then all else but what only
# a program can use.
_SAID = ("title", "name", "tool_name", "filename", "source", "url", "text", "refusal")
_HELD = ("content", "output", "input")
_DEEP = "[content: nested too deep to be put into words]"
_UNSAID = frozenset({"type", "id", "tool_use_id", "call_id", "cache_control", "encrypted_content"})


def words_of(block: Any) -> str:
    """What a block of any kind says, behind its kind in brackets."""
    try:
        return _words_of(block)
    except RecursionError:  # nobody writes so; the rest of the conversation shall be read
        return _DEEP


def _words_of(block: Any) -> str:
    if not isinstance(block, dict):
        return _plain(block)
    kind = str(block.get("type") or "content")
    if kind in _SPECIAL:
        return _SPECIAL[kind](block)
    there = {name: each for name, each in block.items() if each not in (None, "", [], {})}
    said = [_plain(there[name]) for name in (*_SAID, *_HELD) if name in there]
    more = sorted(there.keys() - {*_SAID, *_HELD} - _UNSAID)
    return "\n".join([f"[{kind}]", *said, *(f"{name}: {_plain(there[name])}" for name in more)])


def worded(raw: bytes) -> bytes:
    """A value that is neither words nor parts, as words; the same object if it cannot be read."""
    value = spans.value(raw)
    return raw if value is None and raw != b"null" else spans.encode(words_of(value))


def image_words(block: Any, why: str) -> str:
    """What stands in for an image that is not sent."""
    return f"[image: {_image(block)}, {why}]"


def _plain(value: Any) -> str:
    if isinstance(value, str):
        return _size(value) if _is_data(value) else value
    if isinstance(value, list):
        return "\n".join(map(_words_of, value))
    if isinstance(value, dict) and "type" in value:
        return _words_of(value)
    return json.dumps(_short(value) if isinstance(value, dict) else value, ensure_ascii=False)


def _short(value: Any) -> Any:
    """A value with its long data told by size."""
    if isinstance(value, dict):
        return {key: _short(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_short(each) for each in value]
    return _plain(value) if isinstance(value, str) else value


def _is_data(value: str) -> bool:
    """Whether a string is nobody's words: long, of base64's letters, and without a blank."""
    return len(value) > _LONG and " " not in value and bool(_DATA.fullmatch(value))


def _size(data: str) -> str:
    """The size of data that is written in base64."""
    size = len(data.partition(",")[2] or data) * 3 // 4
    return f"{size // 1000} kB" if size >= 1000 else f"{size} bytes"


def _document(block: dict[str, Any]) -> str:
    source = _member(block, "source")
    title = str(block.get("title") or source.get("filename") or "untitled")
    if source.get("type") == "text":
        return f"[document: {title}]\n{source.get('data') or ''}"
    if source.get("type") == "content":
        return f"[document: {title}]\n{_plain(source.get('content') or '')}"
    kind = source.get("media_type") or source.get("type") or "unknown kind"
    where = source.get("url") or source.get("file_id") or _size(str(source.get("data") or ""))
    return f"[document: {title}, {kind}, {where}, not sent: this upstream reads no documents]"


def _file(block: dict[str, Any]) -> str:
    held = _member(block, "file") or block
    name = held.get("filename") or held.get("file_id") or held.get("file_url") or "untitled"
    data = held.get("file_data")
    if not isinstance(data, str) or not data:
        return f"[file: {name}, not sent]"
    words = _file_words(data)
    return (
        f"[file: {name}, {_size(data)}, not sent]" if words is None else f"[file: {name}]\n{words}"
    )


def _file_words(data: str) -> str | None:
    """The words of a file that is text, given as they are or as a data URL; None for any other."""
    head, comma, body = data.partition(",")
    if not data.startswith("data:"):
        return None if _BASE64.fullmatch(data) else data
    if not comma or not head[5:].startswith(_TEXTUAL):
        return None
    try:
        return b64decode(body).decode() if head.endswith(";base64") else unquote(body)
    except ValueError:
        return None


def _text(block: dict[str, Any]) -> str:
    return _words(block.get("text"))


def _thought(block: dict[str, Any]) -> str:
    return _words(block.get("thinking") or block.get("text"))


def _words(value: Any) -> str:
    """Words as they are, and whatever else stands in their place as words."""
    return value if isinstance(value, str) else "" if value is None else _plain(value)


def _media(block: dict[str, Any]) -> str:
    return image_words(block, "not sent")


def _image(block: Any) -> str:
    """Kind and size of an image in any dialect."""
    block = block if isinstance(block, dict) else {}
    source = _member(block, "source")
    url = _member(block, "image_url").get("url") or block.get("image_url") or source.get("url")
    if isinstance(url, str) and url.startswith("data:"):
        return f"{url[5:].partition(',')[0].partition(';')[0]}, {_size(url)}"
    where = url or block.get("file_id") or source.get("file_id")
    if isinstance(where, str):
        return where
    return f"{source.get('media_type') or 'unknown kind'}, {_size(str(source.get('data') or ''))}"


def _member(block: dict[str, Any], name: str) -> dict[str, Any]:
    value = block.get(name)
    return value if isinstance(value, dict) else {}


_SPECIAL = {
    "document": _document,
    "file": _file,
    "input_file": _file,
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
