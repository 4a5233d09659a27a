"""The Messages dialect (Anthropic): how a message is read and how reasoning is put into it.

Shapes: https://api-docs.deepseek.com/guides/anthropic_api (2026-08-27). DeepSeek wants thinking
first in the assistant's content, does not read `redacted_thinking`, and fails on a thinking
block without text ("missing field `thinking`", esengine/DeepSeek-Reasonix#8927, 2026-08-15).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

import msgspec

from dsfix.protocol import spans
from dsfix.protocol.turns import Look, Reasoning, Turn, digest

# Anthropic signs with some hundred base64 characters, DeepSeek with a UUID (36 characters:
# NousResearch/hermes-agent#21048), we with `dsfix-` and a digest.
FOREIGN_SIGNATURE = 100
OWN_SIGNATURE = "dsfix-"
# How agents write an assistant's message; then blocks can be put in without taking it apart.
_USUAL = b'{"role":"assistant","content":['
_FILLED = _USUAL + b"{"
_BEHIND = len(_USUAL)
_KIND = b"thinking"
_encode = msgspec.json.Encoder().encode


class _Members(msgspec.Struct, gc=False):
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    id: str | None = None
    name: str | None = None
    tool_use_id: str | None = None


class _Block(_Members):
    type: str = ""


class _Message(msgspec.Struct, gc=False):
    content: str | list[_Block] = ""


class _Text(_Members, tag_field="type", tag="text", kw_only=True):
    text: Annotated[str, msgspec.Meta(min_length=1)]
    name: None = None
    type: ClassVar[str] = "text"


class _Thinking(_Members, tag_field="type", tag="thinking", kw_only=True):
    thinking: str
    name: None = None
    type: ClassVar[str] = "thinking"


class _Use(_Members, tag_field="type", tag="tool_use", kw_only=True):
    id: str
    name: str
    input: msgspec.Raw
    type: ClassVar[str] = "tool_use"


class _Said(msgspec.Struct, tag_field="type", tag="thinking", gc=False):
    thinking: str
    signature: str


class _Word(msgspec.Struct, tag_field="type", tag="text"):
    text: str


class _Result(_Members, tag_field="type", tag="tool_result", kw_only=True):
    tool_use_id: str
    content: msgspec.Raw = msgspec.Raw(b"null")  # nearly all of a history, and nobody needs it
    type: ClassVar[str] = "tool_result"


class _PlainAnswer(msgspec.Struct, gc=False):
    content: str | Annotated[list[_Text | _Thinking | _Use], msgspec.Meta(min_length=1)]


class _PlainWords(msgspec.Struct, gc=False):
    content: str | Annotated[list[_Text | _Result], msgspec.Meta(min_length=1)]


_message = msgspec.json.Decoder(_Message)
_plain_answer = msgspec.json.Decoder(_PlainAnswer)
_plain_words = msgspec.json.Decoder(_PlainWords)
_given = msgspec.json.Decoder(str | list[_Word] | None)


def sign(text: str) -> str:
    """A non-empty signature of our own for a thinking text: OpenCode drops unsigned blocks."""
    return OWN_SIGNATURE + digest("signature", text)


def is_foreign(reasoning: Reasoning) -> bool:
    """Whether a signature looks like another vendor's; some relays sign at that length too."""
    return any(len(mark) >= FOREIGN_SIGNATURE for _, mark in reasoning.blocks)


def resigned(reasoning: Reasoning) -> Reasoning:
    """The reasoning with a signature of our own in place of each that looks like another's."""
    return Reasoning(
        tuple(
            (text, sign(text) if len(mark) >= FOREIGN_SIGNATURE else mark)
            for text, mark in reasoning.blocks
        )
    )


def look(raw: bytes, role: str) -> Look:
    """What one look at a message of this role tells."""
    try:
        if role == "assistant":
            return _look_at_answer(raw, _plain_answer.decode(raw).content)
        if role == "user":
            return _look_at_words(raw, _plain_words.decode(raw).content)
    except spans.Malformed:
        pass
    return Look(raw, role)


def _look_at_answer(raw: bytes, blocks: str | list[_Text | _Thinking | _Use]) -> Look:
    if len(blocks) == 1 and isinstance(one := blocks[0], _Use):  # as most are
        return Look(raw, "assistant", True, Turn((one.id,), (one.name,)))
    turn = _turn(blocks)
    others = len(blocks) - len(turn.calls)
    plain = not others or isinstance(blocks, str) or not _calls_in(blocks[:others])
    return Look(raw, "assistant", plain, turn)


def _calls_in(blocks: Sequence[_Text | _Thinking | _Use]) -> bool:
    return any([block.type == "tool_use" for block in blocks])


