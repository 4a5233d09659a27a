"""A session told as it grows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dsfix.errors import DsfixError
from dsfix.record.reader import Following, read
from dsfix.report.page import embedded
from dsfix.report.page.document import LISTS
from dsfix.view.live import Live
from tests.record.support import exchange, finished, user
from tests.view.support import Session, block, small


def eager(path: Path) -> Live:
    """One that looks at every call."""
    return Live(path, rest=0.0)


def counts(known: dict[str, Any]) -> dict[str, int]:
    return {name: len(known[name]) for name in LISTS}


def test_only_what_is_new_is_told(tmp_path: Path) -> None:
    """Lists from where they were told, exchanges that changed, and together it is the whole."""
    session = small(tmp_path)
    live = eager(session.path)
    known = live.whole()
    nothing = live.news(counts(known), known["version"])
    assert not any(nothing[name] for name in (*LISTS, "exchanges"))
    open_one = exchange(6)
    session.asked(open_one, [user("more")])
    first = live.news(counts(known), known["version"])
    assert [len(first[name]) for name in LISTS] == [1, 1, 0]
    assert [each["ended"] for each in first["exchanges"]] == [False]
    session.answered(finished(open_one), block("text", "done"))
    session.end()
    second = live.news(counts(live.whole()), first["version"])
    assert [each["ended"] for each in second["exchanges"]] == [True]
    assert second["session"]["state"] == "ended"
    whole = eager(session.path).whole()
    assert known["messages"] + first["messages"] == whole["messages"]
    assert known["exchanges"] + second["exchanges"] == whole["exchanges"]


def test_a_late_page_is_told_everything(tmp_path: Path) -> None:
    """A reader without a version gets all exchanges, one with numbers of its own no error."""
    session = small(tmp_path)
    live = eager(session.path)
    assert len(live.news({}, 0)["exchanges"]) == 5
    assert live.news(dict.fromkeys(LISTS, -5), 0)["messages"] == live.whole()["messages"]
    assert live.news(dict.fromkeys(LISTS, 10**9), 0)["messages"] == []
    session.end()


def test_a_session_that_was_deleted_is_shown_still(tmp_path: Path) -> None:
    """What was known of it before; one that was never there is an error."""
    session = small(tmp_path)
    live = eager(session.path)
    known = live.whole()
    gone = session.path.rename(tmp_path / "gone")
    assert live.whole() == known
    with pytest.raises(DsfixError, match="cannot be read"):
        eager(session.path).whole()
    gone.rename(session.path)
    session.end()
    assert live.whole()["session"]["state"] == "ended"


def test_a_session_is_looked_at_no_more_often_than_it_can_bear(tmp_path: Path) -> None:
    """After each look there is a rest in proportion to what the look took."""
    session = small(tmp_path)
    live = Live(session.path, rest=1e9)
    version = live.whole()["version"]
    session.asked(exchange(6), [user("more")])
    assert live.whole()["version"] == version
    session.end()


def test_following_reads_on_from_whole_lines(tmp_path: Path) -> None:
    """Cut anywhere, the two halves give the same record as the file at once."""
    session = small(tmp_path)
    session.end()
    data = session.path.read_bytes()
    growing = tmp_path / "growing" / "events.jsonl"
    growing.parent.mkdir()
    for cut in range(0, len(data), 97):
        growing.write_bytes(data[:cut])
        following = Following(growing)
        following.read()
        growing.write_bytes(data)
        assert following.read().exchanges == read(session.path).exchanges


def test_the_document_cannot_leave_its_element() -> None:
    """No tag and no comment can begin in it, and half a character does no harm."""
    text = embedded({"</script>": "<!-- <script> \ud800 中文"})
    assert "<" not in text
    assert "中文" in text
    text.encode()


def test_a_session_without_texts_has_a_page(tmp_path: Path) -> None:
    """Where only hashes were kept, that is said and nothing fails."""
    session = Session(tmp_path, bodies=False)
    session.said(finished(exchange(1)), [user("secret")])
    session.end()
    whole = eager(session.path).whole()
    assert "secret" not in str(whole)
    assert whole["nodes"] == [(-1, -1)]
