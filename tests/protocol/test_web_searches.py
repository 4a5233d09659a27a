"""What the upstream looked up on the web is counted: on Responses by the items of the answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dsfix.protocol.answer import Answer
from dsfix.protocol.body import Dialect
from dsfix.protocol.reading import observe, observe_json
from dsfix.protocol.usage import Usage

QUERIES = {"type": "search", "query": "a", "queries": ["a", "b"]}
ITEMS = [
    {"id": "ws_1", "action": QUERIES},
    {"id": "ws_2", "action": {"type": "search", "query": "c"}},
    {"id": "ws_3", "action": {"type": "open_page", "url": "u"}},
    {"id": "ws_4", "action": {"type": "find_in_page", "url": "u", "pattern": "p"}},
    {"id": "ws_5", "action": QUERIES, "status": "failed"},
    {"id": "ws_6", "action": None},
    {"id": "ws_7", "action": {"type": "search", "queries": {}}},
]
CALLS = [{"type": "web_search_call", "status": "completed", **item} for item in ITEMS]
TOKENS = {"input_tokens": 10, "output_tokens": 5, "input_tokens_details": {}}
SEEN = Usage(10, 0, 5, None, searches=4, fetches=1)


def whole(**more: Any) -> dict[str, Any]:
    return {"id": "r", "status": "completed", "output": CALLS, "usage": TOKENS, **more}


def streamed(*events: dict[str, Any]) -> Usage | None:
    answer = Answer()
    for event in events:
        observe(Dialect.RESPONSES, answer, b"data: " + json.dumps(event).encode() + b"\n\n")
    return answer.usage


def items() -> list[dict[str, Any]]:
    """Each item as it comes: begun, and done."""
    return [
        {"type": f"response.output_item.{state}", "output_index": place, "item": item}
        for place, item in enumerate(CALLS)
        for state in ("added", "done")
    ]


@pytest.mark.parametrize("output", [CALLS, [], None])
def test_of_a_stream(output: Any) -> None:
    """Each query and each page that was opened counts once, whether the end repeats them or not."""
    end = {"type": "response.completed", "response": whole(output=output)}
    assert streamed(*items(), end) == SEEN


def test_of_an_end_alone() -> None:
    """A relay may send no more than the end, and an answer may be JSON."""
    assert streamed({"type": "response.completed", "response": whole()}) == SEEN
    answer = Answer()
    observe_json(Dialect.RESPONSES, answer, json.dumps(whole()).encode())
    assert answer.usage == SEEN


def test_what_the_upstream_counts_itself() -> None:
    """Its own count stands."""
    told = {**TOKENS, "server_tool_use": {"web_search_requests": 9}}
    assert streamed(
        *items(), {"type": "response.completed", "response": whole(usage=told)}
    ) == Usage(10, 0, 5, None, searches=9)