def _look_at_words(raw: bytes, blocks: str | list[_Text | _Result]) -> Look:
    if isinstance(blocks, str):
        return Look(raw, "user", True)
    if len(blocks) == 1 and isinstance(one := blocks[0], _Result):  # as most are
        return Look(raw, "user", True, None, (_id(one),))
    results: list[str] = []
    plain = True
    for place, block in enumerate(blocks):
        if isinstance(block, _Result):
            plain = plain and place == len(results)
            results.append(_id(block))
    return Look(raw, "user", plain, None, tuple(results))


def _id(result: _Result) -> str:
    """The call that it answers. Raises ValidationError where it is neither text nor texts."""
    content = result.content
    if not spans.is_text(content):
        _given.decode(content)
    return result.tool_use_id


def turn(raw: bytes) -> Turn | None:
    """The assistant's turn in this message; None when its content is of no known shape."""
    blocks = _blocks(raw)
    return None if blocks is None else _turn(blocks)


def _turn(blocks: str | Sequence[_Block | _Text | _Thinking | _Use]) -> Turn:
    if isinstance(blocks, str):
        return Turn(texts=(blocks,))
    calls: list[str] = []
    names: list[str] = []
    texts: list[str] = []
    said: list[tuple[str, str]] = []
    redacted = False
    for block in blocks:
        kind = block.type
        if kind == "tool_use":
            calls.append(block.id or "")
            names.append(block.name or "")
        elif kind == "text":
            texts.append(block.text or "")
        elif kind == "thinking":
            said.append((block.thinking or "", block.signature or ""))
        elif kind == "redacted_thinking":
            redacted = True
    if not said:
        return Turn(tuple(calls), tuple(names), tuple(texts))
    kept = tuple([each for each in said if each[0].strip()])
    whole = len(kept) == len(said) and all([mark for _, mark in kept])
    first = bool(kept) and blocks[0].type == "thinking"
    reasoning = Reasoning(kept) if kept else None
    sound = first and whole and not redacted
    return Turn(tuple(calls), tuple(names), tuple(texts), reasoning, sound)


def with_reasoning(raw: bytes, reasoning: Reasoning, texts: tuple[str, ...] | None = None) -> bytes:
    """The message with exactly this reasoning as its first blocks; all other bytes as they were.

    `texts` replaces the visible texts, where leaked reasoning is taken out of them.
    """
    blocks = reasoning.blocks
    if len(blocks) == 1 and texts is None and raw.startswith(_FILLED) and raw.find(_KIND) < 0:
        text, mark = blocks[0]  # as nearly always
        said = _encode(_Said(text, mark or sign(text)))
        return b"".join((_USUAL, said, b",", raw[_BEHIND:]))
    first = [_Said(text, mark or sign(text)) for text, mark in blocks]
    message = spans.members(raw)
    if message is None:
        return raw
    content = message.get("content", b'""')
    rest = spans.items(content)
    if rest is None:
        rest = [worded(content)] if content not in (b'""', b"null") else []
    kinds = [spans.value(block) for block in rest]
    kept = [
        block
        for block, kind in zip(rest, kinds, strict=True)
        if not (isinstance(kind, dict) and kind.get("type") in ("thinking", "redacted_thinking"))
    ]
    if texts is not None:
        kept = _retexted(kept, texts)
    return spans.build_object(
        {**message, "content": spans.build_array([*map(spans.encode, first), *kept])}
    )


def worded(content: bytes) -> bytes:
    """The block that stands for a message's content where that is a raw text."""
    return b'{"type":"text","text":' + content + b"}"


def user_key(raw: bytes) -> tuple[list[str], str]:
    """What a user's message says of itself: the ids of its tool results, and its text."""
    blocks = _blocks(raw)
    if blocks is None:
        return [], ""
    if isinstance(blocks, str):
        return [], blocks
    results = [block.tool_use_id or "" for block in blocks if block.type == "tool_result"]
    return results, "\n".join(block.text or "" for block in blocks if block.type == "text")


def _blocks(raw: bytes) -> str | list[_Block] | None:
    try:
        return _message.decode(raw).content
    except spans.Malformed:
        return None


def _retexted(blocks: list[bytes], texts: tuple[str, ...]) -> list[bytes]:
    """The blocks with their text blocks replaced by these texts, the first ones dropped."""
    is_text = [
        isinstance(kind := spans.value(block), dict) and kind.get("type") == "text"
        for block in blocks
    ]
    drop = sum(is_text) - len(texts)
    out, seen = [], 0
    for block, text in zip(blocks, is_text, strict=True):
        if not text:
            out.append(block)
            continue
        seen += 1
        if seen > drop:
            message = spans.members(block) or {}
            new = spans.encode(texts[seen - drop - 1])
            out.append(
                block
                if message.get("text") == new
                else spans.build_object({**message, "text": new})
            )
    return out
