"""Items of Responses: texts, images and files in messages and outputs, and the server's searches.

"Unsupported content block" (https://github.com/deepseek-ai/deepseek-recipe, 2026-09); a search
that is passed back needs its `queries` ("missing field `queries`", lidge-jun/opencodex#930).
"""

from __future__ import annotations

from dsfix.protocol import spans
from dsfix.repairs.content.words import image_words, words_of

_MEDIA = frozenset({"input_image", "input_file"})
_TEXTS = frozenset({"input_text", "output_text"})
_IMAGE_FREE = ("assistant", "system", "developer")


def mended(raw: bytes, kind: str, image: str) -> bytes:
    """The item with parts that are read; `image` is why an image is not sent, if it is not."""
    item = spans.members(raw)
    if item is None:
        return raw
    if kind == "step":
        return _search(raw, item)
    if kind == "reasoning":
        return raw
    name = "output" if kind == "output" else "content"
    content = item.get(name)
    if content is None or content[:1] == b'"' or content == b"null":
        return raw
    parts = spans.items(content)
    if parts is None:
        text = spans.encode(words_of(spans.value(content)))
        return spans.build_object({**item, name: text})
    role = "assistant" if kind == "text" else kind
    new = [_part(part, role, image) for part in parts]
    if all(after is before for after, before in zip(new, parts, strict=True)):
        return raw
    return spans.build_object({**item, name: spans.build_array(new)})


def _part(raw: bytes, role: str, image: str) -> bytes:
    part = spans.value(raw)
    kind = part.get("type") if isinstance(part, dict) else None
    own = "output_text" if role == "assistant" else "input_text"
    if kind == "input_image" and (image or role in _IMAGE_FREE):
        text = image_words(part, image or "not sent")
    elif kind in _MEDIA and role not in _IMAGE_FREE:
        return raw
    elif kind in _TEXTS and isinstance(part.get("text"), str):
        if role != "output" or kind == "input_text":
            return raw
        text = part["text"]
    else:
        text = words_of(part)
    return spans.encode({"type": own, "text": text})


def _search(raw: bytes, item: dict[str, bytes]) -> bytes:
    action = spans.members(item.get("action", b"null"))
    if not action or spans.value(action.get("type")) != "search" or "queries" in action:
        return raw
    query = spans.value(action.get("query"))
    queries = spans.encode([query] if isinstance(query, str) else [])
    return spans.build_object(
        {**item, "action": spans.build_object({**action, "queries": queries})}
    )
