"""Every thinking block has a signature that is not empty.

DeepSeek's block often starts without the key, which made Claude Code drop the block
(QuantumNous/new-api#4761, #4763), and OpenCode drops every thinking block whose signature is
missing or empty (measured with 1.18.33, 2026-11-20). Signatures of our own start with `dsfix-`.
"""

from __future__ import annotations

from dsfix.protocol import spans
from dsfix.protocol.body import Dialect
from dsfix.protocol.messages import sign
from dsfix.repairs.base import MESSAGES, Answering, AnswerRepair, Repair

_OPEN = "thinking block open, unsigned"
_ID = "message id"


def _event(data: bytes, answering: Answering) -> list[bytes]:
    """One event of a Messages stream; an unsigned block is signed before it stops."""
    event = spans.members(data)
    kind = spans.value(event.get("type")) if event else None
    if event is None or (kind != "message_start" and "index" not in event):
        return [data]
    if kind == "message_start":
        message = spans.members(event.get("message", b"null")) or {}
        answering.state[_ID] = str(spans.value(message.get("id")) or "")
    elif kind == "content_block_start":
        return [_started(data, event, answering)]
    elif kind == "content_block_delta":
        _signed(event, answering)
    elif kind == "content_block_stop":
        index = event.get("index", b"")
        if answering.state.get(_OPEN) == index.decode("utf-8", "replace"):
            del answering.state[_OPEN]
            answering.note(SIGNATURE.name, "unsigned thinking block signed")
            return [_signature_delta(index, answering), data]
    return [data]


def _started(data: bytes, event: dict[str, bytes], answering: Answering) -> bytes:
    block = spans.members(event.get("content_block", b"null"))
    if not block or spans.value(block.get("type")) != "thinking":
        return data
    if spans.value(block.get("signature")):
        return data
    answering.state[_OPEN] = event.get("index", b"").decode("utf-8", "replace")
    if "signature" in block:
        return data
    answering.note(SIGNATURE.name, "signature added to the start of a thinking block")
    started = spans.build_object({**block, "signature": b'""'})
    return spans.build_object({**event, "content_block": started})


def _signed(event: dict[str, bytes], answering: Answering) -> None:
    delta = spans.value(event.get("delta"))
    if isinstance(delta, dict) and delta.get("signature"):
        answering.state.pop(_OPEN, None)


def _signature_delta(index: bytes, answering: Answering) -> bytes:
    mark = sign(answering.state.get(_ID, "") + index.decode("utf-8", "replace"))
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
