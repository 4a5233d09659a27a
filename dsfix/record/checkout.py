"""The project and the branch of a directory, read from its repository's files without git.

A branch is what `.git/HEAD` names; in a worktree or submodule `.git` is a file that tells where
the real directory is (https://git-scm.com/docs/gitrepository-layout, 2026-11-21).
"""

from __future__ import annotations

from pathlib import Path

_REF = "ref: refs/heads/"
_SHORT = 12  # characters of a commit that stands for a branch


def checkout(cwd: Path) -> dict[str, str]:
    """`project` and `branch` of that directory; without a repository, the project alone."""
    for directory in (cwd, *cwd.parents):
        try:
            head = _head(directory / ".git")
        except (OSError, UnicodeDecodeError):
            continue
        branch = head.removeprefix(_REF) if head.startswith(_REF) else head[:_SHORT]
        return {"project": directory.name, "branch": branch}
    return {"project": cwd.name}


def _head(git: Path) -> str:
    """What HEAD says. Raises OSError where there is none."""
    try:
        return (git / "HEAD").read_text(encoding="utf-8").strip()
    except NotADirectoryError:
        said = git.read_text(encoding="utf-8").strip()
        return (git.parent / said.removeprefix("gitdir: ") / "HEAD").read_text("utf-8").strip()
