"""Reasoning that survives: found again by what agents replay, and never the wrong one."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from dsfix.memory import DAY, OriginMemory, Store
from dsfix.protocol.turns import Reasoning, Turn, without_leak
from dsfix.repairs.base import Step
from tests.repairs.support import At
from tests.support.pty_session import wait_until

ORIGIN = "https://api.deepseek.com"


@contextmanager
def opened(path: Path | None, **kind: object) -> Iterator[Store]:
    """A store that is open while the block runs, and closed as a session closes it."""
    store = Store(path, **kind)  # type: ignore[arg-type]  # passed on as given
    store.open()
    try:
        yield store
    finally:
        store.close()


def turn(*calls: str, thought: str = "", names: tuple[str, ...] = (), text: str = "") -> Turn:
    reasoning = Reasoning(((thought, "sig"),)) if thought else None
    return Turn(calls, names or ("f",) * len(calls), (text,) if text else (), reasoning)


def recall(
    memory: OriginMemory, asked: Turn, previous: str = "p", chain: str = "c", session: str = ""
) -> str | None:
    found = memory.recall(asked, At(previous, chain, session))
    return found.reasoning.text if found else None


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "memory").mkdir()
    return tmp_path / "memory" / "memory.db"


def test_a_turn_is_found_by_its_calls_in_another_process(file: Path) -> None:
    """A store opened on the same file later knows the turn, whatever the order of its calls."""
    with opened(file) as store:
        OriginMemory(store, ORIGIN).remember(turn("a", "b", thought="why"), At())
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        assert recall(memory, turn("b", "a"), chain="other") == "why"


def test_a_random_id_is_enough_and_a_counted_one_is_not(file: Path) -> None:
    """`call_0` of another conversation means nothing, even when it is known only once."""
    random = "call_00_GvcqkmHM5yJ5nZ2x8rTa0b1c"
    counted = "call_0", "functions.Bash:0", "toolu_000000000000000000000000"
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        for ident in (random, *counted):
            memory.remember(turn(ident, thought="why"), At("p", "c", "s"))
        assert recall(memory, turn(random), "x", "x") == "why"
        for ident in counted:
            assert recall(memory, turn(ident), "x", "x") is None
            assert recall(memory, turn(ident), "x", "x", session="s") == "why"


def test_a_turn_is_known_at_once_and_on_disk_soon(file: Path) -> None:
    """This process need not wait for the commit, another one waits a moment."""
    with opened(file) as store, opened(file) as other:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn("a", thought="why"), At())
        assert recall(memory, turn("a")) == "why"
        wait_until(lambda: recall(OriginMemory(other, ORIGIN), turn("a")) == "why")


def test_part_of_a_turn_is_that_turn(file: Path) -> None:
    """An agent that kept one of two calls gets the reasoning of both."""
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn("a", "b", thought="why"), At())
        assert recall(memory, turn("b")) == "why"
        assert recall(memory, turn("b", "z")) is None


def test_reasoning_never_crosses_upstreams(file: Path) -> None:
    """Another origin's turn is unknown, under the same ids."""
    with opened(file) as store:
        OriginMemory(store, ORIGIN).remember(turn("a", thought="why"), At())
        assert recall(OriginMemory(store, "https://api.moonshot.ai"), turn("a")) is None


def test_repeated_ids_are_told_apart_or_unknown(file: Path) -> None:
    """Tools' names decide, then the user's turn, then all before; else it is unknown."""
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn("call_0", thought="one", names=("read",)), At("p1", "c1"))
        memory.remember(turn("call_0", thought="two", names=("write",)), At("p2", "c2"))
        assert recall(memory, turn("call_0", names=("read",)), "x", "x") is None
        assert recall(memory, turn("call_0", names=("read",)), "p1", "x") == "one"
        memory.remember(turn("call_0", thought="three", names=("read",)), At("p3", "c3"))
        asked = turn("call_0", names=("read",))
        assert recall(memory, asked, "p3", "x") == "three"
        memory.remember(turn("call_0", thought="four", names=("read",)), At("p3", "c4"))
        assert recall(memory, asked, "p3", "c4") == "four"
        assert recall(memory, asked, "p3", "x") is None


def test_repeated_ids_of_twin_sub_agents_are_told_apart(file: Path) -> None:
    """Session and place together name the turn where neither does alone."""
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        for session in ("s a", "s b"):
            for place in ("p1", "p2"):
                thought = f"{session} {place}"
                memory.remember(turn("call_0", thought=thought), At(place, place, session))
        assert recall(memory, turn("call_0"), "p2", "p2", "s a") == "s a p2"
        assert recall(memory, turn("call_0"), "p1", "p1", "s b") == "s b p1"
        assert recall(memory, turn("call_0"), "p1", "p1", "another") is None


