"""The switches that change what an answer says, and the search that the server does itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dsfix.simulator.engine import Engine
from dsfix.simulator.options import Options
from dsfix.simulator.rules import Policy
from tests.simulator.cases_messages import WEB
from tests.simulator.cases_responses import bare
from tests.simulator.support import (
    AGENT_TOOLS,
    CHAT_AGENT_TOOLS,
    USER,
    answer_of,
    body,
    engine,
    post,
)
from tests.simulator.test_stream import chunks_of, events_of

OFF = {"thinking": {"type": "disabled"}}
BASH = [{"role": "user", "content": "go [[bash]]"}]
ON_MESSAGES = body(messages=BASH, tools=AGENT_TOOLS)
ON_CHAT = body(messages=BASH, tools=CHAT_AGENT_TOOLS)
SEARCH = {"type": "web_search"}


def answering(**options: Any) -> Engine:
    """A server that answers like this and demands nothing back."""
    return Engine(Options(Policy(pass_back="lenient"), seed=0, **options))


def thought(text: str | None) -> dict[str, Any]:
    """An assistant turn on Chat with this reasoning."""
    return {"role": "assistant", "content": "a", "reasoning_content": text}


def test_bare_messages() -> None:
    """Without reasoning there is no block, or an empty one that is signed."""
    request = body(stream=True)
    assert _opened(answering(no_reasoning_every=1), request) == ["text"]
    server = answering(no_reasoning_every=1, bare="empty")
    assert _opened(server, request) == ["thinking", "text"]
    first = answer_of(post(server, "messages", body()))["content"][0]
    assert (first["thinking"], bool(first["signature"])) == ("", True)
    assert _opened(server, request | OFF) == ["text"]


def _opened(server: Engine, request: dict[str, Any]) -> list[str]:
    events = events_of(post(server, "messages", request))
    started = [event for event in events if event["type"] == "content_block_start"]
    return [event["content_block"]["type"] for event in started]


def test_bare_chat() -> None:
    """On Chat the place of reasoning is empty, or is not there."""
    absent = answer_of(post(answering(no_reasoning_every=1), "chat", body()))
    assert "reasoning_content" not in absent["choices"][0]["message"]
    server = answering(no_reasoning_every=1, bare="empty")
    empty = answer_of(post(server, "chat", body()))
    assert empty["choices"][0]["message"]["reasoning_content"] == ""


def test_bare_responses() -> None:
    """On Responses an empty reasoning item is one without text."""
    server = answering(no_reasoning_every=1, bare="empty")
    first = answer_of(post(server, "responses", bare()))["output"][0]
    assert first["content"] == [{"type": "reasoning_text", "text": ""}]


def test_chat_without_thinking_has_no_place_for_it() -> None:
    """Chunks speak of reasoning only while thinking is on."""
    chunks = chunks_of(post(engine(), "chat", body(stream=True) | OFF))
    assert all("reasoning_content" not in chunk["choices"][0]["delta"] for chunk in chunks)


def test_thinks_anyway() -> None:
    """Reasoning may come though it was switched off."""
    whole = answer_of(post(answering(thinks_anyway=True), "messages", body() | OFF))
    assert whole["content"][0]["type"] == "thinking"


@pytest.mark.parametrize(("thinking", "stop"), [({}, "max_tokens"), (OFF, "end_turn")])
def test_long_reasoning_eats_small_budgets(thinking: dict[str, Any], stop: str) -> None:
    """A classifier's budget is spent before there is any text, unless thinking is off."""
    server = answering(thinking_tokens=600)
    whole = answer_of(post(server, "messages", body(max_tokens=512) | thinking))
    assert whole["stop_reason"] == stop
    assert ("text" in [block["type"] for block in whole["content"]]) is (stop == "end_turn")
    assert answer_of(post(server, "messages", body(max_tokens=8192)))["stop_reason"] == "end_turn"


@pytest.mark.parametrize(
    ("setting", "thoughts", "text"),
    [
        ("answer", ["p", "p"], True),
        ("empty", ["p", "p"], False),
        ("empty", ["p", "q"], True),
        ("empty", ["p"], True),
        ("empty", [None, None], True),
        ("think", ["p", "p"], True),
        ("think", [" ", "p"], False),
    ],
)
def test_placeholders(setting: Any, thoughts: list[str | None], text: bool) -> None:
    """The same placeholder everywhere silences the model; a blank one moves its answer."""
    history = [turn for each in thoughts for turn in (thought(each), USER)]
    server = answering(placeholders=setting)
    said = answer_of(post(server, "chat", body(messages=[USER, *history])))["choices"][0]["message"]
    assert bool(said["content"]) is text
    assert said["reasoning_content"].endswith("Simulated task") is (setting == "think" and not text)


