"""Project and branch of a directory, compared with what git itself says."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from dsfix.record.checkout import checkout


def git(directory: Path, *words: str) -> None:
    """Run git there, as nobody in particular."""
    nobody = ["-c", "user.name=n", "-c", "user.email=n@example.org"]
    subprocess.run(["git", *nobody, *words], cwd=directory, check=True, capture_output=True)


def test_a_repository(tmp_path: Path) -> None:
    """From any directory in it; a branch may have a slash, and a commit may stand for it."""
    top = tmp_path / "web"
    inner = top / "src" / "deep"
    inner.mkdir(parents=True)
    git(top, "init", "-b", "feature/login")
    assert checkout(inner) == {"project": "web", "branch": "feature/login"}
    git(top, "commit", "--allow-empty", "-m", "x")
    git(top, "checkout", "--detach")
    commit = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=top, text=True)
    assert checkout(top) == {"project": "web", "branch": commit[:12]}


def test_a_worktree(tmp_path: Path) -> None:
    """Its `.git` is a file that tells where the rest is."""
    top = tmp_path / "web"
    top.mkdir()
    git(top, "init", "-b", "main")
    git(top, "commit", "--allow-empty", "-m", "x")
    git(top, "worktree", "add", "-b", "fix", str(tmp_path / "tree"))
    assert checkout(tmp_path / "tree") == {"project": "tree", "branch": "fix"}


@pytest.mark.parametrize(
    "make",
    [
        lambda git: os.mkfifo(git),
        lambda git: (git.mkdir(), os.mkfifo(git / "HEAD")),
        lambda git: (git.mkdir(), (git / "HEAD").symlink_to("/dev/zero")),
        lambda git: (git / "HEAD").mkdir(parents=True),
        lambda git: git.write_bytes(b"gitdir: a\0b"),
        lambda git: git.write_bytes(b"gitdir: " + b"a" * 99_999),
        lambda git: git.write_bytes(b"\xff"),
    ],
)
def test_what_is_no_repository(tmp_path: Path, make: Callable[[Path], object]) -> None:
    """A pipe is not waited for, a device not read to its end, and no name is too odd."""
    top = tmp_path / "web"
    top.mkdir()
    make(top / ".git")
    found: list[dict[str, str]] = []
    looking = threading.Thread(target=lambda: found.append(checkout(top)), daemon=True)
    looking.start()
    looking.join(5)
    assert found == [{"project": "web"}]


def test_no_repository(tmp_path: Path) -> None:
    """The directory's own name, whatever lies about as `.git`."""
    plain = tmp_path / "notes"
    plain.mkdir()
    (plain / ".git").write_bytes(b"\xff\xfe")
    assert checkout(plain) == {"project": "notes"}
    assert checkout(Path("/")) == {"project": ""}


def test_a_branch_is_no_book(tmp_path: Path) -> None:
    """Of a HEAD of any length, only what can be a branch gets into each record."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").write_text("ref: refs/heads/" + "x" * 1_000_000)
    assert len(checkout(tmp_path)["branch"]) < 5_000
