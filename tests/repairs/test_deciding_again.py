"""What is decided for a turn without calls holds until memory has learnt more of such turns."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from dsfix.memory import OriginMemory, Store
from dsfix.memory.store import LATEST
from dsfix.protocol.body import Dialect
from dsfix.protocol.turns import Reasoning, Turn
from dsfix.repairs.chain import Outgoing
from dsfix.repairs.placeholder import is_placeholder
from dsfix.repairs.recall import Found, Place
from tests.repairs.support import At, call, memory, request, result, sent

MESSAGES = Dialect.MESSAGES
CALL = "call_00_" + "1" * 24


class Counting(OriginMemory):
    """A memory that is told how often it is asked."""

    asked: ClassVar[list[Turn]] = []

    def recall(self, turn: Turn, place: Place) -> Found | None:
        """As any memory."""
        self.asked.append(turn)
        return super().recall(turn, place)


def user(words: str) -> dict[str, Any]:
    return {"role": "user", "content": words}


def thinking(text: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": text, "signature": "s"}


def said(words: str, thought: str = "") -> dict[str, Any]:
    text = {"type": "text", "text": words}
    return {"role": "assistant", "content": [thinking(thought), text] if thought else [text]}


def answered(to: OriginMemory, out: Outgoing, words: str, thought: str) -> None:
    """The upstream gives this answer."""
    assert out.history is not None
    turn = Turn(texts=(words,), reasoning=Reasoning(((thought, "s"),)))
    to.remember(turn, Place(out.history, len(out.history.messages)))


def thought_of(body: Any, place: int = 1) -> str:
    return str(body["messages"][place]["content"][0]["thinking"])


def test_a_turn_is_asked_for_once() -> None:
    """However long a conversation of texts has become, only what is new in it is looked up."""
    Counting.asked.clear()
    to = Counting(Store(None), "https://upstream.example")
    messages = []
    for number in range(40):
        messages.append(user(f"question {number}"))
        body, out = sent(MESSAGES, request(*messages), to=to)
        answered(to, out, f"answer {number}", f"thought {number}")
        messages.append(said(f"answer {number}"))
    assert thought_of(body) == "thought 0"
    assert len(Counting.asked) < 2 * 40


@pytest.mark.parametrize("others", [0, LATEST + 1], ids=["lately", "long ago"])
def test_what_memory_has_learnt_since_counts(others: int) -> None:
    """Two sub-agents with one prompt that answer alike: from then on nobody knows which it was."""
    to = memory()
    _, out = sent(MESSAGES, request(user("task")), to=to)
    answered(to, out, "ok", "mine")
    body, _ = sent(MESSAGES, request(user("task"), said("ok"), user("go on")), to=to)
    assert thought_of(body) == "mine"
    answered(to, out, "ok", "another's")
    for number in range(others):
        to.remember(Turn((f"call_00_{number:020d}",)), At())
    body, _ = sent(MESSAGES, request(user("task"), said("ok"), user("go on")), to=to)
    assert is_placeholder(thought_of(body))


@pytest.mark.parametrize(
    ("own", "after"),
    [(said("ok", "mine"), user("go on")), (call(CALL, thinking("mine")), result(CALL))],
    ids=["text", "call"],
)
def test_what_the_agent_carries_is_offered_until_it_is_learnt(
    own: dict[str, Any], after: dict[str, Any]
) -> None:
    """A request that the upstream did not take is sent again, and nothing of it is lost."""
    to = memory()
    history = request(user("task"), own, after)
    for _ in range(2):
        _, out = sent(MESSAGES, history, to=to)
        assert [index for index, _ in out.carried] == [1]
    assert out.history is not None
    to.learn([(turn, Place(out.history, index)) for index, turn in out.carried])
    for _ in range(2):
        _, out = sent(MESSAGES, history, to=to)
        assert not out.carried


def test_a_turn_that_says_nothing_is_not_waited_for() -> None:
    """Memory never keeps one, so nothing behind it would be settled."""
    silent = {"role": "assistant", "content": [thinking("mine")]}
    _, out = sent(MESSAGES, request(user("task"), silent, user("go on")))
    assert not out.carried


def test_what_stands_behind_a_turn_that_comes_out_otherwise_keeps_what_it_had() -> None:
    """A placeholder is settled, and is sent again when a turn before it is decided anew."""
    to = memory()
    _, out = sent(MESSAGES, request(user("task")), to=to)
    answered(to, out, "ok", "mine")
    history = request(user("task"), said("ok"), user("more"), said("nobody's"), user("go on"))
    before, _ = sent(MESSAGES, history, to=to)
    assert is_placeholder(thought_of(before, 3))
    answered(to, out, "ok", "another's")
    after, _ = sent(MESSAGES, history, to=to)
    assert is_placeholder(thought_of(after))
    assert after["messages"][3] == before["messages"][3]


def test_a_placeholder_of_a_common_id_is_of_its_place() -> None:
    """A twin's `call_0`, of which nobody knows the reasoning, takes nothing from this one."""
    to = memory()
    _, out = sent(MESSAGES, request(user("task")), to=to)
    assert out.history is not None
    thought = Reasoning((("mine", "s"),))
    to.remember(Turn(("call_0",), ("f",), (), thought), Place(out.history, 1))
    mine = request(user("task"), call("call_0"), result("call_0"))
    assert thought_of(sent(MESSAGES, mine, to=to)[0]) == "mine"
    twins = request(user("task"), said("twin"), user("go on"), call("call_0"), result("call_0"))
    assert is_placeholder(thought_of(sent(MESSAGES, twins, to=to)[0], 3))
    to.store.recent.clear()
    assert thought_of(sent(MESSAGES, mine, to=to)[0]) == "mine"


@pytest.mark.parametrize(("words", "tool"), [("Once more.", "f"), ("", "g")])
def test_a_placeholder_of_a_common_id_is_of_what_is_said_with_it(words: str, tool: str) -> None:
    """A prompt that is sent again gets another answer: with other words or another tool."""
    to = memory()
    _, out = sent(MESSAGES, request(user("task")), to=to)
    assert out.history is not None
    place = Place(out.history, 1)
    to.remember(Turn(("call_0",), ("f",), (), Reasoning()), place)
    first = request(user("task"), call("call_0"), result("call_0"))
    assert is_placeholder(thought_of(sent(MESSAGES, first, to=to)[0]))
    to.remember(Turn(("call_0",), (tool,), (words,), Reasoning((("mine", "s"),))), place)
    other = call("call_0", *([{"type": "text", "text": words}] if words else []))
    other["content"][-1]["name"] = tool
    second = request(user("task"), other, result("call_0"))
    assert thought_of(sent(MESSAGES, second, to=to)[0]) == "mine"
