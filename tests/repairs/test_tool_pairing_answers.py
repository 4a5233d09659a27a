"""What was one answer is one turn, by what memory knows and by DeepSeek's own ids."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dsfix.memory import OriginMemory
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import History
from dsfix.protocol.turns import Reasoning, Turn
from dsfix.repairs.tool_pairing import coming_back
from dsfix.simulator.rules import Ledger
from dsfix.simulator.rules.ledger import Minted
from tests.repairs.pairs import (
    ALL,
    bodied,
    calls,
    listed,
    mended,
    refused_by,
    results,
    said,
)
from tests.repairs.support import At, memory, sent

A, B, C = "call_00_" + "a1" * 12, "call_01_" + "b2" * 12, "call_00_" + "c3" * 12
X, Y, Z = "toolu_01" + "x4" * 10, "toolu_01" + "y5" * 10, "toolu_01" + "z6" * 10
every = pytest.mark.parametrize("dialect", ALL)


def minted(*answers: tuple[str, ...]) -> Ledger:
    """A server that gave these answers."""
    ledger = Ledger()
    for nth, ids in enumerate(answers):
        ledger.add(Minted(str(nth), "sk-fake", f"thought {nth}", "", "", ids))
    return ledger


def knowing(*answers: tuple[str, ...]) -> OriginMemory:
    """A memory of these answers."""
    known = memory()
    for nth, ids in enumerate(answers):
        reasoning = Reasoning(((f"thought {nth}", "s"),))
        known.remember(Turn(ids, ("f",) * len(ids), (), reasoning), At())  # type: ignore[arg-type]
    return known


TAKEN_APART = [calls(A, think="t"), results(A), calls(B), results(B)]


@every
def test_an_answer_taken_apart_is_told_by_its_ids(dialect: Dialect) -> None:
    """DeepSeek's ids number the calls of an answer: the second one belongs to the first."""
    body = bodied(dialect, TAKEN_APART)
    out, _ = mended(dialect, body)
    assert listed(out) == listed(bodied(dialect, [calls(A, B, think="t"), results(A, B)]))
    if dialect is Dialect.RESPONSES:
        assert refused_by(dialect, body, minted((A, B))) == "grouping"
    assert not refused_by(dialect, out, minted((A, B)))


@every
def test_an_answer_taken_apart_is_told_by_memory(dialect: Dialect) -> None:
    """Ids that say nothing are known: these were one answer, those were not."""
    body = bodied(dialect, [calls(X, think="t"), results(X), calls(Y), results(Y)])
    out, _ = mended(dialect, body, knowing((X, Y)))
    assert listed(out) == listed(bodied(dialect, [calls(X, Y, think="t"), results(X, Y)]))
    assert mended(dialect, body, knowing((X,), (Y,)))[0] == body
    assert mended(dialect, bodied(dialect, TAKEN_APART), knowing((A,), (B,)))[1] == []


@every
def test_calls_in_the_order_in_which_they_ended(dialect: Dialect) -> None:
    """Memory puts an answer together whichever of its calls the agent tells first."""
    body = bodied(dialect, [calls(B), results(B), calls(A), results(A), said("user", "go")])
    out, _ = mended(dialect, body, knowing((A, B)))
    expected = [calls(B, A), results(B, A), said("user", "go")]
    assert listed(out) == listed(bodied(dialect, expected))


@every
def test_repeated_ids_are_no_answers(dialect: Dialect) -> None:
    """An id that any answer may have had joins nothing."""
    body = bodied(dialect, [calls("call_0"), results("call_0"), calls("call_1"), results("call_1")])
    assert mended(dialect, body, knowing(("call_0", "call_1"))) == (body, [])


@every
def test_words_between_keep_answers_apart(dialect: Dialect) -> None:
    """What has words of its own is another answer, unless its calls are answered with the rest."""
    body = bodied(dialect, [calls(A), results(A), calls(B, say="next"), results(B)])
    assert mended(dialect, body) == (body, [])


@every
def test_a_result_is_of_the_last_call_with_its_id(dialect: Dialect) -> None:
    """A call that was interrupted is not answered by what a later one of that id came to."""
    again = [calls("f:0", "f:1", "f:2"), results("f:0", "f:1", "f:2")]
    body = bodied(dialect, [calls("f:0", "f:1"), results("f:0"), *again])
    out, _ = mended(dialect, body)
    read = Body.read(dialect, json.dumps(out).encode())
    assert read is not None
    history = History.of(read)
    turns = [history.turn(nth) for nth in range(len(history.assistants))]
    assert [len(turn.calls) for turn in turns if turn] == [2, 3]


@every
def test_the_conversation_keeps_its_place(dialect: Dialect) -> None:
    """What an answer is remembered under is the history in order, the thread the agent's own."""
    apart = bodied(dialect, [results(Z), calls(A), results(A), calls(B), results(B)])
    data, out = sent(dialect, apart, to=knowing((A, B)))
    assert out.history is not None and out.body is not None
    turns = [out.history.turn(nth) for nth in range(len(out.history.assistants))]
    assert [turn.calls for turn in turns if turn] == [(A, B)]
    assert out.conversation == History.of(out.body).root
    assert json.loads(out.body.encode()) == apart
    assert "thought 0" in json.dumps(data)
    assert (out.replayed, out.placeholders) == (1, 0)


@every
@pytest.mark.parametrize("made", [("call_0",), ("a", "b"), ("", "a"), ("", ""), (X,)])
def test_an_answer_comes_back_under_ids_that_are_known_before(
    dialect: Dialect, made: tuple[str, ...]
) -> None:
    """It is remembered as it will be sent, also where its own ids are refused."""
    before = [calls("call_0"), results("call_0")]
    history = _history(dialect, bodied(dialect, before))
    turn = coming_back(Turn(made, ("f",) * len(made)), history)
    after, _ = mended(dialect, bodied(dialect, [*before, calls(*made), results(*made)]))
    last = _history(dialect, after).turn(1)
    assert last is not None and last.calls == turn.calls


def _history(dialect: Dialect, body: dict[str, Any]) -> History:
    read = Body.read(dialect, json.dumps(body).encode())
    assert read is not None
    return History.of(read)


@pytest.mark.parametrize("dialect", [Dialect.CHAT, Dialect.RESPONSES])
def test_a_tool_was_given_an_object(dialect: Dialect) -> None:
    """What these wires want as a text becomes one."""
    whole = json.dumps(bodied(dialect, [calls(X), results(X)]))
    out, _ = mended(dialect, json.loads(whole.replace('"{}"', '{"a": 1}')))
    assert out == json.loads(whole.replace('"{}"', json.dumps('{"a": 1}')))
