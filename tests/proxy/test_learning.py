"""What an agent sent with reasoning of its own is kept, a few turns at a time."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from dsfix.memory import OriginMemory, Store
from dsfix.protocol.body import Dialect
from dsfix.protocol.history import History
from dsfix.protocol.turns import Turn
from dsfix.proxy.learning import SLICE, Learning
from dsfix.repairs.chain import Outgoing
from dsfix.repairs.recall import Place
from tests.repairs.support import TOOLS, USER, call, memory, result, sent
from tests.support.in_process import PATHS, InProcess
from tests.support.strict_endpoint import StrictEndpoint

MESSAGES = Dialect.MESSAGES
TURNS = 3 * SLICE + 7


def _history(thinks: bool) -> list[Any]:
    said = [
        [{"type": "thinking", "thinking": f"why {n}", "signature": "s"}] if thinks else []
        for n in range(TURNS)
    ]
    made = [(call(_id(n), *said[n]), result(_id(n))) for n in range(TURNS)]
    return [USER, *(message for pair in made for message in pair)]


def _id(number: int) -> str:
    return f"call_00_{number:04d}a1b2c3d4e5f6a7b8c9d0"


def _carrying() -> Outgoing:
    _, out = sent(MESSAGES, {"messages": _history(True), "tools": TOOLS[MESSAGES]})
    assert len(out.carried) == TURNS
    return out


def _known(where: OriginMemory, history: History | None) -> int:
    assert history is not None
    places = [Place(history, index) for index in history.assistants]
    turns = [Turn((_id(number),), ("f",)) for number in range(TURNS)]
    return sum(map(where.knows, turns, places))


def test_others_have_their_turn_while_a_long_history_is_learnt() -> None:
    """What streams meanwhile does not wait for all of it."""
    where, out = memory(), _carrying()

    async def learnt() -> list[int]:
        learning, seen = Learning(where), [0]
        learning.soon(out)
        while seen[-1] < TURNS:
            await asyncio.sleep(0)
            seen.append(_known(where, out.history))
        return seen

    assert asyncio.run(learnt()) == [0, SLICE, 2 * SLICE, 3 * SLICE, TURNS]


def test_what_is_asked_for_is_learnt_before() -> None:
    """And once: what was scheduled for it finds nothing left."""
    where, out = memory(), _carrying()

    async def learnt() -> int:
        learning = Learning(where)
        learning.soon(out)
        learning.finish()
        known = _known(where, out.history)
        await asyncio.sleep(0)
        return known

    assert asyncio.run(learnt()) == TURNS
    assert where.learnt(0)[0] == TURNS


def test_an_agent_may_lose_all_of_it_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next request, or the next session, puts back what the last one brought."""
    monkeypatch.setattr("dsfix.proxy.learning.SLICE", 1)  # it takes long
    bodies = [
        json.dumps(
            {
                "model": "deepseek-v4-pro",
                "max_tokens": 100,
                "messages": _history(thinks),
                "tools": TOOLS[MESSAGES],
                "stream": True,
            }
        ).encode()
        for thinks in (True, False)
    ]
    with StrictEndpoint() as endpoint:
        with InProcess(endpoint.url, tmp_path / "memory.db") as proxy:
            for body in bodies:
                with proxy.asking("POST", PATHS["messages"], body) as response:
                    response.read()
            assert [each.replayed for each in proxy.journal.over] == [0, TURNS]
        with (
            InProcess(endpoint.url, tmp_path / "other.db") as proxy,
            proxy.asking("POST", PATHS["messages"], bodies[0]) as response,
        ):
            response.read()
    store = Store(tmp_path / "other.db")
    store.open()
    assert store.stats()[0] == TURNS + 1
    store.close()
