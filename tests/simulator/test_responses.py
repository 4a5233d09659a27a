"""Answers on Responses, and the modes that look back at them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dsfix.simulator.engine import Engine, Reply
from dsfix.simulator.options import Options
from dsfix.simulator.rules import Policy
from tests.simulator.cases_responses import RESPONSES_PASS_BACK, USER, bare, call, output, responses
from tests.simulator.support import answer_of, engine, message_of, post

SHELL = {
    "type": "function",
    "name": "exec_command",
    "parameters": {
        "type": "object",
        "properties": {"cmd": {"type": "string"}},
        "required": ["cmd"],
    },
}
PATCH = {"type": "custom", "name": "apply_patch", "format": {"type": "grammar"}}
SPAWN = {
    "type": "namespace",
    "name": "multi_agent_v1",
    "tools": [
        {
            "type": "function",
            "name": "spawn_agent",
            "parameters": {"type": "object", "properties": {"message": {"type": "string"}}},
        }
    ],
}
TOOLS = [SHELL, PATCH, SPAWN, {"type": "web_search"}]


def ask(text: str, *items: Any, **members: Any) -> dict[str, Any]:
    """A request with Codex's kinds of tools."""
    prompt = {"role": "user", "content": [{"type": "input_text", "text": text}]}
    request = {"model": "deepseek-flash", "input": [prompt, *items], "tools": TOOLS}
    return request | members


def events_of(reply: Reply) -> list[dict[str, Any]]:
    """The data of each event, checked to stand under its own name."""
    assert reply.content_type == "text/event-stream; charset=utf-8"
    events = []
    for frame in reply.frames:
        name, data = frame.decode().rstrip("\n").split("\n")
        events.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {events[-1]['type']}"
    return events


