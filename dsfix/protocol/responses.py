"""The Responses dialect (OpenAI): how items make up turns, and how a turn gets its reasoning.

A request's `input` is a flat list. Reasoning, text and calls that stand beside each other are
one assistant turn, in that order; a turn ends where a call's output or another's message begins
(https://github.com/deepseek-ai/deepseek-recipe, 2026-09). Only plain `reasoning_text` counts:
neither a summary nor encrypted content is read (https://api-docs.deepseek.com/guides/responses_api,
2026-08-27; maximhq/bifrost#7320).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from dsfix.protocol import spans
from dsfix.protocol.turns import Look, Reasoning, Turn

CALLS = frozenset({"function_call", "custom_tool_call"})
# A tool with which an agent finds more tools, whose calls have no name. The upstream ignores them.
TOOL_SEARCH = "tool_search"
_NAMELESS = {f"{TOOL_SEARCH}_call": TOOL_SEARCH}


class _Part(msgspec.Struct):
    type: str | None = None
    text: str | None = None
    encrypted_content: str | None = None  # an agent's words for another, which are plain


class _Item(msgspec.Struct):
    type: str | None = None
    role: str | None = None
    content: str | list[_Part] | None = None
    call_id: str | None = None
    name: str | None = None


class _Head(msgspec.Struct):
    type: str | None = None
    role: str | None = None


class _Reasoning(msgspec.Struct, tag_field="type", tag="reasoning"):
    pass


class _Message(msgspec.Struct, tag_field="type", tag="message"):
    pass


class _Call(msgspec.Struct, tag_field="type", tag="function_call"):
    call_id: str
    name: str
    arguments: msgspec.Raw


class _Output(msgspec.Struct, tag_field="type", tag="function_call_output"):
    call_id: str
    output: msgspec.Raw  # nearly all of a history, and nobody needs it


# Agents write the type first: of what is no message, that tells all.
_BEGUN = b'{"type":"'
_KINDS = {
    _BEGUN + name + b'"': kind
    for name, kind in (
        (b"reasoning", "reasoning"),
        (b"function_call", "call"),
        (b"function_call_output", "output"),
    )
}
_usual = msgspec.json.Decoder(_Reasoning | _Message | _Call | _Output)
_item = msgspec.json.Decoder(_Item)
_head = msgspec.json.Decoder(_Head)


def kind(raw: bytes) -> str:
    """What an item is in a conversation, empty for one that the upstream ignores.

    `reasoning`, `text`, `call` and `step` (a tool that the server runs) are the assistant's,
    `output` answers a call; any other word is the role of a message. What another agent says is
    the user's.
    """
    known = _KINDS.get(raw[: raw.find(b'"', len(_BEGUN)) + 1])
    if known is not None:
        return known
    try:
        item = _head.decode(raw)
    except spans.Malformed:
        return ""
    name = item.type or "message"
    if name == "message":
        return "text" if item.role == "assistant" else item.role or ""
    if name == "agent_message":
        return "user"
    if name in CALLS or name in _NAMELESS:
        return "call"
    if name.endswith("_output"):
        return "output"
    return "reasoning" if name == "reasoning" else "step" if name.endswith("_call") else ""


def look(raw: bytes, role: str) -> Look:
    """What one look at an item of this role tells, and the turn where it is all of it."""
    try:
        item = _usual.decode(raw) if role in ("assistant", "tool") else None
    except spans.Malformed:
        item = None
    if isinstance(item, _Output) and spans.is_text(item.output):
        return Look(raw, role, True, None, (item.call_id,))
    if isinstance(item, _Call) and spans.is_text(item.arguments):
        return Look(raw, role, True, Turn((item.call_id,), (item.name,)))
    return Look(raw, role)


def spans_of(kinds: Sequence[str]) -> list[tuple[int, int]]:
    """Where each assistant turn starts and ends among items of these kinds.

    Reasoning after text or calls belongs to the next turn, and so does text after calls. What
    the upstream ignores does not part what stands around it.
    """
    found: list[tuple[int, int]] = []
    start, seen = -1, ""
    for index, each in enumerate(kinds):
        if each in ("reasoning", "text", "call", "step"):
            over = (each == "reasoning" and seen) or (each == "text" and seen == "call")
            if start >= 0 and over:
                found.append((start, index))
                start = -1
            if start < 0:
                start, seen = index, ""
            seen = each if each in ("text", "call") else seen
        elif each and start >= 0:
            found.append((start, index))
            start = -1
    if start >= 0:
        found.append((start, len(kinds)))
    return found


def turn(items: Sequence[bytes]) -> Turn | None:
    """The assistant's turn in these items; None when one of them is of no known shape."""
    read = _read(items)
    if read is None:
        return None
    calls = [item for item in read if item.type in CALLS or item.type in _NAMELESS]
    thoughts = [text for item in read if item.type == "reasoning" and (text := _thought(item))]
    return Turn(
        calls=tuple([item.call_id or "" for item in calls]),
        names=tuple([item.name or _NAMELESS.get(item.type or "", "") for item in calls]),
        texts=tuple([text for item in read if _says(item) for text in _texts(item)]),
        reasoning=Reasoning(tuple([(text, "") for text in thoughts])) if thoughts else None,
        sound=bool(thoughts) and read[0].type == "reasoning",
    )