def test_a_text_turn_is_found_by_its_text_and_what_was_before(file: Path) -> None:
    """Neither alone is enough, and white space around the text does not matter."""
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn(thought="hm", text="done\n"), At())
        assert recall(memory, turn(text="done"), "p") == "hm"
        assert recall(memory, turn(text="done"), "q") is None
        assert recall(memory, turn(text="other"), "p") is None
    with opened(file) as store:
        assert recall(OriginMemory(store, ORIGIN), turn(text="done"), "p") == "hm"


def test_two_sub_agents_with_one_first_message_keep_their_own(file: Path) -> None:
    """The same prompt answered twice in the same words is told apart by what stood before."""
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn(thought="first", text="done"), At(chain="c1"))
        memory.remember(turn(thought="second", text="done"), At(chain="c2"))
        assert recall(memory, turn(text="done"), "p", "c1") == "first"
        assert recall(memory, turn(text="done"), "p", "c2") == "second"
        assert recall(memory, turn(text="done"), "p", "c3") is None


def test_a_turn_that_compaction_moved_is_found_by_the_agents_session(file: Path) -> None:
    """The session's only turn of that text, and from then on at its new place as well."""
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn(thought="early", text="done"), At("p1", "c1", "s"))
        asked = turn(text="done")
        assert recall(memory, asked, "summary", "x") is None
        assert recall(memory, asked, "summary", "x", session="other") is None
        assert recall(memory, asked, "summary", "x", session="s") == "early"
        memory.remember(turn(thought="late", text="done"), At("p2", "c2", "s"))
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        assert recall(memory, asked, "summary", "x", session="s") == "early"
        assert recall(memory, asked, "another", "x", session="s") is None


@pytest.mark.parametrize("calls", [(), ("call_0",)], ids=["text", "counted id"])
def test_what_a_fork_brings_along_is_its_own(file: Path, calls: tuple[str, ...]) -> None:
    """Moved by compaction, it is not taken for what the fork said later in the same words."""
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        asked = turn(*calls, text="done")
        memory.remember(turn(*calls, thought="early", text="done"), At("p1", "c1", "s"))
        for _ in range(2):
            assert recall(memory, asked, "p1", "c1", session="fork") == "early"
        assert recall(memory, asked, "summary", "x", session="fork") == "early"
        memory.remember(turn(*calls, thought="late", text="done"), At("p2", "c2", "fork"))
        assert recall(memory, asked, "another", "x", session="fork") is None


@pytest.mark.parametrize("calls", [(), ("call_0",)], ids=["text", "counted id"])
def test_a_place_tells_more_than_a_session(file: Path, calls: tuple[str, ...]) -> None:
    """What a fork brings along stands where it stood, whatever the fork itself has said since."""
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        asked = turn(*calls, text="done")
        memory.remember(turn(*calls, thought="one", text="done"), At("p", "c1", "s"))
        memory.remember(turn(*calls, thought="two", text="done"), At("p", "c2", "s"))
        memory.remember(turn(*calls, thought="own", text="done"), At("p", "c3", "fork"))
        for chain, thought in (("c1", "one"), ("c2", "two"), ("c3", "own")):
            assert recall(memory, asked, "p", chain, session="fork") == thought


def test_reasoning_that_the_agent_brings_is_learnt_once(file: Path) -> None:
    """From before dsfix, or at a new place; what is known already is not stored again."""
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        for _ in range(3):
            memory.learn([(turn("a", thought="brought"), At())])
            memory.learn([(turn(thought="said", text="hello"), At())])
        memory.learn([(turn("a", thought="altered"), At())])
        memory.learn([(turn(thought="said", text="hello"), At("behind a summary"))])
        assert recall(memory, turn("a")) == "brought"
        assert recall(memory, turn(text="hello"), "behind a summary") == "said"
        wait_until(lambda: store.stats()[0] == 3)


