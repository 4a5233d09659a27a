"""Turns without calls: found by their text, though agents cut it and users edit what was before."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsfix.memory import OriginMemory
from dsfix.memory.ram import ALIKE
from dsfix.memory.recall import LONG
from dsfix.memory.rows import MIGRATIONS
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import History
from dsfix.protocol.turns import is_random, own_words
from dsfix.repairs.recall import Place
from tests.memory.test_memory import ORIGIN, opened, recall, turn
from tests.repairs.support import At

SAID = "The function reads the file twice, which is why the second half of it is lost."


def test_a_long_text_is_found_behind_an_edited_prompt(tmp_path: Path) -> None:
    """A text that long and known once is this turn, whoever stood before it; it stays so."""
    assert len(SAID) >= LONG
    with opened(tmp_path / "memory.db") as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn(text=SAID, thought="why"), At("asked"))
        assert recall(memory, turn(text=SAID), "asked again") == "why"
        memory.remember(turn(text=SAID, thought="another"), At("elsewhere"))
        assert recall(memory, turn(text=SAID), "asked again") == "why"
        assert recall(memory, turn(text=SAID), "third") is None


def test_a_short_text_behind_another_prompt_is_nobodys(tmp_path: Path) -> None:
    """`Done.` is said in every conversation."""
    with opened(tmp_path / "memory.db") as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn(text="Done.", thought="why"), At("asked"))
        assert recall(memory, turn(text="Done."), "asked again") is None


def test_what_still_stands_where_it_was_has_not_moved(tmp_path: Path) -> None:
    """The same short answer of another model, later in the session, is another turn."""
    done = {"role": "assistant", "content": "Done."}
    said = [{"role": "user", "content": words} for words in ("first", "second", "third")]
    with opened(tmp_path / "memory.db") as store:
        memory = OriginMemory(store, ORIGIN)
        whole = history(said[0], done, said[1], done, said[2])
        memory.remember(turn(text="Done.", thought="why"), Place(whole, 1, "s"))
        assert memory.recall(turn(text="Done."), Place(whole, 3, "s")) is None
        compacted = history(said[1], done, said[2])
        found = memory.recall(turn(text="Done."), Place(compacted, 1, "s"))
        assert found is not None and found.reasoning.text == "why"


@pytest.mark.parametrize("text", ["Done.", SAID])
def test_what_still_stands_where_it_was_is_no_other_behind_the_same_words(text: str) -> None:
    """`continue`, `Done.` and again: of the second nobody knows what was thought."""
    prompt, done = {"role": "user", "content": "continue"}, {"role": "assistant", "content": text}
    with opened(None) as store:
        memory = OriginMemory(store, ORIGIN)
        whole = history(prompt, done, prompt, done, prompt)
        memory.remember(turn(text=text, thought="why"), Place(whole, 1, "s"))
        assert memory.recall(turn(text=text), Place(whole, 1, "s")) is not None
        assert memory.recall(turn(text=text), Place(whole, 3, "s")) is None


def history(*messages: dict[str, str]) -> History:
    """A history on Chat."""
    body = Body.read(Dialect.CHAT, json.dumps({"messages": messages}).encode())
    assert body is not None
    return History.of(body)


@pytest.mark.parametrize("length", [16, 40, 64, len(SAID) - 1])
def test_an_interrupted_agent_keeps_the_beginning(tmp_path: Path, length: int) -> None:
    """What was cut off at the agent's end is the turn that began so, after the same prompt."""
    path = tmp_path / "memory.db"
    with opened(path) as store:
        OriginMemory(store, ORIGIN).remember(turn(text=SAID, thought="why"), At())
    with opened(path) as store:
        memory = OriginMemory(store, ORIGIN)
        assert recall(memory, turn(text=SAID[:length])) == "why"
        assert recall(memory, turn(text=SAID[:length]), "another prompt") is None
        assert recall(memory, turn(text="Something else altogether, and long.")) is None


