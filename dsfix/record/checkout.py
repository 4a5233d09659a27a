"""The project and the branch of a directory, read from its repository's files without git.

A branch is what `.git/HEAD` names; in a worktree or submodule `.git` is a file that tells where
the real directory is (https://git-scm.com/docs/gitrepository-layout, 2026-11-21).
"""

from __future__ import annotations

from pathlib import Path

from dsfix.paths import text_of

_REF = "ref: refs/heads/"
_SHORT = 12  # characters of a commit that stands for a branch
_LONG = 4096  # characters of HEAD: a branch is a path


def checkout(cwd: Path) -> dict[str, str]:
    """`project` and `branch` of that directory; without a repository, the project alone."""
    for directory in (cwd, *cwd.parents):
        head = _head(directory / ".git")
        if head is not None:
            branch = head.removeprefix(_REF) if head.startswith(_REF) else head[:_SHORT]
            return {"project": directory.name, "branch": branch}
    return {"project": cwd.name}


def _head(git: Path) -> str | None:
    """What HEAD says, None where there is none."""
    said = text_of(git / "HEAD")
    if said is None and (place := text_of(git)) is not None:
        said = text_of(git.parent / place.strip().removeprefix("gitdir: ") / "HEAD")
    return said and said.strip().partition("\n")[0][:_LONG]