def test_a_long_history_is_learnt_as_one_and_each_turn_is_found(file: Path) -> None:
    """Whatever calls a turn makes, several or none, in another process as well."""
    turns = [
        turn(*(f"{n}-{call}" for call in range(n % 4)), thought=f"why {n}", text=f"text {n}")
        for n in range(40)
    ]
    twice = turn("7-0", "7-1", "7-2", thought="not this")
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn("before", thought="earlier"), At())
        memory.learn([(each, At(f"p {n}", f"c {n}")) for n, each in enumerate([*turns, twice])])
        wait_until(lambda: store.stats()[0] == 42)
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        for n, each in enumerate(turns):
            assert recall(memory, each, f"p {n}", f"c {n}") == f"why {n}"
        assert recall(memory, turn("before")) == "earlier"
        found = [store.candidates(ORIGIN, "call", call) for call in ("before", "7-2", "39-0")]
        assert [len(each) for each in found] == [1, 2, 1]
    with closing(sqlite3.connect(file)) as connection:
        made = 1 + sum(len(each.calls) for each in (*turns, twice))
        assert connection.execute("SELECT count(*) FROM calls").fetchone() == (made,)


def test_the_same_words_are_learnt_for_each_sub_agent(file: Path) -> None:
    """Two that say the same behind the same prompt have thought something else."""
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.learn([(turn(text="hello", thought="one"), At(session="s a"))])
        memory.learn([(turn(text="hello", thought="two"), At(session="s b"))])
        assert recall(memory, turn(text="hello"), session="s a") == "one"
        assert recall(memory, turn(text="hello"), session="s b") == "two"


def test_a_counted_id_is_learnt_wherever_it_stands(file: Path) -> None:
    """`call_0` of another sub-agent is another turn, even behind the same words."""
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        for _ in range(2):
            memory.learn([(turn("call_0", thought="one"), At(session="s a"))])
            memory.learn([(turn("call_0", thought="two"), At(session="s b"))])
        assert recall(memory, turn("call_0"), session="s a") == "one"
        assert recall(memory, turn("call_0"), session="s b") == "two"
        wait_until(lambda: store.stats()[0] == 2)


def test_a_turn_without_reasoning_is_remembered_as_such(file: Path) -> None:
    """The model gave none: that is knowledge, not absence."""
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn("a"), At())
        found = memory.recall(turn("a"), At())
        assert found is not None
        assert found.reasoning == Reasoning()


@pytest.mark.parametrize(
    ("texts", "reasoning", "rest"),
    [
        (("why", "done"), "why", ("done",)),
        (("whydone",), "why", ("done",)),
        (("why\n\ndone",), "why", ("\n\ndone",)),
        (("wh", "y", "done"), "why", ("done",)),
        (("done",), "why", None),
        (("wh",), "why", None),
        ((), "why", None),
    ],
)
def test_leaked_reasoning_is_recognised(
    texts: tuple[str, ...], reasoning: str, rest: tuple[str, ...] | None
) -> None:
    """It stands at the head of the text, as blocks of its own or glued to the answer."""
    assert without_leak(texts, reasoning) == rest


def test_a_leak_of_a_text_turn_is_found_in_another_process(file: Path) -> None:
    """OpenCode shows the reasoning as text after a model switch, in a new run."""
    with opened(file) as store:
        OriginMemory(store, ORIGIN).remember(turn(thought="hm", text="done"), At())
    with opened(file) as store:
        leaked = Turn((), (), ("hm", "done"))
        found = OriginMemory(store, ORIGIN).recall(leaked, At())
        assert found is not None
        assert (found.reasoning.text, found.texts) == ("hm", ("done",))


def test_what_was_sent_and_how_far_recovery_went_survive(file: Path) -> None:
    """A conversation goes on tomorrow with the same placeholders and at the same step."""
    text = Reasoning((("[placeholder]", "sig"),))
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember_sent("conversation", {"turn": text})
        memory.remember_step("conversation", Step.OFF, kept=True)
        memory.remember_step("unnamed", Step.OFF, kept=False)
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        assert memory.sent("conversation") == {"turn": text}
        assert memory.step("conversation") is Step.OFF
        assert memory.sent("another") == {}
        assert memory.step("another") is Step.NONE
        assert memory.step("unnamed") is Step.NONE


def test_secrets_stay_in_ram(file: Path) -> None:
    """Reasoning that holds a secret is known while the session lives, and is on no disk."""
    with opened(file, secret=lambda text: "hunter2" in text) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn("a", thought="the password is hunter2"), At())
        memory.remember(turn("b", thought="nothing"), At())
        assert recall(memory, turn("a")) == "the password is hunter2"
    assert b"hunter2" not in b"".join(each.read_bytes() for each in file.parent.iterdir())
    with opened(file) as store:
        assert recall(OriginMemory(store, ORIGIN), turn("a")) is None


