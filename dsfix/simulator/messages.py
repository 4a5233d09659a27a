"""An answer as Anthropic Messages, the way DeepSeek sends it.

Shapes: https://api-docs.deepseek.com/zh-cn/api/create-message (2026-08). The signature is the
message id, and the thinking block starts without one (NousResearch/hermes-agent#21048,
QuantumNous/new-api#4761). Those of a search are Anthropic's:
https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/web-search-tool.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dsfix.simulator.answer import Answer, Usage, pieces
from dsfix.simulator.options import Options

Event = Mapping[str, Any]


def message(answer: Answer, usage: Usage, options: Options) -> dict[str, Any]:
    """The whole answer as one object."""
    return {
        "id": answer.id,
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": list(_blocks(answer, options)),
        "stop_reason": _stop_reason(answer),
        "stop_sequence": None,
        "usage": _whole_usage(answer, usage),
    }


def events(answer: Answer, usage: Usage, options: Options) -> Iterator[Event]:
    """The answer as stream events."""
    start = message(answer, usage, options)
    start |= {"content": [], "stop_reason": None, "usage": _usage(usage, 0)}
    yield {"type": "message_start", "message": start}
    sources = {call.id: call.source for call in answer.calls}
    for index, block in enumerate(_blocks(answer, options)):
        opening, deltas = _opened(block, sources)
        if opening["type"] == "thinking" and options.signature == "start":
            opening["signature"] = ""
        yield {"type": "content_block_start", "index": index, "content_block": opening}
        if options.ping and index == 0:
            yield {"type": "ping"}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    stop = {"stop_reason": _stop_reason(answer), "stop_sequence": None}
    yield {"type": "message_delta", "delta": stop, "usage": _whole_usage(answer, usage)}
    yield {"type": "message_stop"}


def _blocks(answer: Answer, options: Options) -> Iterator[dict[str, Any]]:
    if answer.redacted:
        yield {"type": "redacted_thinking", "data": answer.id}
    elif answer.reasoning or answer.thinking:
        thought = {"type": "thinking", "thinking": answer.reasoning}
        yield thought if options.signature == "none" else thought | {"signature": answer.id}
    if answer.searched:
        yield from _search(answer.searched, f"srvtoolu_{answer.id}")
    if answer.text:
        yield {"type": "text", "text": answer.text}
    for call in answer.calls:
        yield {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments}


def _search(query: str, id: str) -> Iterator[dict[str, Any]]:
    asked = {"query": query}
    yield {"type": "server_tool_use", "id": id, "name": "web_search", "input": asked}
    page = {"type": "web_search_result", "title": query, "url": "https://example.com/"}
    found = [{**page, "encrypted_content": "e", "page_age": None}]
    yield {"type": "web_search_tool_result", "tool_use_id": id, "content": found}


def _opened(
    block: dict[str, Any], sources: Mapping[str, str]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A block as it is opened, and what it is filled with."""
    match block["type"]:
        case "thinking":
            deltas = [
                {"type": "thinking_delta", "thinking": piece} for piece in pieces(block["thinking"])
            ]
            if "signature" in block:
                deltas.append({"type": "signature_delta", "signature": block["signature"]})
            return {"type": "thinking", "thinking": ""}, deltas
        case "text":
            texts = [{"type": "text_delta", "text": piece} for piece in pieces(block["text"])]
            return {"type": "text", "text": ""}, texts
        case "tool_use" | "server_tool_use":
            source = sources.get(block["id"]) or json.dumps(block["input"], ensure_ascii=False)
            inputs = [
                {"type": "input_json_delta", "partial_json": piece} for piece in pieces(source)
            ]
            return block | {"input": {}}, inputs
        case _:
            return block, []


def _stop_reason(answer: Answer) -> str:
    if answer.truncated:
        return "max_tokens"
    return "tool_use" if answer.calls else "end_turn"


def _whole_usage(answer: Answer, usage: Usage) -> dict[str, Any]:
    """With what was looked up: esengine/DeepSeek-Reasonix#4217, live 2026-08-03."""
    searches = {"server_tool_use": {"web_search_requests": 1}} if answer.searched else {}
    return _usage(usage, usage.answer) | searches


def _usage(usage: Usage, answered: int) -> dict[str, Any]:
    return {
        "input_tokens": usage.prompt - usage.hit,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": usage.hit,
        "output_tokens": answered,
        "service_tier": "standard",
    }