def test_two_that_begin_alike_are_not_told_apart(tmp_path: Path) -> None:
    """What could be either of two turns is unknown."""
    with opened(tmp_path / "memory.db") as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn(text=SAID + " One.", thought="one"), At(chain="x"))
        memory.remember(turn(text=SAID + " Two.", thought="two"), At(chain="y"))
        assert recall(memory, turn(text=SAID), chain="z") is None


def test_a_file_from_before_is_read(tmp_path: Path) -> None:
    """A memory without beginnings of texts is brought up to date, and nothing in it is lost."""
    path = tmp_path / "memory.db"
    connection = sqlite3.connect(path)
    connection.executescript(MIGRATIONS[0])
    connection.execute("PRAGMA user_version = 1")
    connection.execute(
        "INSERT INTO turns (origin, key, calls, names, text, previous, chain, session, reasoning,"
        " used) VALUES (?, ?, '[\"a\"]', '[\"f\"]', '', 'p', 'c', '', '[[\"why\",\"s\"]]', 9e9)",
        (ORIGIN, turn("a").key),
    )
    connection.execute("INSERT INTO calls VALUES (?, 'a', 1)", (ORIGIN,))
    connection.commit()
    connection.close()
    with opened(path) as store:
        memory = OriginMemory(store, ORIGIN)
        assert recall(memory, turn("a")) == "why"
        assert recall(memory, turn(text=SAID)) is None


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["  do\n it "], "do it"),
        (["a<system-reminder>now\n12:00</system-reminder>", "b"], "a b"),
        (["<system-reminder>only</system-reminder>"], "<system-reminder>only</system-reminder>"),
    ],
)
def test_what_the_user_said(texts: list[str], words: str) -> None:
    """Neither reminders nor white space count, unless there is nothing else."""
    assert own_words(texts) == words


def test_a_text_of_reminders_that_never_end_is_read_once() -> None:
    """A page about them may have a hundred thousand; looking from each to the end took an hour."""
    opened = "<system-reminder> " * 300_000
    closed = "<system-reminder>now</system-reminder>"
    assert own_words([closed + opened]) == opened.strip()


@pytest.mark.parametrize(
    ("call", "random"),
    [
        ("call_00_GvcqkmHM5yJ5nZ2x8rTa0b1c", True),
        ("call_00_efLspORpqKLewFYFrpYGesYb", True),
        ("toolu_015xD5pQGD8f3Wt7jb5qzeEc", True),
        ("functions.searchDocumentsInRepository:0", False),
        ("call_searchDocumentsInRepository", False),
        ("call_00_search", False),
        ("call_-8231168139794583938", True),
        ("toolu_000000000000000000000042", False),
        ("call_00_000000000000000000000042", False),
    ],
)
def test_which_ids_are_unique_by_themselves(call: str, random: bool) -> None:
    """DeepSeek's are also where chance gave 24 letters and no digit; names and numbers are not.

    GLM's are numbers that nobody counts; a counted one may be filled up with zeros.
    """
    assert is_random(call) is random


@given(st.text("0009aZ_-é٣", max_size=40))
def test_where_an_id_is_random(call: str) -> None:
    """Twelve letters and digits in a row, at least one of these, wherever in it they stand.

    Nothing but digits behind zeros is none.
    """
    runs = re.findall("[a-zA-Z0-9]+", call)
    likely = [run for run in runs if len(run) >= 12 and re.search("[0-9]", run)]
    assert is_random(call) is any(not re.fullmatch("000[0-9]*", run) for run in likely)


def test_an_id_is_read_once() -> None:
    """However long it is: of a million letters, looking on from each took hours."""
    letters = "a" * 1_000_000
    assert not is_random("call_" + letters)
    assert is_random("call_" + letters + "1")


