"""An answer of the strict endpoint on Responses: numbered events without [DONE], or a document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.support.strict_base import Answer, Call, thirds


def whole(answer: Answer) -> dict[str, Any]:
    """The answer as one document."""
    failed = answer.ending == "failed"
    error = {"code": "server_error", "message": "Internal server error"}
    return {
        **_head(answer, answer.ending),
        "incomplete_details": (
            {"reason": "max_output_tokens"} if answer.ending == "incomplete" else None
        ),
        "error": error if failed else None,
        "output": [] if failed else list(_items(answer)),
        "usage": None if failed else _usage(answer),
    }


def events(answer: Answer) -> Iterator[bytes]:
    """The answer event by event."""
    for number, (kind, event) in enumerate(_events(answer)):
        data = {"type": f"response.{kind}", **event, "sequence_number": number}
        yield f"event: response.{kind}\ndata: {json.dumps(data)}\n\n".encode()


def _events(answer: Answer) -> Iterator[tuple[str, dict[str, Any]]]:
    start = {**_head(answer, "in_progress"), "output": [], "usage": None}
    yield "created", {"response": start}
    yield "in_progress", {"response": start}
    for index, item in enumerate(_items(answer)):
        at = {"item_id": item["id"], "output_index": index}
        opened = {**item, "status": "in_progress"}
        for name, empty in (("content", []), ("arguments", ""), ("input", "")):
            if name in item:
                opened[name] = empty
        yield "output_item.added", {"output_index": index, "item": opened}
        for kind, event in _filled(item):
            yield kind, {**at, **event}
        yield "output_item.done", {"output_index": index, "item": item}
    yield answer.ending, {"response": whole(answer)}


def _filled(item: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, kind in (
        ("arguments", "function_call_arguments"),
        ("input", "custom_tool_call_input"),
    ):
        if name in item:
            for piece in thirds(item[name]):
                yield f"{kind}.delta", {"delta": piece}
            yield f"{kind}.done", {name: item[name]}
    for place, part in enumerate(item.get("content") or ()):
        at = {"content_index": place}
        yield "content_part.added", {**at, "part": {**part, "text": ""}}
        for piece in thirds(part["text"]):
            yield f"{part['type']}.delta", {**at, "delta": piece}
        yield f"{part['type']}.done", {**at, "text": part["text"]}
        yield "content_part.done", {**at, "part": part}


def _items(answer: Answer) -> Iterator[dict[str, Any]]:
    status = {"status": "completed"}
    if answer.given.reasoning is not None:
        part = {"type": "reasoning_text", "text": answer.given.reasoning}
        yield {"type": "reasoning", "id": f"rs_{answer.id}", **status, "content": [part]} | {
            "summary": []
        }
    if answer.text:
        part = {"type": "output_text", "text": answer.text, "annotations": []}
        head = {"type": "message", "id": f"msg_{answer.id}", **status, "role": "assistant"}
        yield {**head, "content": [part]}
    for place, (id, call) in enumerate(zip(answer.given.calls, answer.calls, strict=True)):
        yield _called(call, id, f"{answer.id}_{place}") | status


def _called(call: Call, call_id: str, id: str) -> dict[str, Any]:
    head = {"call_id": call_id, "name": call.name}
    if call.custom:
        return {"type": "custom_tool_call", "id": f"ctc_{id}", **head, **call.arguments}
    inside = {"namespace": call.namespace} if call.namespace else {}
    arguments = json.dumps(call.arguments)
    return {"type": "function_call", "id": f"fc_{id}", **head, **inside, "arguments": arguments}


def _usage(answer: Answer) -> dict[str, Any]:
    return {
        "input_tokens": answer.prompt,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 32,
        "output_tokens_details": {"reasoning_tokens": 8},
        "total_tokens": answer.prompt + 32,
    }


def _head(answer: Answer, status: str) -> dict[str, Any]:
    return {
        "id": answer.id,
        "object": "response",
        "created_at": 1790000000,
        "status": status,
        "model": answer.model,
        "store": False,
        "tool_choice": "auto",
        "parallel_tool_calls": True,
    }
