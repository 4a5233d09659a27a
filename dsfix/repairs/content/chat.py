"""Parts of Chat Completions. Read: text, image_url and file, where a message has parts at all.

"unknown variant `image_url`, expected `text`" (Gitlawb/openclaude#1071, before vision); "unknown
variant `thinking`, expected `text`" (OpenCoworkAI/open-cowork#231): an assistant's reasoning as a
part is put where reasoning belongs. Files are for the model that sees
(https://api-docs.deepseek.com/guides/files_api).
"""

from __future__ import annotations

from typing import Any

import msgspec

from dsfix.protocol import spans
from dsfix.protocol.history import role_of
from dsfix.repairs.content.words import image_words, worded, words_of

_READ = frozenset({"text", "image_url", "file"})
_THOUGHT = frozenset({"thinking", "reasoning", "redacted_thinking"})


class _Text(msgspec.Struct, tag_field="type", tag="text"):
    text: str


class _Image(msgspec.Struct, tag_field="type", tag="image_url"):
    pass


class _File(msgspec.Struct, tag_field="type", tag="file"):
    pass


class _Words(msgspec.Struct):
    content: str | list[_Text] | None = None


class _Seen(msgspec.Struct):
    content: str | list[_Text | _Image | _File] | None = None


_clean_words = msgspec.json.Decoder(_Words)
_clean_seen = msgspec.json.Decoder(_Seen)


def mended(raw: bytes, image: str, own: tuple[str, ...] = ()) -> bytes:
    """The message with parts that are read; `image` is why an image is not sent, if it is not.

    `own` is how the types of what the upstream's own tools answered begin: it goes back unchanged.
    """
    if _is_clean(raw, image):
        return raw
    message = spans.members(raw)
    content = message.get("content") if message else None
    if message is None or content is None:
        return raw
    parts = spans.items(content)
    if parts is None:
        text = worded(content)
        return raw if text is content else spans.build_object({**message, "content": text})
    thoughts: list[str] = []
    role = role_of(raw)
    new = [_part(part, role, image, own, thoughts) for part in parts]
    if all(after is before for after, before in zip(new, parts, strict=True)):
        return raw
    kept = [part for part in new if part is not None]
    result = {**message, "content": spans.build_array(kept) if kept else b'""'}
    given = spans.value(message.get("reasoning_content"))
    if thoughts and not (isinstance(given, str) and given.strip()):
        result["reasoning_content"] = spans.encode("".join(thoughts))
    return spans.build_object(result)


def _is_clean(raw: bytes, image: str) -> bool:
    try:
        (_clean_words if image else _clean_seen).decode(raw)
    except spans.Malformed:
        return False
    return True


def _part(
    raw: bytes, role: str, image: str, own: tuple[str, ...], thoughts: list[str]
) -> bytes | None:
    part = spans.value(raw)
    if part is None and raw != b"null":
        return raw  # no valid UTF-8
    kind = str(part.get("type")) if isinstance(part, dict) else ""
    if kind in _THOUGHT and role == "assistant":
        if kind != "redacted_thinking":
            thoughts.append(words_of({**part, "type": "thinking"}))
        return None
    if kind == "image" and not image and (url := _url(part)):
        return spans.encode({"type": "image_url", "image_url": {"url": url}})
    if kind in ("image_url", "image") and image:
        return _said(image_words(part, image))
    known = kind in _READ and not (kind == "file" and image)
    known = known or (role == "assistant" and kind.startswith(own))
    if not known or (kind == "text" and not isinstance(part.get("text"), str)):
        return _said(words_of(part))
    return raw


def _url(part: dict[str, Any]) -> str:
    """The address of an image in the other dialect's shape."""
    source = part.get("source")
    if not isinstance(source, dict):
        return ""
    if source.get("type") == "base64" and source.get("data"):
        return f"data:{source.get('media_type', 'image/png')};base64,{source['data']}"
    return str(source.get("url") or "")


def _said(text: str) -> bytes:
    return spans.encode({"type": "text", "text": text})