def test_the_texts_of_a_history_are_looked_up_at_once(tmp_path: Path) -> None:
    """What was prefetched is known without the disk: by its text, or by the prompt before it."""
    path = tmp_path / "memory.db"
    whole, cut = turn(text="Done.", thought="one"), turn(text=SAID, thought="two")
    with opened(path) as store:
        OriginMemory(store, ORIGIN).remember(whole, At("first"))
        OriginMemory(store, ORIGIN).remember(cut, At("second"))
    cut, unknown = turn(text=SAID[:40]), turn(text="none")
    with opened(path) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.prefetch([(whole, At("first")), (cut, At("second")), (unknown, At("third"))])
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DELETE FROM turns")
        assert recall(memory, whole, "first") == "one"
        assert recall(memory, cut, "second") == "two"


def test_a_text_that_was_said_often_is_found_by_what_was_before(tmp_path: Path) -> None:
    """`Done.` behind one call's result is one turn, however many have said it since."""
    with opened(tmp_path / "memory.db") as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn(text="Done.", thought="why"), At("results"))
        for number in range(ALIKE):
            memory.remember(turn(text="Done.", thought=f"{number}"), At(f"{number}", session="s"))
        assert recall(memory, turn(text="Done."), "results") == "why"
        assert recall(memory, turn(text="Done."), "results", session="s") == "why"
        assert memory.knows(turn(text="Done."), At("results"))


def test_of_more_than_are_looked_at_none_has_moved(tmp_path: Path) -> None:
    """The one that is meant may be older than all of them, so the session names none."""
    with opened(tmp_path / "memory.db") as store:
        memory = OriginMemory(store, ORIGIN)
        for number in range(ALIKE):
            session = "" if number else "s"
            memory.remember(turn(text="Done.", thought=f"{number}"), At(f"{number}", "", session))
        assert recall(memory, turn(text="Done."), "another", session="s") is None


@pytest.mark.parametrize("session", ["", "s"])
def test_what_begins_like_a_turn_that_stands_elsewhere_was_not_cut_from_it(session: str) -> None:
    """A prompt that was said again is answered with the same first words."""
    known, other = "All tests pass. The parser is next.", "All tests pass. Nothing is left."
    prompt = {"role": "user", "content": "continue"}
    whole = history(prompt, {"role": "assistant", "content": known}, prompt)
    with opened(None) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn(text=known, thought="why"), Place(history(prompt), 1, session))
        assert memory.recall(turn(text=known), Place(whole, 1, session)) is not None
        assert memory.recall(turn(text=other), Place(whole, 3, session)) is None
        assert memory.recall(turn(text=known[:20]), Place(history(prompt), 1, session)) is not None


@pytest.mark.parametrize(("session", "known"), [("s", "why"), ("t", None), ("", None)])
def test_a_cut_text_that_has_moved_is_known_by_its_session(session: str, known: str | None) -> None:
    """Behind `continue` many begin with the same words; without a name nobody knows whose it is."""
    with opened(None) as store:
        memory = OriginMemory(store, ORIGIN)
        memory.remember(turn(text=SAID, thought="why"), At("p", "c", session and "s"))
        assert recall(memory, turn(text=SAID[:40]), "p", "other", session=session) == known
        assert recall(memory, turn(text=SAID[:40]), "p", "c", session=session) == "why"


@pytest.mark.parametrize(("length", "known"), [(5, None), (LONG, "why")])
def test_a_short_text_of_another_session_is_a_coincidence(length: int, known: str | None) -> None:
    """`Done.` is said behind `continue` in many of them; a fork of one begins with all it had."""
    with opened(None) as store:
        memory = OriginMemory(store, ORIGIN)
        said = turn(text="x" * length)
        memory.remember(turn(text=said.text, thought="why"), At("p", "c", "s"))
        assert recall(memory, said, "p", "other", session="t") == known
        assert recall(memory, said, "p", "other", session="s") == "why"
        assert recall(memory, said, "p", "other") == "why"
        assert recall(memory, said, "p", "c", session="t") == "why"