def test_dsml_every() -> None:
    """The calls of each nth answer are text."""
    server = answering(dsml_every=2)
    kinds = [answer_of(post(server, "messages", ON_MESSAGES))["stop_reason"] for _ in range(4)]
    assert kinds == ["tool_use", "end_turn"] * 2
    text = answer_of(post(Engine(Options(dsml_every=1)), "messages", ON_MESSAGES))["content"][1]
    assert "<｜DSML｜tool_calls>" in text["text"]


@pytest.mark.parametrize("stream", [True, False])
def test_broken_arguments_on_chat(stream: bool) -> None:
    """The last call's arguments end one brace early, and the answer still says tool calls."""
    reply = post(answering(broken_every=1), "chat", ON_CHAT | {"stream": stream})
    if stream:
        deltas = [chunk["choices"][0]["delta"] for chunk in chunks_of(reply)]
        parts = [call for delta in deltas for call in delta.get("tool_calls", ())]
        source = "".join(part["function"]["arguments"] for part in parts)
    else:
        choice = answer_of(reply)["choices"][0]
        assert choice["finish_reason"] == "tool_calls"
        source = choice["message"]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(source + "}")["command"] == "echo turn 1"


def test_broken_arguments_on_messages() -> None:
    """In a stream the input ends early; as a whole it cannot be broken."""
    request = ON_MESSAGES | {"stream": True}
    events = events_of(post(answering(broken_every=1), "messages", request))
    parts = [event["delta"].get("partial_json", "") for event in events if "delta" in event]
    assert json.loads("".join(parts) + "}")["command"] == "echo turn 1"
    whole = answer_of(post(answering(broken_every=1), "messages", ON_MESSAGES))
    assert whole["content"][-1]["input"]["command"] == "echo turn 1"


def test_ping() -> None:
    """A ping follows the start of the first block, and no other."""
    events = events_of(post(answering(ping=True), "messages", body(stream=True)))
    kinds = [event["type"] for event in events]
    assert kinds[:3] == ["message_start", "content_block_start", "ping"]
    assert kinds.count("ping") == 1


def test_search_on_messages() -> None:
    """The server searches by itself, and takes its blocks back."""
    server = engine(verify=True)
    asked = [{"role": "user", "content": "go [[search bash]]"}]
    request = body(messages=asked, tools=[*AGENT_TOOLS, WEB])
    answer = answer_of(post(server, "messages", request))
    said = answer["content"]
    assert answer["usage"]["server_tool_use"] == {"web_search_requests": 1}
    kinds = [block["type"] for block in said]
    assert kinds == ["thinking", "server_tool_use", "web_search_tool_result", "text"]
    history = [*asked, {"role": "assistant", "content": said}, USER]
    assert post(server, "messages", request | {"messages": history}).status == 200
    without = answer_of(post(server, "messages", body(messages=asked, tools=AGENT_TOOLS)))
    assert without["content"][-1]["text"] == "no tool for step search"


def test_search_on_messages_streamed() -> None:
    """Streamed, the search's input is filled in like that of a call."""
    asked = [{"role": "user", "content": "go [[search]]"}]
    request = body(messages=asked, tools=[*AGENT_TOOLS, WEB], stream=True)
    events = events_of(post(engine(), "messages", request))
    opened = [event["content_block"] for event in events if "content_block" in event]
    assert (opened[1]["input"], opened[2]["tool_use_id"]) == ({}, opened[1]["id"])
    parts = [event["delta"].get("partial_json", "") for event in events if "delta" in event]
    assert json.loads("".join(parts)) == {"query": "simulators"}


def test_search_on_responses() -> None:
    """On Responses a search is an item with its queries, and is taken back."""
    server = engine(verify=True)
    shell = {"type": "function", "name": "shell", "parameters": {"type": "object"}}
    asked = {"role": "user", "content": "go [[search]]"}
    request = bare(input=[asked], tools=[shell, SEARCH])
    said = answer_of(post(server, "responses", request))["output"]
    assert said[1]["action"] == {"type": "search", "query": "simulators", "queries": ["simulators"]}
    history = [asked, *said, {"role": "user", "content": "x"}]
    assert post(server, "responses", request | {"input": history}).status == 200
    events = [
        json.loads(frame.split(b"data: ")[1])["type"]
        for frame in post(server, "responses", request | {"stream": True}).frames
    ]
    assert "response.web_search_call.searching" in events
