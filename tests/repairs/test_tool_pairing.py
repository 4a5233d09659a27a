"""Calls of one answer stand together, each is answered right behind them, and nothing is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import History
from dsfix.repairs import REPAIRS
from dsfix.repairs.base import Context
from dsfix.repairs.pairing.shape import ORPHAN
from dsfix.repairs.tool_pairing import TOOL_PAIRING
from tests.repairs.pairs import (
    ALL,
    Step,
    bodied,
    calls,
    interrupted,
    listed,
    mended,
    refused_by,
    results,
    said,
    some,
)
from tests.repairs.support import RULES, memory
from tests.repairs.test_laws import recorded

# DeepSeek's own ids: one answer with two calls, another with one; and those of other models.
A, B = "call_00_" + "a1" * 12, "call_01_" + "b2" * 12
C = "call_00_" + "c3" * 12
X, Y, Z = "toolu_01" + "x4" * 10, "toolu_01" + "y5" * 10, "toolu_01" + "z6" * 10
every = pytest.mark.parametrize("dialect", ALL)

REFUSED: dict[str, tuple[list[Step], list[Step]]] = {
    "an answer in several messages": (
        [calls(X, think="t"), calls(Y), results(X, Y)],
        [calls(X, Y, think="t"), results(X, Y)],
    ),
    "an answer in several messages, its reasoning in each": (
        [calls(X, think="t"), calls(Y, think="t"), results(X, Y)],
        [calls(X, Y, think="t"), results(X, Y)],
    ),
    "two answers, of which one was interrupted": (
        [calls(A, think="t"), calls(C, think="u"), results(C)],
        [calls(A, think="t"), interrupted(A), calls(C, think="u"), results(C)],
    ),
    "two answers, and then the results of both": (
        [calls(A), calls(C), results(C, A)],
        [calls(A), results(A), calls(C), results(C)],
    ),
    "a call made while others wait": (
        [calls(X, Y), results(X), calls(Z), results(Y, Z)],
        [calls(X, Y, Z), results(X, Y, Z)],
    ),
    "a text behind the calls": (
        [calls(X), calls(say="so"), results(X)],
        [calls(X, say="so"), results(X)],
    ),
    "a message between": (
        [calls(X, Y), said("user", "wait"), results(X, Y)],
        [calls(X, Y), results(X, Y), said("user", "wait")],
    ),
    "messages between": (
        [calls(X, Y), results(Y), said("user", "1"), results(X), said("user", "2")],
        [calls(X, Y), results(X, Y), said("user", "1"), said("user", "2")],
    ),
    "no result at the end": ([calls(X)], [calls(X), interrupted(X)]),
    "no result for one": (
        [calls(X, Y), results(Y)],
        [calls(X, Y), some(interrupted(X), results(Y))],
    ),
    "words in the place of results": (
        [calls(X, Y), said("user", "stop")],
        [calls(X, Y), interrupted(X, Y), said("user", "stop")],
    ),
    "no result, and it goes on": (
        [calls(X), said("user", "stop"), calls(Y, think="t"), results(Y)],
        [calls(X), interrupted(X), said("user", "stop"), calls(Y, think="t"), results(Y)],
    ),
    "a result twice": ([calls(X), results(X, X)], [calls(X), results(X)]),
    "a call twice": ([calls(X, X), results(X, X)], [calls(X), results(X)]),
}  # fmt: skip


# On Responses calls beside each other are one turn anyway, and so, to the adapter alone, is a call
# made while others wait.
ONE_TURN = [
    (Dialect.RESPONSES, "an answer in several messages"),
    (Dialect.RESPONSES, "two answers, and then the results of both"),
]
NO_GROUP = [(Dialect.RESPONSES, "a call made while others wait")]


@every
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_put_right(dialect: Dialect, name: str) -> None:
    """Calls and results that the upstream does not take become such as it takes."""
    before, after = (bodied(dialect, steps) for steps in REFUSED[name])
    out, _ = mended(dialect, before)
    assert not refused_by(dialect, out)
    if (dialect, name) in ONE_TURN:
        assert not refused_by(dialect, before) and out == before
    else:
        assert listed(out) == listed(after)
    if (dialect, name) not in (*ONE_TURN, *NO_GROUP):
        assert refused_by(dialect, before) == "pairing"


VALID: dict[str, list[Step]] = {
    "one after the other": [calls(X, think="t"), results(X), calls(Y), results(Y)],
    "DeepSeek's own, one after the other": [calls(A), results(A), calls(C), results(C)],
    "in another order": [calls(X, Y), results(Y, X), said("user", "so"), calls(say="well")],
    "words only": [calls(say="one"), calls(say="two"), said("user", "three")],
    "of several messages": [calls(say="one"), calls(X), results(X), said("user", "go")],
}


@every
@pytest.mark.parametrize("name", VALID)
def test_what_is_taken_stays(dialect: Dialect, name: str) -> None:
    """A history that is taken as it is goes out as the bytes that came in."""
    body = bodied(dialect, VALID[name])
    assert not refused_by(dialect, body)
    assert mended(dialect, body) == (body, [])


@pytest.mark.parametrize(("dialect", "data"), list(recorded()))
def test_what_agents_sent_stays(dialect: Dialect, data: bytes) -> None:
    """No recorded request of a real agent is touched."""
    body = Body.read(dialect, data)
    assert body is not None and TOOL_PAIRING.request is not None
    assert TOOL_PAIRING.request(body, Context(RULES, memory(), History.of(body))) is body


@pytest.mark.parametrize(
    ("dialect", "role"),
    [(Dialect.MESSAGES, "system"), (Dialect.CHAT, "system"), (Dialect.RESPONSES, "developer")],
)
def test_instructions_between(dialect: Dialect, role: str) -> None:
    """A system message or a hook's words between a call and its result go behind the result."""
    steps = [calls(A), said(role, "be brief"), results(A)]
    out, _ = mended(dialect, bodied(dialect, steps))
    expected = bodied(dialect, [calls(A), results(A), said(role, "be brief")])
    assert listed(out) == listed(expected)


