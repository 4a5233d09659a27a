"""The Chat Completions dialect (OpenAI): how a message is read and given its reasoning.

Shapes: https://api-docs.deepseek.com/api/create-chat-completion (2026-08-27). An empty
`reasoning_content` counts as missing: V4-pro refused it (NousResearch/hermes-agent#17341).
Relays name it `reasoning`, which DeepSeek does not read (maximhq/bifrost#5325).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import msgspec

from dsfix.protocol import spans
from dsfix.protocol.turns import Look, Reasoning, Turn


class _Part(msgspec.Struct):
    type: str = ""
    text: str | None = None


class _Function(msgspec.Struct):
    name: str | None = None


class _Call(msgspec.Struct):
    id: str | None = None
    function: _Function | None = None


class _Message(msgspec.Struct):
    role: str = ""
    content: str | list[_Part] | None = None
    reasoning_content: str | None = None
    reasoning: Any = None  # the name of relays, also of objects that are not meant here
    tool_calls: list[_Call] | None = None
    tool_call_id: str | None = None


class _Text(msgspec.Struct, tag_field="type", tag="text"):
    text: str
    type: ClassVar[str] = "text"


class _Given(msgspec.Struct):
    name: str
    arguments: str


class _Made(msgspec.Struct):
    id: str
    function: _Given


class _Plain(msgspec.Struct):
    role: str
    content: str | list[_Text] | None = None
    reasoning_content: str | None = None
    reasoning: Any = None
    tool_calls: Annotated[list[_Made], msgspec.Meta(min_length=1)] | None = None
    tool_call_id: str | None = None


class _Heard(msgspec.Struct, gc=False):
    content: msgspec.Raw  # nearly all of a history, and nobody needs it
    tool_call_id: str | None = None


_message = msgspec.json.Decoder(_Message)
_plain = msgspec.json.Decoder(_Plain)
_heard = msgspec.json.Decoder(_Heard)
_given = msgspec.json.Decoder(str | list[_Text])


def look(raw: bytes, role: str) -> Look:
    """What one look at a message of this role tells."""
    try:
        return _look_at_answer(raw) if role == "assistant" else _look_at_words(raw, role)
    except spans.Malformed:
        return Look(raw, role)


def _look_at_answer(raw: bytes) -> Look:
    message = _plain.decode(raw)
    plain = message.content is not None or message.tool_calls is not None
    return Look(raw, "assistant", plain, _turn(message))


def _look_at_words(raw: bytes, role: str) -> Look:
    message = _heard.decode(raw)
    if not spans.is_text(message.content):
        _given.decode(message.content)
    if role != "tool":
        return Look(raw, role, role != "")
    return Look(raw, role, message.tool_call_id is not None, None, (message.tool_call_id or "",))


def turn(raw: bytes) -> Turn | None:
    """The assistant's turn in this message; None when it is of no known shape."""
    message = _read(raw)
    return None if message is None else _turn(message)


def _turn(message: _Message | _Plain) -> Turn:
    calls = message.tool_calls or []
    own = message.reasoning_content or ""
    other = message.reasoning if isinstance(message.reasoning, str) else ""
    text = own if own.strip() else other
    return Turn(
        calls=tuple([call.id or "" for call in calls]),
        names=tuple([(call.function and call.function.name) or "" for call in calls]),
        texts=_texts(message.content),
        reasoning=Reasoning(((text, ""),)) if text.strip() else None,
        sound=bool(own.strip()),
    )


def with_reasoning(raw: bytes, reasoning: Reasoning, texts: tuple[str, ...] | None = None) -> bytes:
    """The message with this reasoning; all other members' bytes as they were.

    `texts` replaces the visible text, where leaked reasoning is taken out of it.
    """
    text = spans.encode(reasoning.text)
    if texts is None and b'"reasoning_content"' not in raw and raw.startswith(b'{"role":'):
        return raw[: raw.rindex(b"}")] + b',"reasoning_content":' + text + b"}"
    message = spans.members(raw)
    if message is None:
        return raw
    if texts is not None and not message.get("content", b"[").startswith(b"["):
        message = {**message, "content": spans.encode("".join(texts))}
    return spans.build_object({**message, "reasoning_content": text})


def user_key(raw: bytes) -> tuple[list[str], str]:
    """What a user's or tool's message says of itself: the id it answers, or its own text."""
    message = _read(raw)
    if message is None:
        return [], ""
    if message.role == "tool":
        return [message.tool_call_id or ""], ""
    return [], "\n".join(_texts(message.content))


def _read(raw: bytes) -> _Message | None:
    try:
        return _message.decode(raw)
    except spans.Malformed:
        return None


def _texts(content: str | Sequence[_Part | _Text] | None) -> tuple[str, ...]:
    if isinstance(content, str):
        return (content,)
    return tuple(part.text or "" for part in content or [] if part.type == "text")
