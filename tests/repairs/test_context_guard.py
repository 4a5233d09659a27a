"""Replayed reasoning shrinks before the context overflows: the oldest first, once, for good."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dsfix.memory import OriginMemory
from dsfix.protocol.body import Dialect
from dsfix.protocol.turns import Reasoning, Turn
from dsfix.repairs import REPAIRS
from dsfix.repairs.base import Rules, Step
from dsfix.repairs.chain import Outgoing, prepare
from dsfix.repairs.recall import Length
from dsfix.upstreams.base import Model
from tests.repairs.support import RULES, USER, At, call, memory, request, result

ALL = [Dialect.MESSAGES, Dialect.CHAT, Dialect.RESPONSES]
SMALL = Rules(
    RULES.main, RULES.small, lambda name: Model(name, context=9000, output=1000), strict=True
)
DENSITY = 0.3


def thought(number: int) -> str:
    return f"thought {number} " + "word " * 1000


def ident(number: int) -> str:
    return f"call_00_a{number:023d}"


def knowing(turns: int) -> OriginMemory:
    known = memory()
    for number in range(turns):
        reasoning = Reasoning(((thought(number), "s"),))
        known.remember(Turn((ident(number),), ("f",), (), reasoning), At())  # type: ignore[arg-type]
    return known


def history(dialect: Dialect, turns: int) -> Any:
    """A request whose tool turns have all lost their reasoning."""
    pairs = [
        message
        for number in range(turns)
        for message in (call(ident(number), dialect=dialect), result(ident(number), dialect))
    ]
    return request(USER, *pairs, dialect=dialect)


def prepared(
    dialect: Dialect, turns: int, known: OriginMemory, length: Length, rules: Rules = SMALL
) -> tuple[Any, Outgoing]:
    """What goes upstream, decoded, and the whole outcome."""
    data = json.dumps(history(dialect, turns)).encode()
    out = prepare(
        dialect, data, REPAIRS, rules, known, lambda _: Step.NONE, length=lambda _: length
    )
    return json.loads(out.data), out


def real(out: Any, turns: int) -> list[int]:
    text = json.dumps(out)
    return [number for number in range(turns) if thought(number) in text]


@pytest.mark.parametrize("dialect", ALL)
def test_the_oldest_shrink_first(dialect: Dialect) -> None:
    """What fits is left alone; when it no longer does, the oldest texts become placeholders."""
    known = knowing(12)
    out, outgoing = prepared(dialect, 5, known, Length(DENSITY))
    assert real(out, 5) == [0, 1, 2, 3, 4]
    assert outgoing.replayed == 5
    out, outgoing = prepared(dialect, 6, known, Length(DENSITY))
    assert real(out, 6) == [1, 2, 3, 4, 5] or real(out, 6) == [2, 3, 4, 5]
    assert (outgoing.replayed, outgoing.placeholders) in ((5, 1), (4, 2))
    assert "context-guard" in [change.repair for change in outgoing.changes]


@pytest.mark.parametrize("dialect", ALL)
def test_what_has_shrunk_stays_so(dialect: Dialect) -> None:
    """The next requests send the same bytes for the turns before, in this process and the next."""
    known = knowing(12)
    prepared(dialect, 5, known, Length(DENSITY))
    first, _ = prepared(dialect, 6, known, Length(DENSITY))
    again, outgoing = prepared(dialect, 6, known, Length(DENSITY))
    assert again == first
    assert "context-guard" not in [change.repair for change in outgoing.changes]
    known.store.recent.clear()  # another process has the file, and nothing else
    later, _ = prepared(dialect, 6, known, Length())
    assert later == first


@pytest.mark.parametrize("dialect", ALL)
def test_the_upstreams_own_count_is_believed(dialect: Dialect) -> None:
    """A prompt that the upstream found too long sheds as much as it must, however it was counted."""
    out, _ = prepared(dialect, 3, knowing(3), Length(shed=6000), RULES)
    assert real(out, 3) == [2]


@pytest.mark.parametrize("dialect", ALL)
def test_nothing_is_guessed(dialect: Dialect) -> None:
    """Before the upstream has counted anything, no reasoning is given up."""
    out, _ = prepared(dialect, 12, knowing(12), Length())
    assert len(real(out, 12)) == 12
