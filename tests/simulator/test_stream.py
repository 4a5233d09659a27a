"""What an answer looks like on the wire, in both dialects, streamed and whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dsfix.simulator.engine import Engine, Reply
from dsfix.simulator.options import Options
from tests.simulator.support import AGENT_TOOLS, CHAT_AGENT_TOOLS, answer_of, body, engine, post

PROMPT = [{"role": "user", "content": "go [[parallel]]"}]


def events_of(reply: Reply) -> list[dict[str, Any]]:
    """The data of each event, checked to stand under its own name."""
    assert reply.content_type is not None
    assert reply.content_type.startswith("text/event-stream")
    events = []
    for frame in reply.frames:
        name, data = frame.decode().rstrip("\n").split("\n")
        events.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {events[-1]['type']}"
    return events


def chunks_of(reply: Reply) -> list[dict[str, Any]]:
    """The chunks of a stream that ends properly."""
    assert reply.frames[-1] == b"data: [DONE]\n\n"
    return [json.loads(frame.decode().removeprefix("data: ")) for frame in reply.frames[:-1]]


def test_messages_stream() -> None:
    """Thinking, then three calls: each block is opened, filled and closed in order."""
    reply = post(engine(), "messages", body(messages=PROMPT, tools=AGENT_TOOLS, stream=True))
    events = events_of(reply)
    kinds = [event["type"] for event in events]
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]
    starts = [event for event in events if event["type"] == "content_block_start"]
    assert [start["content_block"]["type"] for start in starts] == ["thinking", *["tool_use"] * 3]
    assert starts[0]["content_block"] == {"type": "thinking", "thinking": ""}
    assert all(start["content_block"]["input"] == {} for start in starts[1:])
    message = events[0]["message"]
    assert message["content"] == []
    assert message["usage"]["output_tokens"] == 0
    signatures = [
        event["delta"]["signature"]
        for event in events
        if event.get("delta", {}).get("type") == "signature_delta"
    ]
    assert signatures == [message["id"]]
    assert events[-2]["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}


def test_messages_stream_equals_whole() -> None:
    """The stream, put together, is the answer that comes unstreamed."""
    request = body(messages=PROMPT, tools=AGENT_TOOLS)
    whole = answer_of(post(engine(), "messages", request))
    events = events_of(post(engine(), "messages", request | {"stream": True}))
    blocks: list[dict[str, Any]] = []
    inputs: dict[int, str] = {}
    for event in events:
        if event["type"] == "content_block_start":
            blocks.append(event["content_block"])
        if event["type"] == "content_block_delta":
            delta, block = event["delta"], blocks[event["index"]]
            match delta["type"]:
                case "thinking_delta":
                    block["thinking"] += delta["thinking"]
                case "signature_delta":
                    block["signature"] = delta["signature"]
                case "input_json_delta":
                    inputs.setdefault(event["index"], "")
                    inputs[event["index"]] += delta["partial_json"]
    for index, text in inputs.items():
        blocks[index]["input"] = json.loads(text)
    assert blocks == whole["content"]
    assert whole["stop_reason"] == "tool_use"
    assert whole["content"][0]["signature"] == whole["id"]


def test_call_ids() -> None:
    """Ids of parallel calls carry their place and 24 more characters."""
    whole = answer_of(post(engine(), "messages", body(messages=PROMPT, tools=AGENT_TOOLS)))
    ids = [block["id"] for block in whole["content"] if block["type"] == "tool_use"]
    assert [id[:8] for id in ids] == ["call_00_", "call_01_", "call_02_"]
    assert all(len(id) == 32 and id[8:].isalnum() for id in ids)


@pytest.mark.parametrize(
    ("signature", "at_start", "deltas"),
    [("delta", False, 1), ("start", True, 1), ("none", False, 0)],
)
def test_signature(signature: Any, at_start: bool, deltas: int) -> None:
    """A thinking block is signed as the switch says."""
    server = Engine(Options(signature=signature))
    events = events_of(post(server, "messages", body(stream=True)))
    opening = events[1]["content_block"]
    assert ("signature" in opening) is at_start
    found = [event for event in events if event.get("delta", {}).get("type") == "signature_delta"]
    assert len(found) == deltas
    whole = answer_of(post(server, "messages", body()))
    assert ("signature" in whole["content"][0]) is (signature != "none")


def test_chat_stream() -> None:
    """Reasoning comes first with null content, calls are opened once, usage rides last."""
    request = body(messages=PROMPT, tools=CHAT_AGENT_TOOLS, stream=True)
    chunks = chunks_of(post(engine(), "chat", request))
    assert all(len(chunk["choices"]) == 1 for chunk in chunks)
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert deltas[0] == {"role": "assistant", "content": None, "reasoning_content": ""}
    assert deltas[1]["content"] is None
    assert deltas[1]["reasoning_content"]
    calls = [call for delta in deltas for call in delta.get("tool_calls", ())]
    opened = [call for call in calls if "id" in call]
    assert [call["index"] for call in opened] == [0, 1, 2]
    assert all(call["function"]["arguments"] == "" for call in opened)
    assert all(set(call) == {"index", "function"} for call in calls if "id" not in call)
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks[-2:]] == [None, "tool_calls"]
    assert [chunk for chunk in chunks if "usage" in chunk] == chunks[-1:]


def test_chat_stream_equals_whole() -> None:
    """The stream, put together, is the answer that comes unstreamed."""
    request = body(messages=PROMPT, tools=CHAT_AGENT_TOOLS)
    whole = answer_of(post(engine(), "chat", request))["choices"][0]["message"]
    chunks = chunks_of(post(engine(), "chat", request | {"stream": True}))
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    reasoning = "".join(delta.get("reasoning_content") or "" for delta in deltas)
    arguments = ["", "", ""]
    for delta in deltas:
        for call in delta.get("tool_calls", ()):
            arguments[call["index"]] += call["function"]["arguments"]
    assert reasoning == whole["reasoning_content"]
    assert arguments == [call["function"]["arguments"] for call in whole["tool_calls"]]


def test_include_usage() -> None:
    """When usage is asked for, the other chunks say that they have none."""
    request = body(stream=True, stream_options={"include_usage": True})
    chunks = chunks_of(post(engine(), "chat", request))
    assert all(chunk["usage"] is None for chunk in chunks[:-1])
    usage = chunks[-1]["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["completion_tokens_details"]["reasoning_tokens"] > 0


def test_prompt_cache() -> None:
    """The second turn hits whole blocks of the first prompt, for the same user only."""
    server = engine()
    system = {"role": "system", "content": "s" * 4096}
    first = body(messages=[system, {"role": "user", "content": "a"}], user_id="u")
    second = body(messages=[system, {"role": "user", "content": "b"}], user_id="u")
    assert answer_of(post(server, "chat", first))["usage"]["prompt_cache_hit_tokens"] == 0
    usage = answer_of(post(server, "chat", second))["usage"]
    assert usage["prompt_cache_hit_tokens"] == 1024
    assert usage["prompt_cache_miss_tokens"] == usage["prompt_tokens"] - 1024
    other = answer_of(post(server, "chat", second | {"user_id": "v"}))["usage"]
    assert other["prompt_cache_hit_tokens"] == 0


def test_prompt_cache_ignores_markers() -> None:
    """Cache markers, which agents move every turn, are no part of the prompt."""
    server = engine()
    block = {"type": "text", "text": "s" * 4096}
    marked = block | {"cache_control": {"type": "ephemeral"}}
    answer_of(post(server, "messages", body(system=[marked])))
    usage = answer_of(post(server, "messages", body(system=[block])))["usage"]
    assert usage["cache_read_input_tokens"] >= 1024
    assert usage["cache_creation_input_tokens"] == 0


def test_budget_is_spent_on_reasoning() -> None:
    """A small budget is eaten by reasoning: no text, and the answer says it was cut."""
    server = engine()
    whole = answer_of(post(server, "messages", body(max_tokens=3)))
    assert whole["stop_reason"] == "max_tokens"
    assert [block["type"] for block in whole["content"]] == ["thinking"]
    choice = answer_of(post(server, "chat", body(max_tokens=3)))["choices"][0]
    assert (choice["finish_reason"], choice["message"]["content"]) == ("length", "")
    off = body(max_tokens=8, thinking={"type": "disabled"})
    assert answer_of(post(server, "messages", off))["stop_reason"] == "end_turn"


def test_served_name() -> None:
    """An answer names the model that served, or the one the switch says."""
    request = body(model="claude-opus-4-8")
    assert answer_of(post(engine(), "messages", request))["model"] == "deepseek-v4-pro"
    server = Engine(Options(serve_as="deepseek-v4-flash"))
    assert answer_of(post(server, "messages", request))["model"] == "deepseek-v4-flash"


def test_keep_alive_and_line_ends() -> None:
    """Comments and CR LF are framing only."""
    server = Engine(Options(keep_alive=True, crlf=True))
    frames = post(server, "chat", body(stream=True)).frames
    assert all(frame.startswith(b": keep-alive\r\n\r\ndata: ") for frame in frames)
    assert all(frame.endswith(b"\r\n\r\n") for frame in frames)


def test_failures_come_first() -> None:
    """The statuses of the switch are answered once each, then the server works."""
    server = Engine(Options(fail=(429, 503)))
    statuses = [post(server, "messages", body()).status for _ in range(3)]
    assert statuses == [429, 503, 200]


def test_every_nth_without_reasoning() -> None:
    """Each nth answer has no reasoning, as V4 does now and then."""
    server = Engine(Options(no_reasoning_every=2))
    kinds = [answer_of(post(server, "messages", body()))["content"][0]["type"] for _ in range(4)]
    assert kinds == ["thinking", "text", "thinking", "text"]


def test_mute_after_system() -> None:
    """With the switch, a trailing system message gets an empty answer."""
    server = Engine(Options(mute_after_system=True))
    request = body(messages=[*PROMPT, {"role": "system", "content": "s"}])
    whole = answer_of(post(server, "messages", request))
    assert (whole["content"], whole["stop_reason"]) == ([], "end_turn")


def test_servers_differ() -> None:
    """Without a seed no two servers mint the same ids, with one they do."""
    ids = {answer_of(post(Engine(), "messages", body()))["id"] for _ in range(3)}
    assert len(ids) == 3
    seeded = {answer_of(post(engine(), "messages", body()))["id"] for _ in range(3)}
    assert len(seeded) == 1
