"""What a user may want otherwise: settings, and the layers they come from.

`kinds` says what a value may be, `registry` names the settings, `layers` decides which value
holds, `file` reads `config.toml`, `writing` changes it, `profiles` reads other programs' own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dsfix.config import layers
from dsfix.config.layers import Config, File, Value
from dsfix.config.registry import AGENT_SETTINGS, REGISTRY, SETTINGS, Setting, Settings
from dsfix.paths import config_file

__all__ = [
    "AGENT_SETTINGS",
    "REGISTRY",
    "SETTINGS",
    "Config",
    "File",
    "Setting",
    "Settings",
    "Value",
    "load",
    "user_file",
]


def load(
    environ: Mapping[str, str],
    flags: Mapping[str, Any] | None = None,
    words: Sequence[str] = (),
    agent: str = "",
) -> Config:
    """What holds for a run of this agent: flags and `--set` words, variables, file, defaults.

    Raises UsageError for a wrong flag or variable, DsfixError for a broken file.
    """
    above = layers.from_flags(flags or {}, words), layers.from_environ(environ)
    return layers.resolve(*above, user_file(environ), agent)


def user_file(environ: Mapping[str, str]) -> File:
    """The user's `config.toml`, empty where there is none.

    tomllib and the rest of the reader are imported only for a file that is there.
    """
    path = config_file(environ)
    named = bool(environ.get("DSFIX_CONFIG"))
    if not named and not _is_there(path):
        return File(str(path))
    from dsfix.config.file import read

    return read(path, required=named)


def _is_there(path: Path) -> bool:
    """Whether there is a file; one that cannot be looked at is, so that reading it fails."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        pass
    return True
