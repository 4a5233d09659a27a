"""Whatever arrives, the server answers something a client can read."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
BODIES = {
    "messages": messages(
        assistant(THOUGHT, {"type": "text", "text": "t"}, *use("A")),
        result("A"),
        system=[{"type": "text", "text": "s"}],
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
    ),
    "responses": responses(
        {"role": "developer", "content": [IMAGE]},
        THOUGHT_ITEM,
        SAID,
        call("A"),
        patch("B"),
        output("A", [{"type": "input_text", "text": "t"}]),
        {"type": "custom_tool_call_output", "call_id": "B", "output": "ok"},
        instructions="i",
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
    drop = data.draw(st.booleans())
    server = engine(unknown_blocks="drop" if drop else "refuse", verify=True, pass_back="lenient")
    reply = post(server, dialect, changed)
    assert reply.status in (200, 400)


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
