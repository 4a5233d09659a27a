"""An answer as Chat Completions, the way DeepSeek sends it.

Shapes: https://api-docs.deepseek.com/api/create-chat-completion (2026-08) and
tinkerindustries/agent-harness docs/OBSERVED.md (live 2026-08-09): `content` is null while
reasoning streams, and usage rides on the last chunk that has a choice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from dsfix.simulator.answer import Answer, ToolUse, Usage, pieces

FINGERPRINT = "fp_simulator"
DONE = b"data: [DONE]\n\n"
Chunk = Mapping[str, Any]
UsageChunk = Literal["last", "own", "none"]


def completion(answer: Answer, usage: Usage, created: int) -> dict[str, Any]:
    """The whole answer as one object."""
    said: dict[str, Any] = {"role": "assistant", "content": answer.text}
    if _thinks(answer):
        said["reasoning_content"] = answer.reasoning
    if answer.calls:
        said["tool_calls"] = [
            _opening(place, call, call.source) for place, call in enumerate(answer.calls)
        ]
    choice = {"index": 0, "message": said, "logprobs": None, "finish_reason": _finish(answer)}
    return {
        **_head(answer, "chat.completion", created),
        "choices": [choice],
        "usage": _usage(usage),
        "system_fingerprint": FINGERPRINT,
    }


def chunks(
    answer: Answer, usage: Usage, created: int, include_usage: bool, where: UsageChunk
) -> Iterator[Chunk]:
    """The answer as stream chunks; the last one has the finish reason and the usage."""
    head = _head(answer, "chat.completion.chunk", created)
    head["system_fingerprint"] = FINGERPRINT
    blank = {"usage": None} if include_usage else {}
    for delta in _deltas(answer):
        yield {**head, "choices": [_choice(delta, None)], **blank}
    last = {"content": ""} | _no_more(answer)
    rides = {"usage": _usage(usage)} if where == "last" else blank
    yield {**head, "choices": [_choice(last, _finish(answer))], **rides}
    if where == "own":
        yield {**head, "choices": [], "usage": _usage(usage)}


def frame(chunk: Chunk) -> bytes:
    """One chunk on the wire."""
    data = json.dumps(chunk, ensure_ascii=False, separators=(",", ":"))
    return f"data: {data}\n\n".encode()


def _deltas(answer: Answer) -> Iterator[dict[str, Any]]:
    if _thinks(answer):
        yield {"role": "assistant", "content": None, "reasoning_content": ""}
    else:
        yield {"role": "assistant", "content": ""}
    for piece in pieces(answer.reasoning):
        yield {"content": None, "reasoning_content": piece}
    for piece in pieces(answer.text):
        yield {"content": piece} | _no_more(answer)
    for place, call in enumerate(answer.calls):
        yield {"tool_calls": [_opening(place, call, "")]}
        for piece in pieces(call.source):
            yield {"tool_calls": [{"index": place, "function": {"arguments": piece}}]}


def _thinks(answer: Answer) -> bool:
    return bool(answer.reasoning) or answer.thinking


def _no_more(answer: Answer) -> dict[str, Any]:
    """While thinking is on, chunks of the answer say that they hold no reasoning."""
    return {"reasoning_content": None} if _thinks(answer) else {}


def _opening(place: int, call: ToolUse, source: str) -> dict[str, Any]:
    function = {"name": call.name, "arguments": source}
    return {"index": place, "id": call.id, "type": "function", "function": function}


def _choice(delta: dict[str, Any], finish: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}


def _head(answer: Answer, kind: str, created: int) -> dict[str, Any]:
    return {"id": answer.id, "object": kind, "created": created, "model": answer.model}


def _finish(answer: Answer) -> str:
    if answer.truncated:
        return "length"
    return "tool_calls" if answer.calls else "stop"


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.answer,
        "total_tokens": usage.prompt + usage.answer,
        "prompt_tokens_details": {"cached_tokens": usage.hit},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
        "prompt_cache_hit_tokens": usage.hit,
        "prompt_cache_miss_tokens": usage.prompt - usage.hit,
    }