def turn(server: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """The request of the next turn: what was answered, and all results after it."""
    said = answer_of(post(server, "responses", request))["output"]
    results = [
        {"type": f"{item['type']}_output", "call_id": item["call_id"], "output": "ok"}
        for item in said
        if "call_id" in item
    ]
    return request | {"input": [*request["input"], *said, *results]}


def test_stream() -> None:
    """Items are opened, filled and closed under increasing numbers, and the last event ends it."""
    events = events_of(post(engine(), "responses", ask("[[parallel]]", stream=True)))
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    kinds = [event["type"].removeprefix("response.") for event in events]
    assert kinds[:4] == ["created", "in_progress", "output_item.added", "content_part.added"]
    assert kinds[-1] == "completed"
    done = kinds.index("reasoning_text.done")
    assert kinds[done : done + 3] == [
        "reasoning_text.done",
        "content_part.done",
        "output_item.done",
    ]
    assert kinds.count("function_call_arguments.done") == 3
    opened = [event["item"] for event in events if event["type"].endswith("item.added")]
    assert [item["status"] for item in opened] == ["in_progress"] * 4
    assert opened[0]["content"] == []
    assert opened[1]["arguments"] == ""
    assert events[0]["response"]["output"] == []


def test_stream_equals_whole() -> None:
    """The stream, put together, is the answer that comes unstreamed."""
    request = ask("[[bash]]")
    whole = answer_of(post(engine(), "responses", request))
    events = events_of(post(engine(), "responses", request | {"stream": True}))
    assert events[-1]["response"] == whole
    assert [e["item"] for e in events if e["type"].endswith("item.done")] == whole["output"]
    for kind, path in (("reasoning_text", 0), ("output_text", 1)):
        deltas = [e["delta"] for e in events if e["type"] == f"response.{kind}.delta"]
        assert "".join(deltas) == whole["output"][path]["content"][0]["text"]
    deltas = [e["delta"] for e in events if e["type"].endswith("arguments.delta")]
    assert json.loads("".join(deltas)) == {"cmd": "echo turn 1"}


def test_usage_and_fixed_members() -> None:
    """Usage has this dialect's names, and what is not supported its fixed value."""
    whole = answer_of(post(engine(), "responses", bare()))
    usage = whole["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert usage["input_tokens_details"] == {"cached_tokens": 0}
    assert usage["output_tokens_details"]["reasoning_tokens"] > 0
    assert (whole["store"], whole["previous_response_id"]) == (False, None)
    assert whole["status"] == "completed"


def test_incomplete() -> None:
    """A spent budget ends in the event that says so."""
    request = bare(max_output_tokens=3, stream=True)
    last = events_of(post(engine(), "responses", request))[-1]
    assert last["type"] == "response.incomplete"
    assert last["response"]["incomplete_details"] == {"reason": "max_output_tokens"}
    assert [item["type"] for item in last["response"]["output"]] == ["reasoning"]


def test_no_thinking() -> None:
    """Effort `none` is an answer without reasoning."""
    whole = answer_of(post(engine(), "responses", bare(reasoning={"effort": "none"})))
    assert [item["type"] for item in whole["output"]] == ["message"]


@pytest.mark.parametrize(
    ("step", "kind", "name", "given"),
    [
        ("bash", "function_call", "exec_command", "echo turn 1"),
        ("write", "custom_tool_call", "apply_patch", "*** Begin Patch\n*** Add File: dsfix-sim"),
        ("edit", "custom_tool_call", "apply_patch", "*** Begin Patch\n*** Update File: dsfix-sim"),
        ("agent", "function_call", "spawn_agent", "Do this: [[bash]]"),
        ("read", "function_call", "exec_command", "cat /tmp/dsfix-sim"),
    ],
)
def test_tools(step: str, kind: str, name: str, given: str) -> None:
    """Each step is done with the tool that Codex offers for it, in that tool's form."""
    item = answer_of(post(engine(), "responses", ask(f"[[{step}]]")))["output"][-1]
    assert (item["type"], item["name"]) == (kind, name)
    assert given in (item["input"] if "input" in item else item["arguments"])
    assert item.get("namespace") == ("multi_agent_v1" if step == "agent" else None)


def test_shell_that_takes_a_list() -> None:
    """A shell whose command is a list gets one, and files are written by it without a patch."""
    listed = {"type": "array", "items": {"type": "string"}}
    schema = {"type": "object", "properties": {"command": listed}, "required": ["command"]}
    shell = {"type": "function", "name": "shell", "parameters": schema}
    whole = answer_of(post(engine(), "responses", ask("[[write]]", tools=[shell])))
    command = json.loads(whole["output"][-1]["arguments"])["command"]
    assert command[:2] == ["bash", "-lc"]
    assert command[2].startswith("printf %s ")


def test_conversation() -> None:
    """A whole conversation that comes back as it was sent is accepted."""
    server = engine(verify=True)
    request = ask("[[bash parallel write edit agent text]]")
    for _ in range(7):
        request = turn(server, request)
    assert request["input"][-1]["content"][0]["text"] == "done"


def test_verify() -> None:
    """Other reasoning than what was sent is refused with the id of a call."""
    server = engine(verify=True)
    request = turn(server, ask("[[bash]]"))
    thought = {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "other"}]}
    request["input"][1] = thought
    reply = post(server, "responses", request)
    assert reply.refused_by == "verify"
    assert message_of(reply).startswith(RESPONSES_PASS_BACK + " [simulator: reasoning of call_00_")


def test_verify_after_a_broken_stream() -> None:
    """Reasoning of an answer that broke off may stand before the one that replaced it."""
    server = engine(verify=True)
    first = answer_of(post(server, "responses", ask("[[bash]]")))["output"][0]
    request = turn(server, ask("[[bash]]", first))
    assert [item.get("type") for item in request["input"][1:3]] == ["reasoning", "reasoning"]
    assert post(server, "responses", request).status == 200
    request["input"][1] = {"type": "reasoning", "content": [{"text": "made up"}]}
    assert post(server, "responses", request).refused_by == "verify"


