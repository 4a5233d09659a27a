"""What is cleared away, and what stays whatever is asked."""

from __future__ import annotations

import threading
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dsfix.record.file import EventFile, is_written
from dsfix.record.keeping import Bounds, Kept, kept, leaving, remove
from dsfix.record.labels import Labels, relabel
from dsfix.record.sessions import event_files
from tests.record.support import opened

PATH = Path("x")
SESSIONS = st.builds(
    Kept,
    st.just(PATH),
    st.floats(0, 100),
    st.integers(0, 100),
    running=st.booleans(),
    tagged=st.booleans(),
    hidden=st.booleans(),
)
BOUNDS = st.builds(
    Bounds,
    st.none() | st.integers(0, 5),
    st.none() | st.floats(0, 100),
    st.none() | st.integers(0, 200),
)


def plain(started: float, size: int = 10) -> Kept:
    """A session like any other."""
    return Kept(PATH, started, size, False, False, False)


@given(sessions=st.lists(SESSIONS, max_size=12), bounds=BOUNDS)
def test_what_stays_and_what_goes(sessions: list[Kept], bounds: Bounds) -> None:
    """Running ones stay, hidden ones go, tagged ones stay, and the rest is within the bounds."""
    sessions.sort(key=lambda each: -each.started)
    going = [each.session for each in leaving(sessions, bounds)]
    stays = [each for each in sessions if not any(each is gone for gone in going)]
    for each in sessions:
        if each.running:
            assert any(each is one for one in stays)
        elif each.hidden:
            assert any(each is one for one in going)
        elif each.tagged:
            assert any(each is one for one in stays)
    rest = [each for each in stays if not each.running and not each.tagged]
    assert bounds.most is None or len(rest) <= bounds.most
    assert bounds.size is None or sum(each.size for each in rest) <= bounds.size
    assert bounds.since is None or all(each.started >= bounds.since for each in rest)


def test_the_oldest_go() -> None:
    """Each is told with its reason."""
    sessions = [plain(3), plain(2), plain(1)]
    for bounds, why in (
        (Bounds(most=2), "too many"),
        (Bounds(since=1.5), "too old"),
        (Bounds(size=20), "too much"),
    ):
        assert [(each.session.started, each.why) for each in leaving(sessions, bounds)] == [
            (1, why)
        ]
    assert leaving(sessions, Bounds()) == []


def test_sessions_on_disk_are_told_and_removed(tmp_path: Path) -> None:
    """A running one is known by the writer's lock; a removed one leaves no empty directory."""
    running = opened(tmp_path)
    gone = opened(tmp_path / "other")
    gone.close(0, 1)
    assert running.path is not None and gone.path is not None and gone.directory is not None
    [found] = kept(tmp_path)
    assert found.running and found.size == running.path.stat().st_size
    relabel(gone.directory, lambda own: own.tagged("a")._replace(hidden=True))
    [found] = kept(tmp_path / "other")
    assert (found.running, found.tagged, found.hidden) == (False, True, True)
    remove(gone.path)
    assert list(event_files(tmp_path / "other")) == []
    assert list((tmp_path / "other" / "sessions").iterdir()) == []
    running.close(0, 1)


def test_a_tag_is_kept_once() -> None:
    """In the order of the alphabet, whichever came first."""
    assert Labels(tags=("keep",)).tagged("wip", "keep", "bug").tags == ("bug", "keep", "wip")


def test_who_looks_takes_no_lock_from_who_writes(tmp_path: Path) -> None:
    """A session that begins as others are listed is a running one for as long as it runs."""
    paths = [tmp_path / str(number) / "events.jsonl" for number in range(100)]
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            for path in paths[len(files) :][:1]:
                is_written(path)

    files: list[EventFile] = []
    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    files.extend(map(EventFile, paths))
    over.set()
    for thread in threads:
        thread.join(60)
    assert all(map(is_written, paths))
    for file in files:
        file.close()