ORPHANS = [
    ("before its call", [results(X), calls(X, think="t"), results(X)], True),
    ("of a call that is gone", [results(X), said("user", "go on")], True),
    ("too late", [calls(X), said("user", "so?"), calls(C, think="t"), results(C, X)], False),
]


@every
@pytest.mark.parametrize(("name", "steps", "first"), ORPHANS)
def test_a_result_without_its_call(
    dialect: Dialect, name: str, steps: list[Step], first: bool
) -> None:
    """It becomes words of the user's where it stood, and its text is kept."""
    before = bodied(dialect, steps)
    assert refused_by(dialect, before) == "pairing"
    out, changes = mended(dialect, before)
    assert not refused_by(dialect, out)
    texts = [place for place, message in enumerate(listed(out)) if ORPHAN in json.dumps(message)]
    assert texts == [1 if first else len(listed(out)) - 1]
    told = listed(out)[texts[0]]
    assert told["role"] == "user" and f"{ORPHAN}\\nok" in json.dumps(told)
    assert "results without a call turned into text" in [change.detail for change in changes]


PICTURES = {
    Dialect.MESSAGES: [
        {"type": "text", "text": "seen"},
        {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
    ],
    Dialect.CHAT: [
        {"type": "text", "text": "seen"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ],
    Dialect.RESPONSES: [
        {"type": "input_text", "text": "seen"},
        {"type": "input_image", "image_url": "https://example.com/a.png"},
    ],
}


@every
def test_images_of_a_result_without_its_call(dialect: Dialect) -> None:
    """They stay as they are, behind the words; so do other blocks of the message."""
    out, _ = mended(dialect, bodied(dialect, [results(X, content=PICTURES[dialect])]))
    first, *rest = listed(out)[1]["content"]
    assert first["text"] == ORPHAN and rest == PICTURES[dialect]
    assert not refused_by(dialect, {**out, "model": "deepseek-v4-flash"})


@every
@pytest.mark.parametrize("content", ["", None, []])
def test_an_empty_result_without_its_call(dialect: Dialect, content: Any) -> None:
    """Then the words alone are told."""
    out, _ = mended(dialect, bodied(dialect, [results(X, content=content)]))
    assert json.dumps(listed(out)[1]).count(ORPHAN) == 1
    assert not refused_by(dialect, out)


@every
def test_another_result_for_the_same_call(dialect: Dialect) -> None:
    """The first is the call's; a later one that says something else is told as text."""
    steps = [calls(X), some(results(X, content="begun"), results(X, content="done"))]
    out, _ = mended(dialect, bodied(dialect, steps))
    text = json.dumps(listed(out))
    assert text.index("begun") < text.index(ORPHAN) < text.index("done")
    assert not refused_by(dialect, out)


@every
@pytest.mark.parametrize("lost", ["", None])
def test_lost_ids(dialect: Dialect, lost: str | None) -> None:
    """Calls and results without ids are matched in order, and get ids that stay the same."""
    steps = [calls(X), results(X), calls(lost, lost), results(lost), said("user", "go")]
    before = bodied(dialect, steps)
    assert refused_by(dialect, before)
    out, _ = mended(dialect, before)
    first, second = "call_unnamed_2", "call_unnamed_3"
    expected = [some(results(first), interrupted(second)), said("user", "go")]
    assert sent_steps(dialect, out) == sent_steps(
        dialect, bodied(dialect, [calls(X), results(X), calls(first, second), *expected])
    )
    assert not refused_by(dialect, out)


def sent_steps(dialect: Dialect, body: dict[str, Any]) -> list[Any]:
    """The messages, whatever the order of their members."""
    return [json.dumps(each, sort_keys=True) for each in listed(body)]


@every
def test_one_id_for_several_calls_of_an_answer(dialect: Dialect) -> None:
    """The later ones get ids of their own, and so do their results."""
    body = json.loads(json.dumps(bodied(dialect, [calls(X, "other"), results(X, X)])).replace(
        '"other"', f'"{X}", "extra": 1'
    ))  # fmt: skip
    out, _ = mended(dialect, body)
    assert refused_by(dialect, body) == "pairing"
    assert json.dumps(listed(out)).count(f'"{X}_2"') == 2
    assert not refused_by(dialect, out)


@every
def test_ids_that_come_again_in_another_answer(dialect: Dialect) -> None:
    """They are only renamed where the upstream refuses them: memory knows a turn by its ids."""
    steps = [calls("call_0"), results("call_0"), said("user", "again")]
    body = bodied(dialect, [*steps, *steps, *steps])
    out, _ = mended(dialect, body)
    if dialect is not Dialect.RESPONSES:
        assert out == body
    else:
        assert refused_by(dialect, body) == "pairing"
        names = [each["call_id"] for each in listed(out) if "call_id" in each]
        assert names == ["call_0"] * 2 + ["call_0_2"] * 2 + ["call_0_3"] * 2
    assert not refused_by(dialect, out)


@every
def test_what_a_tool_was_given(dialect: Dialect) -> None:
    """It must be there; that it is JSON, or an object, nobody demands."""
    name = {Dialect.MESSAGES: "input", Dialect.CHAT: "arguments", Dialect.RESPONSES: "arguments"}
    for odd in ('{"command": "ls', "[1]", ""):
        whole = json.dumps(bodied(dialect, [calls(X), results(X)]))
        value = json.dumps(odd)
        body = json.loads(whole.replace('"input": {}', f'"input": {value}').replace('"{}"', value))
        assert not refused_by(dialect, body)
        assert mended(dialect, body) == (body, [])
    lost = json.loads(
        json.dumps(bodied(dialect, [calls(X), results(X)])).replace(f'"{name[dialect]}":', '"x":')
    )
    assert refused_by(dialect, lost) == "shape"
    assert not refused_by(dialect, mended(dialect, lost)[0])


def test_a_member_that_is_there_twice() -> None:
    """A message that cannot be taken apart is left alone, and nothing fails."""
    twice = b'{"role":"assistant","content":"","tool_calls":[{"id":"%s"}],"name":1,"name":2}'
    data = b'{"model":"m","messages":[%s]}' % (twice % X.encode())
    body = Body.read(Dialect.CHAT, data)
    assert body is not None and TOOL_PAIRING.request is not None
    once = TOOL_PAIRING.request(body, Context(RULES, memory(), History.of(body)))
    assert TOOL_PAIRING.request(once, Context(RULES, memory(), History.of(once))) is once


def test_it_comes_before_all_that_looks_at_turns() -> None:
    """Roles, names and reasoning see the history in order."""
    names = [repair.name for repair in REPAIRS]
    assert names.index("tool-pairing") < names.index("roles") < names.index("thinking-replay")
