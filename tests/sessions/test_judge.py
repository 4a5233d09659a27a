"""The judge sees what it has to see."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from tests.sessions.agent import Request
from tests.sessions.fault import Fault
from tests.sessions.habits import Habits, Scene
from tests.sessions.judge import Judge
from tests.sessions.truth import Called, Entry, Prompt, Reply, Result, Thread
from tests.sessions.upstream import Plan
from tests.sessions.writing import body
from tests.support.strict_endpoint import Received

HABITS = replace(Habits.drawn(Random(0)), session="x_session_id", splits="", streams=False)
SCENE = replace(Scene.drawn(Random(0)), ids="own", refusals=False, density=0)
ID = "call_00_0123456789abcdef01234567"
DIALECTS = pytest.mark.parametrize("dialect", ["messages", "chat", "responses"])


def thread(dialect: str, *thoughts: str, shown: str = "kept") -> Thread:
    """A call and a text, with these thoughts."""
    call, text = (
        Reply(2, "", (Called(ID, "Bash", {"command": "ls"}),), thoughts[0], shown=shown),
        Reply(4, "All is done.", reasoning=thoughts[1], shown=shown),
    )
    history: list[Entry] = [Prompt(1, "go"), call, Result(3, ID, "ok"), text, Prompt(5, "on")]
    return Thread(dialect, "s", history)


def asked(given: Thread, sent: Thread) -> Request:
    """A request that was answered with nothing, and came upstream as another is written."""
    plan = Plan(1, "id")
    plan.requests.append(Received(1, "POST", plan.path(sent.dialect), [], body(HABITS, sent)))
    empty = {
        "messages": b'{"content": []}',
        "chat": b'{"choices": [{"message": {"content": ""}}]}',
        "responses": b'{"output": []}',
    }
    return Request(given, plan, body(HABITS, given), {}, status=200, data=empty[given.dialect])


@DIALECTS
@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (("one", "two"), ""),
        (("two", "one"), "another's"),
        (("one", "three"), "another's"),
        (("one", ""), "none"),
        (("[reasoning not recorded before calling Bash: 0]", "two"), "lost"),
    ],
)
def test_each_turn_has_its_own_reasoning(dialect: str, sent: tuple[str, str], kind: str) -> None:
    """Another's reasoning, none, or a placeholder for what is known is a fault; the truth is not."""
    judge = Judge(HABITS, SCENE)
    request = asked(thread(dialect, "one", "two", shown="lost"), thread(dialect, *sent))
    if not kind:
        judge.check(request, None)
        return
    with pytest.raises(Fault) as caught:
        judge.check(request, None)
    assert caught.value.kind == kind


@DIALECTS
def test_what_was_sent_is_sent_again(dialect: str) -> None:
    """A turn whose reasoning was sent and is another one later breaks the cache."""
    judge = Judge(HABITS, SCENE)
    first = thread(dialect, "one", "two")
    judge.check(asked(first, first), None)
    again = thread(dialect, "one", "two", shown="lost")
    placed = thread(dialect, "one", "[reasoning not recorded here: 0]")
    again.replies[1].place = None
    with pytest.raises(Fault) as caught:
        judge.check(asked(again, placed), None)
    assert caught.value.kind == "prefix"


@DIALECTS
def test_all_else_stays_as_it_is(dialect: str) -> None:
    """A changed result, and an answer that came otherwise, are faults."""
    given, sent = thread(dialect, "one", "two"), thread(dialect, "one", "two")
    sent.history[2] = Result(3, ID, "something else")
    with pytest.raises(Fault) as caught:
        Judge(HABITS, SCENE).check(asked(given, sent), None)
    assert caught.value.kind == "rest"
    request = asked(given, given)
    request.plan.text = "Said."
    with pytest.raises(Fault) as caught:
        Judge(HABITS, SCENE).check(request, None)
    assert caught.value.kind == "answer"