@pytest.mark.parametrize("where", ["a call", "a tool", "a signature", "the session"])
def test_a_secret_beside_the_reasoning_stays_in_ram_as_well(file: Path, where: str) -> None:
    """An upstream may put one wherever there is a text."""
    call, tool, signature, session = (
        "hunter2" if each == where else "x"
        for each in ("a call", "a tool", "a signature", "the session")
    )
    said = turn(call, names=(tool,)).reasoned(Reasoning((("why", signature),)))
    with opened(file, secret=lambda text: "hunter2" in text) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(said, At("p", "c", session))
        memory.remember(turn("b", thought="nothing"), At())
        assert recall(memory, said, session=session) == "why"
    assert b"hunter2" not in b"".join(each.read_bytes() for each in file.parent.iterdir())


def test_what_is_on_no_disk_makes_no_room_for_others(file: Path) -> None:
    """However much is learnt after it: nothing could be read again."""
    with opened(file, secret=lambda text: "hunter2" in text, ram=1_000) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn("a", thought="the password is hunter2"), At())
        for number in range(50):
            memory.remember(turn(f"b{number}", thought="nothing"), At())
        assert recall(memory, turn("a")) == "the password is hunter2"


def test_without_a_file_everything_stays_in_ram() -> None:
    """`--private` remembers for the session."""
    with opened(None) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn("a", thought="why"), At())
        assert recall(memory, turn("a")) == "why"
        assert store.trouble == ""


def test_the_file_is_private(file: Path) -> None:
    """Nobody else can read it, nor the files that SQLite puts beside it."""
    with opened(file) as store:
        OriginMemory(store, ORIGIN).remember(turn("a", thought="why"), At())
        wait_until(lambda: store.stats()[0] == 1)
        for each in file.parent.iterdir():
            assert stat.S_IMODE(each.stat().st_mode) == 0o600, each


def test_five_hundred_turns_and_a_month_are_nothing(file: Path) -> None:
    """The plugin forgot after 501 turns and 30 minutes."""
    now = [1_000_000_000.0]
    with opened(file, clock=lambda: now[0]) as store:
        memory = OriginMemory(store, ORIGIN)
        for number in range(520):
            memory.remember(turn(f"id{number}", thought=f"thought {number}"), At())
    now[0] += 30 * DAY
    with opened(file, clock=lambda: now[0]) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.prefetch([(turn(f"id{number}"), At()) for number in range(520)])
        for number in range(520):
            assert recall(memory, turn(f"id{number}")) == f"thought {number}"


def test_what_is_used_stays_and_what_is_old_goes(file: Path) -> None:
    """Age counts from the last use, and the least used goes first when the file is too large."""
    now = [1_000_000_000.0]

    def days_later(days: float) -> Store:
        now[0] += days * DAY
        store = Store(file, clock=lambda: now[0], max_age=10 * DAY)
        store.open()
        return store

    store = days_later(0)
    for ident in ("used", "old"):
        OriginMemory(store, ORIGIN).remember(turn(ident, thought=ident), At(chain=ident))
    store.close()
    store = days_later(6)
    assert recall(OriginMemory(store, ORIGIN), turn("used"), chain="used") == "used"
    store.close()
    store = days_later(6)
    assert recall(OriginMemory(store, ORIGIN), turn("used"), chain="used") == "used"
    assert recall(OriginMemory(store, ORIGIN), turn("old"), chain="old") is None
    store.close()


def test_a_clock_that_is_years_ahead_costs_nothing(file: Path) -> None:
    """Where all is too old nothing goes, until there is something new to measure it by."""
    with opened(file, clock=lambda: 1e9, max_age=10 * DAY) as store:
        OriginMemory(store, ORIGIN).remember(turn("a", thought="a"), At())
    with opened(file, clock=lambda: 1e9 + 3650 * DAY, max_age=10 * DAY) as store:
        assert recall(OriginMemory(store, ORIGIN), turn("a")) == "a"


def test_a_file_too_large_loses_its_least_used(file: Path) -> None:
    """The bound in bytes is kept at the next start."""
    with opened(file) as store:
        for number in range(300):
            thought = f"{number} " + "x" * 10_000
            OriginMemory(store, ORIGIN).remember(turn(f"id{number}", thought=thought), At())
    with opened(file, max_bytes=1_000_000) as store:
        wait_until(lambda: 0 < store.stats()[0] < 150)
        assert recall(OriginMemory(store, ORIGIN), turn("id299")) is not None


