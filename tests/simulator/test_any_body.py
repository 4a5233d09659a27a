"""Whatever arrives, the server answers something a client can read."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsfix.simulator.engine import Engine
from dsfix.simulator.options import Options
from dsfix.simulator.rules.base import Policy
from dsfix.simulator.rules.transport import decode
from tests.simulator.cases_responses import IMAGE, SAID, call, function, output, patch, responses
from tests.simulator.cases_responses import THOUGHT as THOUGHT_ITEM
from tests.simulator.histories import THOUGHT, assistant, calls, chat, messages, result, tool, use
from tests.simulator.support import engine, post

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "role", "content", "text", "name", "function", "id", "tools", "output"]
            ),
            inner,
        )
    ),
    max_leaves=6,
)
SEARCH = [
    {"type": "server_tool_use", "id": "S", "name": "web_search", "input": {}},
    {"type": "web_search_tool_result", "tool_use_id": "S", "content": []},
]
# Every switch of the rules takes each of its values; what an answer says may be switched too.
ANY_POLICY = st.builds(
    Policy,
    pass_back=st.sampled_from(["lenient", "open-loop", "strict-all"]),
    blank=st.sampled_from(["accept", "refuse-empty", "refuse"]),
    restore=st.booleans(),
    verify=st.booleans(),
    unsigned=st.sampled_from(["accept", "refuse-foreign"]),
    plain_reasoning=st.sampled_from(["ignore", "fail"]),
    auto_thinking=st.booleans(),
    forced_choice=st.sampled_from(["refuse", "any-auto", "accept"]),
    system_role=st.booleans(),
    redacted=st.sampled_from(["drop", "refuse", "unsupported"]),
    unknown_blocks=st.sampled_from(["drop", "refuse", "unsupported"]),
    images=st.sampled_from(["support", "drop", "refuse", "deny"]),
    typed_tools=st.sampled_from(["refuse", "ignore"]),
    json_schema=st.sampled_from(["refuse", "ignore"]),
    names=st.sampled_from(["current", "retired", "any"]),
    split_calls=st.sampled_from(["refuse", "flash", "accept"]),
    wording=st.sampled_from(["v4", "v3.2"]),
    forbidden=st.sampled_from(["", "t"]),
)
ANY_OPTIONS = st.builds(
    Options,
    policy=ANY_POLICY,
    seed=st.just(0),
    bare=st.sampled_from(["absent", "empty"]),
    placeholders=st.sampled_from(["answer", "empty", "think"]),
    mute_after_system=st.booleans(),
    dsml_every=st.integers(0, 1),
    broken_every=st.integers(0, 1),
    no_reasoning_every=st.integers(0, 1),
    signature=st.sampled_from(["delta", "start", "none"]),
    thinking_tokens=st.sampled_from([0, 9]),
)
BODIES = {
    "messages": messages(
        assistant(THOUGHT, {"type": "text", "text": "t"}, *use("A")),
        result("A"),
        {"role": "system", "content": "s"},
        assistant({"type": "redacted_thinking", "data": "e"}, *SEARCH),
        {"role": "user", "content": [{"type": "document"}, {"type": "image", "source": {}}]},
        system=[{"type": "text", "text": "s"}],
        stop_sequences=["s"],
        top_p=1,
        thinking={"type": "enabled"},
        output_config={"effort": "high"},
        metadata={"user_id": "u"},
        tool_choice={"type": "auto"},
    ),
    "chat": chat(
        calls("A", reasoning_content="t"),
        tool("A"),
        thinking={"type": "disabled"},
        tool_choice={"type": "function", "function": {"name": "f"}},
        stream_options={"include_usage": True},
        stream=True,
        n=1,
        stop=["s"],
        logprobs=True,
        top_logprobs=1,
        presence_penalty=1,
        response_format={"type": "text"},
        reasoning_effort=None,
        user_id="u",
    ),
    "responses": responses(
        {"role": "developer", "content": [IMAGE]},
        THOUGHT_ITEM,
        SAID,
        call("A"),
        patch("B"),
        output("A", [{"type": "input_text", "text": "t"}]),
        {"type": "custom_tool_call_output", "call_id": "B", "output": "ok"},
        {"type": "web_search_call", "action": {"type": "search", "queries": ["q"]}},
        instructions="i",
        text={"format": {"type": "text"}},
        user="u",
        reasoning={"effort": "none"},
        tool_choice={"type": "function", "name": "f"},
        tools=[
            function("f"),
            {"type": "custom", "name": "apply_patch"},
            {"type": "namespace", "name": "n", "tools": [function("g")]},
        ],
        stream=True,
    ),
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all members of a body."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, part in inner:
        found.append((*path, key))
        if isinstance(part, (dict, list)):
            found += places(part, (*path, key))
    return found


@pytest.mark.parametrize("dialect", sorted(BODIES))
def test_the_bodies_are_whole(dialect: str) -> None:
    """Nothing is wrong with the bodies before a member is changed."""
    lenient = Policy(pass_back="lenient", unknown_blocks="drop", images="drop")
    assert post(Engine(Options(lenient)), dialect, BODIES[dialect]).status == 200


@pytest.mark.parametrize("dialect", sorted(BODIES))
@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_any_member(dialect: str, data: st.DataObject) -> None:
    """Any value in any place of a body is answered or refused, never an exception."""
    changed = copy.deepcopy(BODIES[dialect])
    path = data.draw(st.sampled_from(places(changed)))
    holder: Any = changed
    for key in path[:-1]:
        holder = holder[key]
    if data.draw(st.booleans()):
        holder[path[-1]] = data.draw(VALUES)
    else:
        del holder[path[-1]]
    reply = post(Engine(data.draw(ANY_OPTIONS)), dialect, changed)
    assert reply.status in (200, 400, 500)
    assert reply.status != 500 or reply.refused_by == "plain-reasoning"


@settings(max_examples=300, deadline=None)
@given(raw=st.binary(max_size=60) | st.text(max_size=40).map(lambda text: text.encode()))
def test_any_bytes(raw: bytes) -> None:
    """Bytes that are not JSON are refused with a position."""
    reply = post(engine(), "chat", raw)
    assert reply.status == 400


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"", "EOF while parsing a value at line 1 column 0"),
        (b"\n\n", "EOF while parsing a value at line 3 column 0"),
        (b'{"a":', "a: EOF while parsing a value at line 1 column 5"),
        (b'{"a":"b', "EOF while parsing a string at line 1 column 7"),
        (b"{", "EOF while parsing an object at line 1 column 1"),
        (b"{}x", "trailing characters at line 1 column 3"),
        (b'{"a":nan}', "expected value at line 1 column 6"),
        (b'{"a":"\xff"}', "invalid unicode code point at line 1 column 8"),
        (rb'{"a":"\udc00"}', "a: lone leading surrogate in hex escape at line 1 column 12"),
        (rb'{"\ud800x":1}', "unexpected end of hex escape at line 1 column 9"),
        (rb'{"a":"\ud83d\ude00\\ud83d"}', ""),
    ],
)
def test_faults(raw: bytes, fault: str) -> None:
    """What is wrong with a body is said the way serde_json says it."""
    assert decode(raw)[1].endswith(fault)
    assert bool(decode(raw)[1]) is bool(fault)


def test_deep_nesting() -> None:
    """A body nested beyond reason is refused, not fatal."""
    assert post(engine(), "chat", b"[" * 200_000).status == 400
    deep: Any = "x"
    for _ in range(200):
        deep = [deep]
    assert post(engine(), "messages", json.dumps({"a": deep}).encode()).status == 400
