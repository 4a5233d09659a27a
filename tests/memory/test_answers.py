"""A long history asks for all its turns at once: what made each call, read but not kept."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dsfix.memory import DAY, OriginMemory
from dsfix.memory.recall import Stored
from dsfix.protocol.turns import Reasoning, Turn
from tests.memory.test_memory import ORIGIN, file, opened, recall, turn
from tests.repairs.support import At

__all__ = ["file"]
FIRST, SECOND, THIRD = (f"call_00_{letter}vcqkmHM5yJ5nZ2x8rTa0b1" for letter in "abc")


def answer(*calls: str, thought: str) -> Turn:
    return Turn(calls, reasoning=Reasoning(((thought, "sig"),)))


def test_what_is_on_disk_is_told_with_its_calls_and_reasoning(file: Path) -> None:
    """A call is found by any of an answer's, with all that the reasoning may hold."""
    thought = 'line\n"quoted" \\ \u2028 é 🙂 \x7f'
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn(FIRST, SECOND, thought=thought, text="said"), At())
        memory.remember(turn('call_"] 8rTa0b1c2d3e', thought="odd"), At())
        OriginMemory(store, "https://other").remember(turn(THIRD, thought="not here"), At())
    with opened(file) as store:
        wanted = [SECOND, THIRD, 'call_"] 8rTa0b1c2d3e']
        assert OriginMemory(store, ORIGIN).answers(wanted) == {
            SECOND: answer(FIRST, SECOND, thought=thought),
            wanted[2]: answer(wanted[2], thought="odd"),
        }


def test_a_name_that_goes_on_behind_a_nul_is_not_the_one_before_it(file: Path) -> None:
    """Once on disk, it stands for no other call, and in nobody's way."""
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn(f"{FIRST}\0x", thought="odd"), At())
        memory.remember(turn(f"{SECOND}\0x", thought="odd"), At())
        memory.remember(turn(SECOND, thought="why"), At())
    with opened(file) as store:
        found = OriginMemory(store, ORIGIN).answers([FIRST, SECOND])
        assert found == {SECOND: answer(SECOND, thought="why")}


@pytest.mark.parametrize("on_disk", [True, False])
def test_what_this_process_has_learnt_is_told_before_it_is_on_disk(
    file: Path, on_disk: bool
) -> None:
    """Also where there is no disk at all."""
    with opened(file if on_disk else None) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn(FIRST, thought="why"), At())
        assert memory.answers([FIRST, SECOND]) == {FIRST: answer(FIRST, thought="why")}


def test_a_turn_with_a_secret_is_told_from_memory(file: Path) -> None:
    """It never reaches the disk, and is known all the same."""
    with opened(file, secret=lambda text: "sk-" in text) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn(FIRST, thought="sk-1"), At())
        assert memory.answers([FIRST]) == {FIRST: answer(FIRST, thought="sk-1")}


@pytest.mark.parametrize("in_ram", [True, False])
def test_of_several_with_one_call_none_is_told(file: Path, in_ram: bool) -> None:
    """Which one is meant is decided by more than the call; the others are told."""
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn(FIRST, thought="one"), At("p", "c"))
        memory.remember(turn(FIRST, SECOND, thought="two"), At("q", "d"))
        memory.remember(turn(THIRD, thought="three"), At())
        if in_ram:
            assert memory.answers([FIRST, THIRD])[FIRST] is None
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        assert memory.answers([THIRD, FIRST]) == {
            THIRD: answer(THIRD, thought="three"),
            FIRST: None,
        }
        assert recall(memory, turn(FIRST)) == "one"


def test_of_what_the_disk_may_have_more_none_is_told(file: Path) -> None:
    """Nobody has looked whether there are others of the same call: `recall` will."""
    with opened(file) as store:
        store.add(ORIGIN, [Stored.of(turn(FIRST, thought="why"), At())])
        memory = OriginMemory(store, ORIGIN)
        assert memory.answers([FIRST]) == {FIRST: None}
        assert recall(memory, turn(FIRST)) == "why"


def test_a_damaged_row_hides_no_other(file: Path) -> None:
    """It is unknown itself; of the rest nothing is sure until each row is read by itself."""
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        for call in (FIRST, SECOND):
            memory.remember(turn(call, thought=call), At(chain=call))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE turns SET reasoning = '[1' WHERE chain = ?", (FIRST,))
        connection.commit()
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        assert memory.answers([FIRST, SECOND]) == {FIRST: None, SECOND: None}
        assert memory.prefetch([(turn(FIRST), At()), (turn(SECOND), At())]) == {SECOND}
        assert recall(memory, turn(SECOND)) == SECOND
        assert recall(memory, turn(FIRST)) is None


def test_what_is_asked_for_stays_young(file: Path) -> None:
    """Age counts from the last time that a history brought the call."""
    now = [1_000_000_000.0]
    for days, call in ((0.0, FIRST), (6.0, SECOND), (6.0, THIRD)):
        now[0] += days * DAY
        with opened(file, clock=lambda: now[0], max_age=10 * DAY) as store:
            memory = OriginMemory(store, ORIGIN)
            assert memory.answers([FIRST]).keys() == ({FIRST} if days else set())
            memory.remember(turn(call, thought=call), At(chain=call))
