"""Whatever agents do to calls and results: it is taken, it only grows, and nothing fails."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import History
from dsfix.repairs.base import Context
from dsfix.repairs.tool_pairing import TOOL_PAIRING
from tests.repairs.pairs import ALL, Step, bodied, calls, listed, mended, refused_by, results, said
from tests.repairs.support import RULES, memory

A, B, X = "call_00_" + "a1" * 12, "call_01_" + "b2" * 12, "toolu_01" + "x4" * 10
UNIQUE = ("toolu_x{nth:019}{call:02}",)
HABITS = st.sampled_from(["whole", "apart", "one by one", "turned round"])


@st.composite
def rounds(draw: st.DrawFn, nth: int, forms: tuple[str, ...] = UNIQUE) -> list[Step]:
    """One answer and what an agent makes of it, well or not."""
    count, numbered = draw(st.integers(1, 3)), draw(st.booleans())
    form = "call_{call:02}_{nth:022}ab" if numbered else draw(st.sampled_from(forms))
    ids = [form.format(nth=nth, call=call) for call in range(count)]
    answered = [id for id in ids if draw(st.integers(0, 3))]
    thought = draw(st.sampled_from(["", f"thought {nth}"]))
    habit = draw(HABITS)
    between = [said("user", f"words {nth}")] if draw(st.integers(0, 3)) == 0 else []
    if habit == "apart":
        made = [calls(id, think=thought) for id in ids]
        steps: list[Step] = [*made, *between, results(*answered)]
    elif habit == "one by one" and numbered:
        pairs = [(calls(id), results(id)) for id in ids]
        steps = [step for pair in pairs for step in pair] + between
    elif habit == "turned round":
        steps = [calls(*ids, think=thought), *between, results(*reversed(answered))]
    else:
        steps = [calls(*ids, think=thought), results(*answered), *between]
    if draw(st.integers(0, 4)) == 0:
        steps.append(results(draw(st.sampled_from([f"gone_{nth}", *ids])), content="late"))
    if draw(st.integers(0, 4)) == 0:
        steps += [said("user", f"part {nth}"), calls(say=f"said {nth}"), said("user", "on")]
    if not (answered or between):
        steps.append(said("user", "nothing came back"))
    return [step for step in steps if step(Dialect.MESSAGES)[0]["content"]]


@pytest.mark.parametrize("dialect", ALL)
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_any_conversation_is_taken_and_only_grows(dialect: Dialect, data: st.DataObject) -> None:
    """Whatever agents do to answers, the upstream takes it, and what was sent stays a prefix."""
    steps: list[Step] = []
    before: list[Any] = []
    for nth in range(data.draw(st.integers(1, 4))):
        steps += data.draw(rounds(nth))
        out, _ = mended(dialect, bodied(dialect, steps))
        assert not refused_by(dialect, out)
        assert listed(out)[: len(before)] == before
        before = listed(out)


@pytest.mark.parametrize("dialect", ALL)
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_what_is_known_of_a_conversation_changes_nothing(
    dialect: Dialect, data: st.DataObject
) -> None:
    """Each request comes out as it would alone, wherever it ends and whatever came before."""
    known, seen = memory(), dict[str, Any]()
    forms = (*UNIQUE, "call_{call}")
    made = [data.draw(rounds(nth, forms)) for nth in range(data.draw(st.integers(2, 5)))]
    steps = [step for each in made for step in each]
    ends = data.draw(st.lists(st.integers(1, len(steps)), min_size=2, max_size=4))
    for end in (*sorted(ends), *ends[:1]):
        body = Body.read(dialect, json.dumps(bodied(dialect, steps[:end])).encode())
        assert body is not None and TOOL_PAIRING.request is not None
        alone, among = (
            Context(RULES, known, History.of(body), seen=each) for each in (dict[str, Any](), seen)
        )
        assert TOOL_PAIRING.request(body, among) == TOOL_PAIRING.request(body, alone)
        assert among.changes == alone.changes


IDS = st.sampled_from([A, B, X, "", "call_0"]) | st.none() | st.integers() | st.just([])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | IDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "text", "id", "content", "name"]), inner)
    ),
    max_leaves=5,
)
KINDS = st.sampled_from(
    ["text", "thinking", "tool_use", "tool_result", "function_call", "function_call_output",
     "custom_tool_call", "message", "reasoning", "web_search_call", 5, None]
)  # fmt: skip
BLOCK = st.fixed_dictionaries(
    {},
    optional={
        "type": KINDS, "id": IDS, "tool_use_id": IDS, "text": JSON, "content": JSON,
        "input": JSON, "function": JSON | st.fixed_dictionaries({}, optional={"arguments": JSON}),
    },
)  # fmt: skip
MESSAGE = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["user", "assistant", "tool", "system", 5, None]),
        "type": KINDS, "content": st.lists(BLOCK, max_size=3) | JSON, "tool_calls":
        st.lists(BLOCK, max_size=3) | JSON, "tool_call_id": IDS, "call_id": IDS, "output": JSON,
        "arguments": JSON, "reasoning_content": JSON, "input": JSON,
    },
)  # fmt: skip


@pytest.mark.parametrize("dialect", ALL)
@given(messages=st.lists(MESSAGE | JSON, max_size=8))
@settings(max_examples=100, deadline=None)
def test_strange_shapes(dialect: Dialect, messages: list[Any]) -> None:
    """Nothing makes it fail, and what it has done it does not do again."""
    name = "input" if dialect is Dialect.RESPONSES else "messages"
    body = Body.read(dialect, json.dumps({"model": "m", name: messages}).encode())
    assert body is not None and TOOL_PAIRING.request is not None
    before = (body.messages, dict(body.members))
    once = TOOL_PAIRING.request(body, Context(RULES, memory(), History.of(body)))
    assert (body.messages, dict(body.members)) == before
    assert once is body or once.encode() != body.encode()
    assert TOOL_PAIRING.request(once, Context(RULES, memory(), History.of(once))) is once