def test_a_locked_file_does_not_stop_the_session(file: Path) -> None:
    """While another process holds the file, this one goes on in RAM."""
    with opened(file) as store:
        wait_until(file.exists)
    blocker = sqlite3.connect(file, isolation_level=None)
    blocker.execute("PRAGMA journal_mode = DELETE")
    blocker.execute("BEGIN EXCLUSIVE")
    try:
        store = Store(file)
        store.open()
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn("a", thought="why"), At())
        assert recall(memory, turn("a")) == "why"
        assert recall(memory, turn("unknown")) is None
    finally:
        blocker.execute("ROLLBACK")
        blocker.close()
        store.close(10)


def test_a_read_that_fails_is_told(file: Path) -> None:
    """The turn counts as unknown, writing goes on, and the summary says what was in the way."""
    with opened(file) as store:
        wait_until(file.exists)
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        assert recall(memory, turn("unknown")) is None and not store.trouble
        with closing(sqlite3.connect(file)) as other:
            other.execute("ALTER TABLE turns RENAME TO elsewhere")
        assert recall(memory, turn("a")) is None
        assert store.trouble == "memory.db: could not be read: no such table: turns"


@pytest.mark.parametrize("step", [99, "x", "", -1])
@pytest.mark.parametrize("blocks", ["[1]", "x", "[[1]]", "[[1,2]]", '{"a":1}', ""])
def test_a_damaged_row_is_none(file: Path, step: object, blocks: str) -> None:
    """What nobody can read says nothing; the conversation goes on."""
    with opened(file) as store:
        store.write("INSERT INTO recovery VALUES (?, ?, ?)", lambda: (f"{ORIGIN} c", step))
        store.write("INSERT INTO sent VALUES (?, ?, ?, ?)", lambda: (f"{ORIGIN} c", "turn", blocks))
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        assert memory.step("c") is Step.NONE
        assert memory.sent("c") == {"turn": Reasoning(())}


@pytest.mark.parametrize("call", ["a\0b", "\0", "\0\0\0"])
def test_an_id_may_hold_any_character(file: Path, call: str) -> None:
    """Also the one that parts the names of what is stored."""
    with opened(file) as store:
        OriginMemory(store, ORIGIN).remember(turn(call, thought="why"), At())
        assert recall(OriginMemory(store, ORIGIN), turn(call)) == "why"
    with opened(file) as store:
        assert recall(OriginMemory(store, ORIGIN), turn(call)) == "why"


def test_what_no_file_takes_ends_the_writing_and_is_told(file: Path) -> None:
    """Half a character is nothing that SQLite stores; the session goes on in RAM."""
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn("a", thought="why"), At(session="\udcff"))
        wait_until(lambda: "surrogates" in store.trouble)
        memory.remember(turn("b", thought="why"), At())
        assert recall(memory, turn("b")) == "why"


@pytest.mark.parametrize("content", [b"this is no database", b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_broken_file_is_told_once_and_left_alone(file: Path, content: bytes) -> None:
    """The session goes on in RAM, and the file is not made worse."""
    file.write_bytes(content)
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn("a", thought="why"), At())
        assert recall(memory, turn("a")) == "why"
        wait_until(lambda: bool(store.trouble))
    assert file.read_bytes() == content


def test_a_file_of_a_newer_version_is_left_alone(file: Path) -> None:
    """It says so, and does not touch what it does not understand."""
    with sqlite3.connect(file) as newer:
        newer.execute("PRAGMA user_version = 999")
    newer.close()
    with opened(file) as store:
        wait_until(lambda: "newer" in store.trouble)


def test_many_processes_write_at_once(file: Path) -> None:
    """Sessions side by side lose nothing."""
    stores = [Store(file) for _ in range(8)]

    def work(number: int) -> None:
        stores[number].open()
        memory = OriginMemory(stores[number], ORIGIN)
        for each in range(40):
            memory.remember(turn(f"{number}-{each}", thought=f"t{number}-{each}"), At())
        stores[number].close(10)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with opened(file) as store:
        memory = OriginMemory(store, ORIGIN)
        assert store.stats()[0] == 320
        assert recall(memory, turn("7-39")) == "t7-39"
        store.clear()
        wait_until(lambda: store.stats()[0] == 0)
        assert recall(memory, turn("7-39")) is None


def test_what_is_forgotten_is_on_the_disk_no_more(file: Path) -> None:
    """Nor in the log beside the file, which another session keeps open."""
    with opened(file) as other, opened(file) as store:
        OriginMemory(other, ORIGIN).remember(turn("a", thought="a word in confidence"), At())
        wait_until(lambda: store.stats()[0] == 1)
        store.clear()
        store.close()
        assert store.trouble == "" and other.stats()[0] == 0
        found = [path.name for path in file.parent.iterdir() if b"confidence" in path.read_bytes()]
    assert found == []
