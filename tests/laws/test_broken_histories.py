"""What the repairs owe to a history that is broken: all of this holds whatever is wrong with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsfix.protocol.body import Dialect
from dsfix.protocol.turns import is_random
from tests.laws.agents import NUMBERED
from tests.laws.broken import Broken, broken
from tests.laws.examples import examples
from tests.laws.passing import Passage
from tests.repairs.support import memory

DIALECTS = pytest.mark.parametrize("dialect", list(Dialect))


@DIALECTS
@given(data=st.data())
@examples(100)
def test_it_is_accepted(dialect: Dialect, data: st.DataObject) -> None:
    """The strictest upstream takes it at once, whose turns it knows, and their reasoning."""
    case = data.draw(broken(dialect))
    assert case.passage.refusal(case.sent) == ""


@DIALECTS
@given(data=st.data())
@examples(80)
def test_turns_that_passed_have_their_own_reasoning(dialect: Dialect, data: st.DataObject) -> None:
    """Whatever the agent made of it, a turn with calls of its own carries what was thought then.

    Two turns that have become one carry both.
    """
    case = data.draw(broken(dialect))
    if not thinks(case) or "half a pair" in case.names:
        return
    thoughts = {
        call.id: (answer.thought, {each.id for each in answer.calls})
        for answer in case.answers
        if answer.passed
        for call in answer.calls
        if is_random(call.id)
    }
    for turn in case.passage.history(case.sent):
        thought, made = thoughts.get(next(iter(turn.ids), ""), ("", set()))
        if turn.ids and set(turn.ids) <= made:
            assert thought in turn.reasoning


@DIALECTS
@given(data=st.data())
@examples(80)
def test_reasoning_is_nobody_elses(dialect: Dialect, data: st.DataObject) -> None:
    """What passed has its own reasoning and nothing else; no turn ever has that of another."""
    case = data.draw(broken(dialect, whole=True))
    turns = [turn for turn in case.passage.history(case.sent) if turn.role == "assistant"]
    for turn, answer in zip(turns, case.answers, strict=True):
        own = all(is_random(call.id) for call in answer.calls)
        if answer.passed and answer.calls and own and answer.thought:
            assert turn.reasoning == answer.thought
        if NUMBERED.search(answer.text) or (own and answer.calls):
            thoughts = set(NUMBERED.findall(turn.reasoning or ""))
            assert thoughts <= set(NUMBERED.findall(answer.thought))


@DIALECTS
@given(data=st.data())
@examples(80)
def test_nothing_that_was_said_is_lost(dialect: Dialect, data: st.DataObject) -> None:
    """Each text, argument and result of the agent's is still there, and nothing was made up."""
    case = data.draw(broken(dialect))
    before, after = told(case.sent.data), told(case.sent.out.data)
    assert before <= after
    remembered = {each for answer in case.answers for each in NUMBERED.findall(answer.thought)}
    assert after <= before | remembered


@DIALECTS
@given(data=st.data())
@examples(80)
def test_what_was_given_to_tools_stays(dialect: Dialect, data: st.DataObject) -> None:
    """Arguments are the same to the last digit, wherever their call stands now."""
    case = data.draw(broken(dialect))
    before, after = arguments(dialect, case.sent.data), arguments(dialect, case.sent.out.data)
    for id, found in after.items():
        if len(before.get(id, ())) == 1 and not {"arguments", "half a pair"} & set(case.names):
            assert found == before[id]


@DIALECTS
@given(data=st.data())
@examples(80)
def test_what_is_sent_needs_no_repair(dialect: Dialect, data: st.DataObject) -> None:
    """Put in again, it comes out as it was, for this dsfix and for one that knows nothing."""
    case = data.draw(broken(dialect))
    for known in (case.passage.known, memory()):
        passage = Passage(dialect, known=known, session=case.passage.session)
        assert passage.pass_on(case.sent.out.data).data == case.sent.out.data


def thinks(case: Broken) -> bool:
    """Whether the request lets the model think."""
    body = json.loads(case.sent.data)
    thinking = body.get("thinking")
    return not (isinstance(thinking, dict) and thinking.get("type") in ("disabled", "off"))


def told(data: bytes) -> set[str]:
    """The numbers of all texts in a body."""
    return set(NUMBERED.findall(json.dumps(json.loads(data), ensure_ascii=False)))


def arguments(dialect: Dialect, data: bytes) -> dict[Any, list[Any]]:
    """What each call is given, by its id, with numbers as they are written."""
    body = json.loads(data, parse_int=str, parse_float=str)
    found: dict[Any, list[Any]] = {}
    for message in body.get("messages", body.get("input")):
        content = message.get("content")
        made = [(message.get("call_id"), message)] if "arguments" in message else []
        for call in message.get("tool_calls") or ():
            made.append((call.get("id"), call.get("function") or {}))
        for block in content if isinstance(content, list) else ():
            if block.get("type") == "tool_use":
                made.append((block.get("id"), block))
        for id, call in made:
            found.setdefault(id, []).append(call.get("input", call.get("arguments")))
    return found