def with_reasoning(
    items: Sequence[bytes], reasoning: Reasoning, texts: tuple[str, ...] | None = None
) -> tuple[bytes, ...]:
    """The turn's items with exactly this reasoning before them; all others as they were.

    `texts` replaces the visible texts, where leaked reasoning is taken out of them.
    """
    rest = [raw for raw in items if kind(raw) != "reasoning"]
    if texts is not None:
        rest = list(_retexted(rest, texts))
    return (*map(reasoning_item, (text for text, _ in reasoning.blocks)), *rest)


def reasoning_item(text: str) -> bytes:
    """A reasoning item that says just this."""
    content = [{"type": "reasoning_text", "text": text}]
    return spans.encode({"type": "reasoning", "summary": [], "content": content})


def user_key(raw: bytes) -> tuple[list[str], str]:
    """What a user's message or an output says of itself: the id it answers, or its own text."""
    read = _read([raw])
    if read is None:
        return [], ""
    item = read[0]
    if kind(raw) == "output":
        return [item.call_id or ""], ""
    return [], "\n".join(_texts(item))


def _read(items: Iterable[bytes]) -> list[_Item] | None:
    try:
        return [_item.decode(raw) for raw in items]
    except spans.Malformed:
        return None


def _says(item: _Item) -> bool:
    return (item.type or "message") == "message"


def _texts(item: _Item) -> tuple[str, ...]:
    if isinstance(item.content, str):
        return (item.content,)
    said = [
        part.encrypted_content if part.text is None else part.text for part in item.content or []
    ]
    return tuple([text for text in said if text is not None])


def _thought(item: _Item) -> str:
    """The plain text of a reasoning item, empty when it is blank."""
    text = "\n".join(_texts(item))
    return text if text.strip() else ""


def _retexted(items: Sequence[bytes], texts: tuple[str, ...]) -> Iterable[bytes]:
    """The items with their texts replaced by these; a message that is left with none goes."""
    read = _read(items) or []
    given = [len(_texts(item)) if _says(item) else 0 for item in read]
    drop, left = sum(given) - len(texts), list(texts)
    for raw, item, count in zip(items, read, given, strict=False):
        gone = min(drop, count)
        drop -= gone
        own, left = left[: count - gone], left[count - gone :]
        message = spans.members(raw)
        if not count or message is None:
            yield raw
        elif own and isinstance(item.content, str):
            yield spans.build_object({**message, "content": spans.encode("".join(own))})
        elif own:
            parts = [spans.encode({"type": "output_text", "text": text}) for text in own]
            yield spans.build_object({**message, "content": spans.build_array(parts)})
