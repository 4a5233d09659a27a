"""Every thinking block has a signature that is not empty.

DeepSeek's block often starts without the key, which made Claude Code drop the block
(QuantumNous/new-api#4761, #4763), and OpenCode drops every thinking block whose signature is
missing or empty (measured with 1.18.33, 2026-11-20). Signatures of our own start with `dsfix-`.
"""

from __future__ import annotations

import msgspec

from dsfix.protocol import spans
from dsfix.protocol.body import Dialect
from dsfix.protocol.messages import sign
from dsfix.repairs.base import MESSAGES, Answering, AnswerRepair, Repair

_OPEN = "thinking block open, unsigned"
_ID = "message id"
_ABSENT = msgspec.Raw(b"")


class _Message(msgspec.Struct, frozen=True):
    id: str = ""


class _Block(msgspec.Struct, frozen=True):
    type: str = ""
    signature: msgspec.Raw = _ABSENT


class _Event(msgspec.Struct, frozen=True):
    """What is looked at of an event before anything is taken apart."""

    type: str = ""
    index: msgspec.Raw = _ABSENT
    message: _Message = _Message()
    content_block: _Block = _Block()
    delta: _Block = _Block()


_event_of = msgspec.json.Decoder(_Event)


def _event(data: bytes, answering: Answering) -> list[bytes]:
    """One event of a Messages stream; an unsigned block is signed before it stops."""
    try:
        event = _event_of.decode(data)
    except spans.Malformed:
        return [data]
    index = bytes(event.index)
    if event.type == "message_start":
        answering.state[_ID] = event.message.id
    elif event.type == "content_block_start" and index:
        return [_started(data, event.content_block, index, answering)]
    elif event.type == "content_block_delta" and _is_said(event.delta.signature):
        answering.state.pop(_OPEN, None)
    elif event.type == "content_block_stop" and answering.state.get(_OPEN) == _text(index):
        del answering.state[_OPEN]
        answering.note(SIGNATURE.name, "unsigned thinking block signed")
        return [_signature_delta(index, answering), data]
    return [data]


def _started(data: bytes, block: _Block, index: bytes, answering: Answering) -> bytes:
    if block.type != "thinking" or _is_said(block.signature):
        return data
    answering.state[_OPEN] = _text(index)
    event = spans.members(data)
    given = spans.members(event["content_block"]) if event else None
    if event is None or given is None or "signature" in given:
        return data
    answering.note(SIGNATURE.name, "signature added to the start of a thinking block")
    started = spans.build_object({**given, "signature": b'""'})
    return spans.build_object({**event, "content_block": started})


def _is_said(signature: msgspec.Raw) -> bool:
    return signature is not _ABSENT and bool(spans.value(bytes(signature)))


def _text(index: bytes) -> str:
    return index.decode("utf-8", "replace")


def _signature_delta(index: bytes, answering: Answering) -> bytes:
    mark = sign(answering.state.get(_ID, "") + _text(index))
    delta = spans.encode({"type": "signature_delta", "signature": mark})
    return b'{"type":"content_block_delta","index":' + index + b',"delta":' + delta + b"}"


def _whole(data: bytes, answering: Answering) -> bytes:
    """A JSON answer with each thinking block signed."""
    message = spans.members(data)
    content = spans.items(message["content"]) if message and "content" in message else None
    if message is None or content is None:
        return data
    signed = [_signed_block(block) for block in content]
    if all(new is old for new, old in zip(signed, content, strict=True)):
        return data
    answering.note(SIGNATURE.name, "unsigned thinking block signed")
    return spans.build_object({**message, "content": spans.build_array(signed)})


def _signed_block(raw: bytes) -> bytes:
    block = spans.members(raw)
    if not block or spans.value(block.get("type")) != "thinking":
        return raw
    if spans.value(block.get("signature")):
        return raw
    mark = sign(str(spans.value(block.get("thinking")) or ""))
    return spans.build_object({**block, "signature": spans.encode(mark)})


SIGNATURE = Repair(
    "signature",
    "Signs thinking blocks that came unsigned, which agents otherwise drop",
    MESSAGES,
    answer={
        Dialect.MESSAGES: AnswerRepair(
            (b"message_start", b"content_block_start", b"signature_delta", b"content_block_stop"),
            _event,
            _whole,
        )
    },
)
