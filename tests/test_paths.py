"""Private files are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsfix.paths import write_private


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
