"""Where dsfix keeps its files, and how it makes them private."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from dsfix.errors import LaunchError

PRIVATE_DIR = 0o700
PRIVATE_FILE = 0o600


def state_dir(environ: Mapping[str, str]) -> Path:
    """Directory of sessions, memory and logs: `DSFIX_STATE_DIR`, else the XDG state directory."""
    given = environ.get("DSFIX_STATE_DIR", "")
    if given:
        try:
            return Path(given).expanduser()
        except RuntimeError as error:
            raise LaunchError(f"DSFIX_STATE_DIR: {error}", hint="give an absolute path") from error
    from platformdirs import PlatformDirs

    return Path(PlatformDirs("dsfix", appauthor=False).user_state_dir)


def private_dir(path: Path) -> Path:
    """Make `path` a directory that only its owner can enter.

    Raises LaunchError when it cannot be made or written.
    """
    try:
        path.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
        if path.stat().st_mode & 0o077:
            path.chmod(PRIVATE_DIR)
        usable = os.access(path, os.W_OK | os.X_OK)
    except OSError as error:
        raise LaunchError(
            f"state directory {path} is unusable: {error.strerror or error}",
            hint="set DSFIX_STATE_DIR to a directory you own, or use --private",
        ) from error
    if not usable:
        raise LaunchError(
            f"state directory {path} is not writable",
            hint="set DSFIX_STATE_DIR to a directory you own, or use --private",
        )
    return path
