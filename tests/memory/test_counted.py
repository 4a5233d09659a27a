"""Calls whose ids are counted from zero: they mean nothing by themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dsfix.memory import OriginMemory, Store
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import History
from dsfix.protocol.turns import Reasoning, Turn
from dsfix.repairs.recall import Place
from tests.repairs.support import At, call, result


def test_reasoning_of_a_counted_id_is_not_every_turns_of_that_id() -> None:
    """Of a history from before dsfix, behind the same results, it is the last turn's alone."""
    memory = OriginMemory(Store(None), "o")
    messages = [{"role": "user", "content": "x"}]
    for _ in range(3):
        messages += [call("call_0", dialect=Dialect.CHAT), result("call_0", Dialect.CHAT)]
    history = _history(messages)
    why = Reasoning((("why", ""),))
    memory.remember(Turn(("call_0",), ("f",), reasoning=why), Place(history, 7))
    history = _history([*messages, *messages[-2:], {"role": "user", "content": "y"}])
    found = [memory.recall(Turn(("call_0",), ("f",)), Place(history, at)) for at in (1, 3, 5, 7)]
    assert [each and each.reasoning for each in found] == [None, None, None, why]


@pytest.mark.parametrize(
    ("names", "text"), [(("g",), ""), (("f", "f"), ""), (("f",), "something else")]
)
def test_another_turn_of_a_counted_id_in_the_session_is_another(
    names: tuple[str, ...], text: str
) -> None:
    """The session alone names it no more: it calls the same tools, and says the same."""
    memory = OriginMemory(Store(None), "o")
    calls = ("call_0", "call_1")[: len(names)]
    memory.remember(
        Turn(calls, names, (text,), Reasoning((("why", ""),))), At("before", "before", "s")
    )
    behind = At("summary", "summary", "s")
    assert memory.recall(Turn(("call_0",), ("f",)), behind) is None
    assert memory.recall(Turn(calls, names, (text,)), behind) is not None


@pytest.mark.parametrize(("session", "known"), [("s", True), ("t", False), ("", True)])
def test_a_counted_id_behind_the_same_result_in_another_session_is_another(
    session: str, known: bool
) -> None:
    """Behind the result of `call_0` stands a turn of most sessions; a fork begins with all it had."""
    memory = OriginMemory(Store(None), "o")
    said = Turn(("call_0",), ("f",))
    memory.remember(said.reasoned(Reasoning((("why", ""),))), At("results", "before", "s"))
    assert (memory.recall(said, At("results", "elsewhere", session)) is not None) == known
    assert memory.recall(said, At("results", "before", session)) is not None


@pytest.mark.parametrize(
    ("session", "chain", "here"),
    [("s", "c", True), ("t", "c", True), ("", "c", False), ("s", "elsewhere", False)],
)
def test_a_counted_id_is_known_for_good_at_its_place_alone(
    session: str, chain: str, here: bool
) -> None:
    """Of the session or of a fork that brings it along, which has it under its own name as well;
    anywhere else it is asked for again, for it may be another turn's."""
    memory = OriginMemory(Store(None), "o")
    said = Turn(("call_0",), ("f",))
    memory.remember(said.reasoned(Reasoning((("why", ""),))), At("p", "c", "s"))
    found = memory.recall(said, At("p", chain, session))
    assert found is not None and found.here is here
    kept = memory.store.candidates("o", "call", "call_0")
    assert len(kept) == (2 if session == "t" else 1)


@pytest.mark.parametrize(("ident", "renames"), [("call_0", True), ("call_unnamed_1", False)])
def test_an_id_that_was_made_for_its_place_is_of_that_place(ident: str, renames: bool) -> None:
    """Behind a summary the calls are counted anew: the same id in the session is another turn."""
    memory = OriginMemory(Store(None), "o")
    memory.remember(Turn((ident,), ("f",), (), Reasoning((("why", ""),))), At("p", "c", "s"))
    for chain, found in (("c", True), ("summary", False)):
        place = At("p", chain, "s", renames)
        assert (memory.recall(Turn((ident,), ("f",)), place) is not None) == found


def test_an_answer_with_another_tool_is_another_at_its_place_too() -> None:
    """A prompt that was sent again got another answer, of which nobody knows the reasoning."""
    memory = OriginMemory(Store(None), "o")
    memory.remember(Turn(("call_0",), ("f",), (), Reasoning((("why", ""),))), At())
    assert memory.recall(Turn(("call_0",), ("g",)), At()) is None


def test_twins_of_one_place_are_told_apart_by_what_they_say() -> None:
    """Two sub-agents with one prompt call the same tool first, each with words of its own."""
    memory = OriginMemory(Store(None), "o")
    for text in ("one", "two"):
        memory.remember(Turn(("call_0",), ("f",), (text,), Reasoning(((text, ""),))), At())
    for text in ("one", "two"):
        found = memory.recall(Turn(("call_0",), ("f",), (f"{text} ",)), At())
        assert found and found.reasoning.text == text
    assert memory.recall(Turn(("call_0",), ("f",)), At()) is None


def _history(messages: list[dict[str, Any]]) -> History:
    body = Body.read(Dialect.CHAT, json.dumps({"messages": messages}).encode())
    assert body is not None
    return History.of(body)