def split(server: Engine) -> dict[str, Any]:
    """A history in which the calls of one answer are each followed by their own result."""
    request = turn(server, ask("[[parallel]]"))
    head, calls, results = request["input"][:2], request["input"][2:5], request["input"][5:]
    mixed = [item for pair in zip(calls, results, strict=True) for item in pair]
    return request | {"input": [*head, *mixed]}


@pytest.mark.parametrize("effort", ["high", "none"])
def test_split_calls(effort: str) -> None:
    """Interleaved calls of one answer are refused, thinking or not; foreign ones only thinking."""
    server = engine()
    request = split(server) | {"reasoning": {"effort": effort}}
    reply = post(server, "responses", request)
    assert (reply.refused_by, message_of(reply)) == ("grouping", RESPONSES_PASS_BACK)
    foreign = post(engine(), "responses", request)
    assert foreign.refused_by == ("" if effort == "none" else "pass-back")


@pytest.mark.parametrize(
    ("setting", "model", "status"),
    [
        ("refuse", "deepseek-v4-pro", 400),
        ("flash", "deepseek-v4-pro", 200),
        ("flash", "deepseek-v4-flash", 400),
        ("accept", "deepseek-flash", 200),
    ],
)
def test_split_calls_switch(setting: Any, model: str, status: int) -> None:
    """Which models refuse interleaved calls is a switch, as the reports differ."""
    server = engine(split_calls=setting, pass_back="lenient")
    assert post(server, "responses", split(server) | {"model": model}).status == status


@pytest.mark.parametrize(
    ("mode", "status"), [("lenient", 200), ("strict", 200), ("strict-all", 400)]
)
def test_plain_turn(mode: str, status: int) -> None:
    """A text turn without reasoning is refused only in the mode that looks at all turns."""
    said = {"role": "assistant", "content": "hi"}
    assert post(engine(pass_back=mode), "responses", responses(said, USER)).status == status


@pytest.mark.parametrize(("text", "blank"), [("", 400), (" ", 200)])
def test_blank_reasoning(text: str, blank: int) -> None:
    """Empty text is never read here; whitespace counts as missing by switch."""
    thought = {"type": "reasoning", "content": [{"type": "reasoning_text", "text": text}]}
    request = responses(thought, call("A"), output("A"))
    assert post(engine(blank="accept"), "responses", request).status == blank
    assert post(engine(blank="refuse"), "responses", request).status == 400


def test_restore() -> None:
    """With the switch, whole groups of own calls need no reasoning."""
    server = engine(restore=True, verify=True)
    request = turn(server, ask("[[parallel]]"))
    kept = [item for item in request["input"] if item.get("type") != "reasoning"]
    assert post(server, "responses", request | {"input": kept}).status == 200
    other = post(engine(restore=True), "responses", request | {"input": kept})
    assert other.refused_by == "pass-back"


def test_flaky() -> None:
    """One good request with replayed tools is refused, and passes when sent again."""
    server = engine(flaky=True)
    request = turn(server, ask("[[bash]]"))
    assert post(server, "responses", request).refused_by == "flaky"
    assert post(server, "responses", request).status == 200


def test_cache_ignores_names_of_items() -> None:
    """Ids and the like are no part of the prompt."""
    server = engine()
    said = {"role": "user", "content": "x" * 4096}
    answer_of(post(server, "responses", bare(input=[said | {"id": "msg_1"}])))
    usage = answer_of(post(server, "responses", bare(input=[said | {"id": "msg_2"}])))["usage"]
    assert usage["input_tokens_details"]["cached_tokens"] >= 1024


def test_broken_off() -> None:
    """An error in the middle is the terminal event that says so, with the next number."""
    server = Engine(Options(error_after=4, policy=Policy()))
    events = events_of(post(server, "responses", bare(stream=True)))
    assert [event["sequence_number"] for event in events] == [0, 1, 2, 3, 4]
    assert events[-1]["type"] == "response.failed"
    assert events[-1]["response"]["error"]["code"] == "server_error"
