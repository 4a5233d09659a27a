"""Private files are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsfix.errors import LaunchError
from dsfix.paths import private_state, write_private


def broken() -> Iterator[bytes]:
    """A document that cannot be made to its end."""
    yield b"half"
    raise ZeroDivisionError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A place in a folder that is empty."""
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder" / "file"


@pytest.mark.parametrize("force", [True, False])
def test_what_cannot_be_made_leaves_nothing(path: Path, *, force: bool) -> None:
    """An old file stays as it is, and of a new one there is no half."""
    if force:
        path.write_text("old")
    with pytest.raises(ZeroDivisionError):
        write_private(path, broken(), force=force)
    assert [each.read_text() for each in path.parent.iterdir()] == ["old"] * force


def test_an_old_file_is_replaced_only_by_force(path: Path) -> None:
    """And then it is ours alone, whatever it was before."""
    path.write_text("old")
    path.chmod(0o644)
    with pytest.raises(FileExistsError):
        write_private(path, [b"new"], force=False)
    assert path.read_text() == "old"
    write_private(path, [b"n", b"ew"], force=True)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o600)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "link to nothing", "nothing", "root"])
def test_what_is_no_file_is_never_replaced(path: Path, kind: str) -> None:
    """A pipe stands for /dev/null, in whose place root would put a file."""
    made = {"pipe": os.mkfifo, "folder": os.mkdir}
    if kind in made:
        made[kind](path)
    elif kind.startswith("link"):
        path.symlink_to(path.parent if kind == "link" else "nowhere")
    else:
        path = Path("." if kind == "nothing" else "/")
    before = path.lstat().st_mode
    with pytest.raises(OSError, match="it is no regular file"):
        write_private(path, [b"new"], force=True)
    assert path.lstat().st_mode == before


@pytest.mark.parametrize(
    ("mode", "name", "after"),
    [
        (0o755, "memory.db-wal", 0o700),
        (0o775, "sessions", 0o700),
        (0o755, "notes", 0o755),
        (0o775, "notes", None),
        (0o1777, "", None),
    ],
)
def test_a_state_directory_is_closed_where_nothing_else_is_in_it(
    path: Path, mode: int, name: str, after: int | None
) -> None:
    """One like /tmp, or a project's, is refused where others can write to it, else left as it is."""
    path.mkdir()
    path.chmod(mode)
    if name:
        (path / name).touch()
    if after is None:
        with pytest.raises(LaunchError, match="others can write to it"):
            private_state(path)
    else:
        assert private_state(path) == path
    assert path.stat().st_mode & 0o7777 == (after or mode)
