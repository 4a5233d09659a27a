"""A user who says the same again and again, and an upstream that answers in the same words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsfix.memory import OriginMemory, Store
from dsfix.memory.database import Row
from dsfix.memory.ram import ALIKE, Ram
from dsfix.memory.recall import Stored
from dsfix.protocol.turns import Reasoning, Turn
from tests.repairs.support import At

COUNT = 3 * ALIKE
WHY = Reasoning((("why", "sig"),))


def fill(store: Store) -> str:
    """That many turns with one text behind one prompt; gives their key."""
    memory = OriginMemory(store, "o")
    for number in range(COUNT):
        thought = Reasoning(((f"thought {number}", ""),))
        memory.remember(Turn(texts=("Done.",), reasoning=thought), At("p", f"chain {number}", ""))
    return Turn(texts=("Done.",)).key


def numbers(store: Store, key: str) -> list[str]:
    return [each.reasoning.text for each in store.candidates("o", "key", key)]


LATEST = [f"thought {number}" for number in reversed(range(COUNT - ALIKE, COUNT))]


@pytest.mark.parametrize("room", [1 << 20, 1])
def test_only_the_latest_are_looked_at(tmp_path: Path, room: int) -> None:
    """As many in RAM as are read from disk, or each one more would cost more than the last."""
    store = Store(tmp_path / "memory.db", ram=room)
    store.open()
    key = fill(store)
    assert numbers(store, key) == LATEST
    store.close()
    again = Store(tmp_path / "memory.db")
    again.open()
    assert numbers(again, key) == LATEST
    again.close()


def test_so_it_is_without_a_disk() -> None:
    """What is in RAM alone is bounded in the same way."""
    store = Store(None)
    assert numbers(store, fill(store)) == LATEST


def stored(number: int, size: int = 0) -> Stored:
    turn = Turn((f"call_{number}",), ("f",), (), Reasoning((("x" * size, ""),)))
    return Stored.of(turn, At(f"p{number}", "c", ""))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5000)), min_size=1, max_size=300))
def test_what_goes_makes_as_much_room_as_it_took(turns: list[tuple[int, int]]) -> None:
    """However turns came and went, no room is owed to anybody in the end."""
    ram = Ram(50_000)
    for number, (name, size) in enumerate(turns):
        ram.push(str(name), stored(number, size), number, first=True)
        ram.trim(number)
    assert ram._size == sum(kept.size for kept in ram._kept.values())
    assert ram._size <= 50_000 or len(ram._kept) == 1


def test_what_is_not_on_disk_yet_stays() -> None:
    """A turn that only this process knows is not dropped for want of room."""
    ram = Ram(1)
    for number in range(5):
        ram.push(str(number), stored(number), number, first=True)
        ram.trim(committed=1)
    assert ram.missing(map(str, range(5))) == ["0", "1"]
    ram.trim(committed=4)
    assert ram.missing(map(str, range(5))) == ["0", "1", "2", "3"]


def test_what_is_new_stands_before_what_the_disk_has() -> None:
    """A turn is kept without a look at the disk, which is asked once somebody wants all."""
    ram = Ram(1 << 20)
    ram.push("name", stored(2), 1, first=False)
    assert ram.missing(["name"]) and ram.get("name") is None
    assert ram.put("name", (stored(2), stored(1))) == (stored(2), stored(1))
    ram.push("name", stored(3), 2, first=False)
    assert ram.get("name") == (stored(3), stored(2), stored(1))


def test_a_turn_is_kept_without_asking_the_disk(tmp_path: Path) -> None:
    """An earlier session's turn of the same name is found behind it all the same."""
    path = tmp_path / "memory.db"
    for thought in ("first", "second"):
        store = Store(path)
        store.open()
        asked: list[str] = []
        assert store._database is not None
        store._database.read = _told(store._database.read, asked)  # type: ignore[method-assign]
        reasoning = Reasoning(((thought, ""),))
        turn = Turn(texts=("Done.",), reasoning=reasoning)
        store.add("o", [Stored.of(turn, At("p", thought, ""))])
        assert not asked
        found = [each.reasoning.text for each in store.candidates("o", "key", turn.key)]
        assert found == ["second", "first"][thought == "first" :]
        store.close()
    assert asked


