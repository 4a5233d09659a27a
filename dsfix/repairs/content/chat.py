"""Parts of Chat Completions. Read: text, image_url and file, where a message has parts at all.

"unknown variant `image_url`, expected `text`" (Gitlawb/openclaude#1071, before vision); "unknown
variant `thinking`, expected `text`" (OpenCoworkAI/open-cowork#231): an assistant's reasoning as a
part is put where reasoning belongs.
"""

from __future__ import annotations

from typing import Any

from dsfix.protocol import spans
from dsfix.repairs.content.words import image_words, words_of

READ = frozenset({"text", "image_url", "file"})
_THOUGHT = frozenset({"thinking", "reasoning", "redacted_thinking"})


def mended(raw: bytes, role: str, image: str) -> bytes:
    """The message with parts that are read; `image` is why an image is not sent, if it is not."""
    message = spans.members(raw)
    content = message.get("content") if message else None
    if message is None or content is None or content[:1] == b'"' or content == b"null":
        return raw
    parts = spans.items(content)
    if parts is None:
        text = spans.encode(words_of(spans.value(content)))
        return spans.build_object({**message, "content": text})
    thoughts: list[str] = []
    new = [_part(part, role, image, thoughts) for part in parts]
    if all(after is before for after, before in zip(new, parts, strict=True)):
        return raw
    kept = [part for part in new if part is not None]
    result = {**message, "content": spans.build_array(kept) if kept else b'""'}
    given = spans.value(message.get("reasoning_content"))
    if thoughts and not (isinstance(given, str) and given.strip()):
        result["reasoning_content"] = spans.encode("".join(thoughts))
    return spans.build_object(result)


def _part(raw: bytes, role: str, image: str, thoughts: list[str]) -> bytes | None:
    part = spans.value(raw)
    kind = part.get("type") if isinstance(part, dict) else None
    if kind in _THOUGHT and role == "assistant":
        if kind != "redacted_thinking":
            thoughts.append(words_of({**part, "type": "thinking"}))
        return None
    if kind == "image" and not image and (url := _url(part)):
        return spans.encode({"type": "image_url", "image_url": {"url": url}})
    if kind in ("image_url", "image") and image:
        return _said(image_words(part, image))
    if kind not in READ or (kind == "text" and not isinstance(part.get("text"), str)):
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
