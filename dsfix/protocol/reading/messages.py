"""An answer in the Messages dialect."""

from __future__ import annotations

import msgspec

from dsfix.protocol.answer import Answer, Block
from dsfix.protocol.reading.shared import NOTHING, WORDLESS, Index, counted, error_text, used


class _Delta(msgspec.Struct):
    text: str | None = None
    thinking: str | None = None
    partial_json: str | None = None
    signature: str | None = None
    stop_reason: str | None = None


class _Content(msgspec.Struct):
    type: str | None = None
    id: str | None = None
    name: str | None = None
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    input: msgspec.Raw = msgspec.Raw(b"{}")


class Whole(msgspec.Struct):
    """A JSON answer."""

    id: str | None = None
    model: str | None = None
    usage: msgspec.Raw = NOTHING
    content: list[_Content] | None = None
    stop_reason: str | None = None


class Event(msgspec.Struct):
    """One event of the stream."""

    type: str | None = None
    index: Index = None
    delta: _Delta | None = None
    content_block: _Content | None = None
    message: Whole | None = None
    usage: msgspec.Raw = NOTHING
    error: msgspec.Raw = NOTHING


_KIND = {"thinking": "thinking", "redacted_thinking": "redacted", "text": "text"}


def on_event(answer: Answer, event: Event) -> None:
    """Take in one event."""
    match event.type:
        case "message_start" if event.message:
            answer.id, answer.served = event.message.id or "", event.message.model or ""
            answer.usage = used(event.message.usage, answer.usage)
        case "content_block_start" if event.content_block:
            answer.begin(counted(event.index), _opened(event.content_block))
        case "content_block_delta" if event.delta and (block := _meant(answer, event)):
            delta = event.delta
            if part := delta.thinking or delta.text or delta.partial_json:
                answer.said(block, part)
            if delta.signature:
                answer.signed(block, delta.signature)
        case "content_block_stop" if block := _meant(answer, event):
            block.complete = True
        case "message_delta":
            if event.delta and event.delta.stop_reason:
                answer.finish = event.delta.stop_reason
            answer.usage = used(event.usage, answer.usage)
        case "message_stop":
            answer.done = True
        case "error":
            answer.error = error_text(event.error) or WORDLESS
        case _:
            pass


def _meant(answer: Answer, event: Event) -> Block | None:
    return answer.blocks.get(answer.at(counted(event.index)))


def piece(event: Event, asked: str) -> str | None:
    """The text that an event adds to its block, None where it is or may be more than that."""
    delta = event.delta
    if event.type != "content_block_delta" or delta is None or delta.signature is not None:
        return None
    if event.message is not None or event.content_block is not None or event.error is not NOTHING:
        return None
    said = [part for part in (delta.text, delta.thinking, delta.partial_json) if part is not None]
    return said[0] if len(said) == 1 else None


def _opened(content: _Content) -> Block:
    """A block that begins, without a text: what is said of one then, MiniMax says again in the
    first delta (cline/cline#9215). Claude Code and pi take the deltas alone.
    """
    kind = _KIND.get(content.type or "", content.type or "")
    return Block(kind, content.id or "", content.name or "", content.signature or "")


def on_whole(answer: Answer, message: Whole) -> None:
    """Take in a JSON answer."""
    answer.id, answer.served = message.id or "", message.model or ""
    answer.finish = message.stop_reason or ""
    answer.usage = used(message.usage, None)
    for index, content in enumerate(message.content or []):
        block = _opened(content)
        if part := content.thinking or content.text:
            block.parts.append(part)
        if block.kind == "tool_use":
            block.parts.append(bytes(content.input).decode("utf-8", "replace"))
        block.complete = True
        answer.put(index, block)
    answer.done = True
