"""An answer as Responses, the way DeepSeek sends it.

Events and members: https://api-docs.deepseek.com/guides/responses_api (2026-08-23) and
deepseek-ai/deepseek-recipe (protocol/openai/responses, 2026-09): each item is opened, filled and
closed, sequence numbers start at 0, and there is no `[DONE]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dsfix.simulator.answer import Answer, ToolUse, Usage, pieces

Event = Mapping[str, Any]
_FIXED: Mapping[str, Any] = {
    "error": None,
    "instructions": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "store": False,
    "tool_choice": "auto",
    "tools": [],
}


def response(answer: Answer, usage: Usage, created: int) -> dict[str, Any]:
    """The whole answer as one object."""
    status = "incomplete" if answer.truncated else "completed"
    reason = {"reason": "max_output_tokens"} if answer.truncated else None
    return {
        **_head(answer, created, status),
        "incomplete_details": reason,
        "output": list(_items(answer)),
        "usage": _usage(usage),
    }


def events(answer: Answer, usage: Usage, created: int) -> Iterator[Event]:
    """The answer as numbered stream events."""
    for number, event in enumerate(_events(answer, usage, created)):
        yield {**event, "sequence_number": number}


def failed(answer: Answer, created: int, number: int) -> Event:
    """The terminal event of an answer that broke off."""
    error = {"code": "server_error", "message": "Internal server error"}
    broken = {**_head(answer, created, "failed"), "error": error, "output": [], "usage": None}
    return {"type": "response.failed", "response": broken, "sequence_number": number}


def _events(answer: Answer, usage: Usage, created: int) -> Iterator[Event]:
    start = {**_head(answer, created, "in_progress"), "output": [], "usage": None}
    for kind in ("created", "in_progress"):
        yield {"type": f"response.{kind}", "response": start}
    for index, item in enumerate(_items(answer)):
        opened = {**item, "status": "in_progress", **_emptied(item)}
        yield {"type": "response.output_item.added", "output_index": index, "item": opened}
        for event in _filled(item):
            yield {**event, "item_id": item["id"], "output_index": index}
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    whole = response(answer, usage, created)
    yield {"type": f"response.{whole['status']}", "response": whole}


def _filled(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What comes between the opening and the closing of an item."""
    if item["type"] == "web_search_call":
        for state in ("in_progress", "searching", "completed"):
            yield {"type": f"response.web_search_call.{state}"}
        return
    if "content" not in item:
        name = "arguments" if item["type"] == "function_call" else "input"
        kind = "function_call_arguments" if name == "arguments" else "custom_tool_call_input"
        for piece in pieces(item[name]):
            yield {"type": f"response.{kind}.delta", "delta": piece}
        yield {"type": f"response.{kind}.done", name: item[name]}
        return
    for place, part in enumerate(item["content"]):
        kind = part["type"]
        more: dict[str, Any] = {"logprobs": []} if kind == "output_text" else {}
        empty = {**part, "text": ""}
        yield {"type": "response.content_part.added", "content_index": place, "part": empty}
        for piece in pieces(part["text"]):
            delta = {"type": f"response.{kind}.delta", "content_index": place, "delta": piece}
            yield {**delta, **more}
        done = {"type": f"response.{kind}.done", "content_index": place, "text": part["text"]}
        yield {**done, **more}
        yield {"type": "response.content_part.done", "content_index": place, "part": part}


def _items(answer: Answer) -> Iterator[dict[str, Any]]:
    index = 0
    if answer.reasoning or answer.thinking:
        part = {"type": "reasoning_text", "text": answer.reasoning}
        id = f"rs_{answer.id}_{index}"
        yield {"type": "reasoning", "id": id, "status": _status(answer), "content": [part]} | {
            "summary": []
        }
        index += 1
    if answer.searched:
        looked = {"type": "search", "query": answer.searched, "queries": [answer.searched]}
        id = f"ws_{answer.id}_{index}"
        yield {"type": "web_search_call", "id": id, "status": "completed", "action": looked}
        index += 1
    if answer.text:
        said = {"type": "output_text", "annotations": [], "logprobs": [], "text": answer.text}
        yield {
            "type": "message",
            "id": f"msg_{answer.id}_{index}",
            "status": _status(answer),
            "role": "assistant",
            "phase": "commentary" if answer.calls else "final_answer",
            "content": [said],
        }
        index += 1
    for place, call in enumerate(answer.calls, index):
        yield _called(call, f"{answer.id}_{place}")


def _called(call: ToolUse, id: str) -> dict[str, Any]:
    head = {"status": "completed", "call_id": call.id, "name": call.name}
    if call.custom:
        source = str(call.arguments.get("input", ""))
        return {"type": "custom_tool_call", "id": f"ctc_{id}", **head, "input": source}
    inside = {"namespace": call.namespace} if call.namespace else {}
    return {"type": "function_call", "id": f"fc_{id}", **head, **inside, "arguments": call.source}


def _emptied(item: Mapping[str, Any]) -> dict[str, Any]:
    empty: Mapping[str, Any] = {"content": [], "arguments": "", "input": ""}
    return {name: value for name, value in empty.items() if name in item}


def _status(answer: Answer) -> str:
    return "incomplete" if answer.truncated else "completed"


def _head(answer: Answer, created: int, status: str) -> dict[str, Any]:
    return {
        "id": answer.id,
        "object": "response",
        "created_at": created,
        "status": status,
        "model": answer.model,
        "incomplete_details": None,
        **_FIXED,
    }


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": usage.hit},
        "output_tokens": usage.answer,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.prompt + usage.answer,
    }