@pytest.mark.parametrize(
    "turn",
    [
        Turn(("call_00_GvcqkmHM5yJ5nZ2x8rTa0b1c",), ("f",), reasoning=WHY),
        Turn(texts=("Done.",), reasoning=WHY),
    ],
    ids=["calls", "text"],
)
def test_the_next_request_finds_a_new_turn_without_asking_the_disk(
    turn: Turn, tmp_path: Path
) -> None:
    """What the disk has of its name is read when it is kept, while nobody waits."""
    store = Store(tmp_path / "memory.db")
    store.open()
    asked: list[str] = []
    assert store._database is not None
    store._database.read = _told(store._database.read, asked)  # type: ignore[method-assign]
    memory = OriginMemory(store, "o")
    memory.remember(turn, At())
    assert asked
    asked.clear()
    memory.prefetch([(turn, At())])
    found = memory.recall(turn, At())
    assert found is not None and found.reasoning == WHY
    assert not asked
    store.close()


def _told(read: Callable[..., list[Row]], asked: list[str]) -> Callable[..., list[Row]]:
    def reading(sql: str, values: Sequence[object]) -> list[Row]:
        asked.append(sql)
        return read(sql, values)

    return reading


@pytest.mark.parametrize("turn", [Turn(texts=("Done.",)), Turn(("call_0",), ("f",))])
def test_what_another_process_has_added_is_found(tmp_path: Path, turn: Turn) -> None:
    """A conversation goes on in a process that has been asked for the same words or ids before."""
    here, there = (Store(tmp_path / "memory.db") for _ in range(2))
    for store in (here, there):
        store.open()
        OriginMemory(store, "o").remember(_because(turn, "another"), At("x", "x", ""))
    asked = OriginMemory(here, "o")
    assert asked.recall(turn, At("p", "c", "")) is None
    OriginMemory(there, "o").remember(_because(turn, "why"), At("p", "c", ""))
    there.close()
    asked.remember(_because(turn, "later"), At("y", "y", ""))
    found = asked.recall(turn, At("p", "c", ""))
    assert found is not None and found.reasoning.text == "why"
    here.close()


def _because(turn: Turn, why: str) -> Turn:
    return turn.reasoned(Reasoning(((why, ""),)))


@pytest.mark.parametrize(
    "turn", [Turn(texts=("Done.",)), Turn(("functions.f:0",), ("f",))], ids=["text", "counted"]
)
def test_one_older_than_the_latest_is_found_at_its_place(tmp_path: Path, turn: Turn) -> None:
    """A new process goes on with a conversation that many others like it have come after."""
    store = Store(tmp_path / "memory.db")
    store.open()
    memory = OriginMemory(store, "o")
    for number in range(COUNT):
        memory.remember(_because(turn, f"thought {number}"), At("p", f"chain {number}", ""))
    store.close()
    again = Store(tmp_path / "memory.db")
    again.open()
    memory = OriginMemory(again, "o")
    name = turn.calls[0] if turn.calls else turn.key
    assert name in memory.prefetch([(turn, At("p", "chain 0"))])
    found = memory.recall(turn, At("p", "chain 0", ""))
    assert found is not None and found.here and found.reasoning.text == "thought 0"
    assert memory.knows(turn, At("p", "chain 0", "")) or not turn.calls
    assert memory.recall(turn, At("p", "no chain", "")) is None
    again.close()


def test_counted_ids_are_read_by_their_place(tmp_path: Path) -> None:
    """One row for each turn, however many conversations have counted as far."""
    store = Store(tmp_path / "memory.db")
    store.open()
    memory = OriginMemory(store, "o")
    turns = [Turn((f"functions.f:{number}",), ("f",)) for number in range(3)]
    for turn in turns:
        for other in range(COUNT):
            memory.remember(_because(turn, "why"), At("p", f"{turn.calls[0]} {other}", ""))
    store.close()
    again = Store(tmp_path / "memory.db")
    again.open()
    rows: list[int] = []
    assert again._database is not None
    read = again._database.read

    def counting(sql: str, values: Sequence[object]) -> list[Row]:
        found = read(sql, values)
        rows.append(len(found))
        return found

    again._database.read = counting  # type: ignore[method-assign]
    memory = OriginMemory(again, "o")
    memory.prefetch([(turn, At("p", f"{turn.calls[0]} 7")) for turn in turns])
    for turn in turns:
        assert memory.recall(turn, At("p", f"{turn.calls[0]} 7", "")) is not None
    assert rows == [3]
    again.close()


def test_what_the_disk_has_anew_stands_in_its_order() -> None:
    """Turns that are on disk are not news; what waits still stands first, and nothing is lost."""
    ram = Ram(1 << 20)
    ram.put("name", (stored(2), stored(1)))
    ram.push("name", stored(4), 1, first=False)
    assert ram.get("name", anew=True) is not None
    ram.trim(committed=0)
    assert ram.get("name", anew=True) is None
    assert ram.put("name", (stored(3), stored(2))) == (stored(4), stored(3), stored(2))
    assert ram.put("name", (stored(4), stored(3)), committed=1) == (stored(4), stored(3))
    assert ram.put("name", (), committed=1) == (stored(4), stored(3))
