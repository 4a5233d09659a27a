"""The laws of the repairs, over generated conversations and over recorded ones.

Conversations look like agents': tool calls, several at once, sub-agents' ids, interruptions,
foreign blocks, system messages, moving cache markers, reasoning kept or lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import History
from dsfix.protocol.turns import Reasoning, Turn
from dsfix.repairs import REPAIRS, TOWARD_SIGNERS
from dsfix.repairs.base import Context, Repair, Step
from dsfix.repairs.chain import prepare
from tests.laws.prompt import plain
from tests.repairs.support import FIXTURES, RULES, TOOLS, At, memory

IDS = st.sampled_from(["call_00_a", "call_00_b", "toolu_1", "call_0", "x" * 30])
TEXT = st.sampled_from(
    ["", "yes", "no", 'a longer text, with "quotes" and \n lines', "日本語", "…"]
)
LOST = st.sampled_from([None, "", " ", "real thought", "(thinking omitted)"])


@st.composite
def turns(draw: st.DrawFn, dialect: Dialect) -> list[dict[str, Any]]:
    """One assistant's message with its results, if it calls anything."""
    calls = draw(st.lists(IDS, max_size=3, unique=True))
    text, thought = draw(TEXT), draw(LOST)
    if dialect is Dialect.CHAT:
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if calls:
            message["tool_calls"] = [
                {"id": each, "type": "function", "function": {"name": "f", "arguments": "{}"}}
                for each in calls
            ]
        if thought is not None:
            message["reasoning_content"] = thought
        return [
            message,
            *({"role": "tool", "tool_call_id": each, "content": "r"} for each in calls),
        ]
    blocks: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
    blocks += [{"type": "tool_use", "id": each, "name": "f", "input": {"n": 1e3}} for each in calls]
    if thought is not None:
        signature = draw(st.sampled_from(["", "s", "E" * 200, "g" * 200]))
        block = {"type": "thinking", "thinking": thought, "signature": signature}
        blocks.insert(draw(st.sampled_from([0, len(blocks)])), block)
    if draw(st.booleans()):
        blocks.insert(0, {"type": "redacted_thinking", "data": "zz"})
    content: Any = blocks if blocks and draw(st.booleans()) else blocks or text
    results = [{"type": "tool_result", "tool_use_id": each, "content": "r"} for each in calls]
    return [
        {"role": "assistant", "content": content},
        *([{"role": "user", "content": results}] if results else []),
    ]


@st.composite
def histories(draw: st.DrawFn, dialect: Dialect) -> list[list[dict[str, Any]]]:
    """A conversation as the list of its steps; an agent may send any number of them."""
    steps: list[list[dict[str, Any]]] = []
    for _ in range(draw(st.integers(1, 5))):
        words = draw(st.sampled_from(["go", "again", "<system-reminder>now</system-reminder>"]))
        user: Any = words if draw(st.booleans()) else [{"type": "text", "text": words}]
        step = [{"role": "user", "content": user}]
        if draw(st.booleans()):
            role = "developer" if dialect is Dialect.CHAT else "system"
            step.append({"role": role, "content": "be brief"})
        steps.append(step)
        for _ in range(draw(st.integers(0, 3))):
            steps.append(draw(turns(dialect)))
    return steps


def body_of(dialect: Dialect, steps: list[list[dict[str, Any]]], **more: Any) -> bytes:
    messages = [message for step in steps for message in step]
    base = {"model": "claude-x", "tools": TOOLS[dialect], "messages": messages}
    return json.dumps({**base, **more}).encode()


def recorded() -> Iterator[Any]:
    for path in sorted(FIXTURES.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            row = json.loads(line)
            yield pytest.param(
                Dialect(row["dialect"]),
                json.dumps(row["body"]).encode(),
                id=f"{path.stem}-{number}",
            )


def context_for(body: Body) -> Context:
    return Context(RULES, memory(), History.of(body))


def check_laws(repair: Repair, body: Body) -> None:
    assert repair.request is not None
    before = (dict(body.members), body.messages, body.source)
    once = repair.request(body, context_for(body))
    assert (dict(body.members), body.messages, body.source) == before, "it mutates"
    if once is not body:
        assert once.encode() != body.encode(), "it says that it changed what it did not"
    again = Body.read(body.dialect, once.encode())
    assert again is not None
    assert repair.request(again, context_for(again)) is again, "it is not idempotent"


ON_REQUESTS = [each for each in (*REPAIRS, *TOWARD_SIGNERS) if each.request is not None]


@pytest.mark.parametrize(("dialect", "data"), list(recorded()))
def test_laws_on_recorded_requests(dialect: Dialect, data: bytes) -> None:
    """Never mutates, idempotent, identity on what is clean: for every recorded request."""
    body = Body.read(dialect, data)
    assert body is not None
    for repair in ON_REQUESTS:
        if dialect in repair.dialects:
            check_laws(repair, body)


@pytest.mark.parametrize("repair", ON_REQUESTS, ids=lambda repair: repair.name)
@pytest.mark.parametrize("dialect", [Dialect.MESSAGES, Dialect.CHAT])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_laws_on_generated_conversations(
    repair: Repair, dialect: Dialect, data: st.DataObject
) -> None:
    """The same for conversations that nobody has recorded."""
    extra = data.draw(
        st.sampled_from(
            [{}, {"thinking": {"type": "auto"}}, {"thinking": {"type": "enabled"}}, {"thinking": False, "reasoning_effort": "max"},
             {"tool_choice": {"type": "any"}, "metadata": {"user_id": "{}"}}]
        )
    )  # fmt: skip
    body = Body.read(dialect, body_of(dialect, data.draw(histories(dialect)), **extra))
    assert body is not None
    if dialect in repair.dialects:
        check_laws(repair, body)


def prompt_of(data: bytes) -> list[Any]:
    """The prompt as an upstream's cache sees it, without the markers that agents move."""
    request = plain(json.loads(data))
    head = [request.get(name) for name in ("model", "metadata", "user_id", "tools", "system")]
    return [*head, *request["messages"]]


@pytest.mark.parametrize("dialect", [Dialect.MESSAGES, Dialect.CHAT])
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_the_prompt_only_grows(dialect: Dialect, data: st.DataObject) -> None:
    """What was sent for a history is a prefix of what is sent for the longer one.

    Memory learns between the requests, as it does when another process answers.
    """
    steps = data.draw(histories(dialect))
    known = memory()
    before: list[Any] = []
    for count in range(1, len(steps) + 1):
        if steps[count - 1][-1]["role"] == "assistant":
            continue  # no agent asks for an answer to an answer
        out = prepare(
            dialect, body_of(dialect, steps[:count]), REPAIRS, RULES, known, lambda _: Step.NONE
        )
        prompt = prompt_of(out.data)
        assert prompt[: len(before)] == before
        before = prompt
        if data.draw(st.booleans()):
            late = Turn((data.draw(IDS),), ("f",), (), Reasoning((("learnt late", "s"),)))
            known.remember(late, At())


@given(st.binary(max_size=200))
def test_any_bytes_give_a_result(data: bytes) -> None:
    """Nothing that can be sent makes the chain fail."""
    for dialect in Dialect:
        assert isinstance(
            prepare(dialect, data, REPAIRS, RULES, memory(), lambda _: Step.NONE).data, bytes
        )
