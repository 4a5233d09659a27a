"""Where the API key comes from: a variable, a program that prints it, or a private file.

The first that is there counts, in that order; one that fails is an error and not passed over,
because the next may hold another account's key. Nothing here shows or keeps a key.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from dsfix.config import Config
from dsfix.errors import LaunchError
from dsfix.paths import expanded
from dsfix.printed import printed

PATIENCE = 30.0  # seconds that `key_command` may take: some ask the user for a passphrase
_MOST = 64 * 1024  # bytes of a key file that are read


def found(config: Config, environ: Mapping[str, str]) -> tuple[str, str]:
    """The key that no variable holds, and where it is from: a program before a file."""
    if config.key_command:
        return from_command(config.key_command, environ), "key_command"
    return from_file(config.key_file), "key_file"


def from_command(command: tuple[str, ...], environ: Mapping[str, str]) -> str:
    """The first line that the program prints.

    It runs without a shell and without our stdin, which is the agent's prompt; what it says on
    stderr is the user's to read. Nor does it run in the project: some programs, `python -m` and
    what chooses versions by folder, run what a file there says. Raises LaunchError when it fails,
    takes too long or has no end.
    """
    program = str(expanded("key_command", command[0]))
    try:
        output = printed((program, *command[1:]), environ, PATIENCE, cwd="/")
    except LaunchError as error:
        error.message = f"key_command: {error.message}"
        raise
    return _first_line(output, f"key_command: {program} prints no key")


def from_file(name: str) -> str:
    """The first line of a file that is ours and that nobody else may read.

    Raises LaunchError for any other file.
    """
    path = expanded("key_file", name)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise LaunchError(f"key_file: {path}: {error.strerror}") from None
    try:
        _check(path, os.fstat(descriptor))
        data = os.read(descriptor, _MOST)
    finally:
        os.close(descriptor)
    return _first_line(data, f"key_file: {path} holds no key")


def _check(path: Path, facts: os.stat_result) -> None:
    """Raises LaunchError for a file that may have been written or read by others."""
    if not stat.S_ISREG(facts.st_mode):
        raise LaunchError(f"key_file: {path} is no regular file")
    if facts.st_uid != os.geteuid():
        raise LaunchError(f"key_file: {path} belongs to somebody else")
    if facts.st_mode & 0o077:
        raise LaunchError(f"key_file: {path} can be read by others", hint=f"chmod 600 {path}")


def _first_line(data: bytes, nothing: str) -> str:
    """The first line, with U+FFFD for what is no text. Raises LaunchError where it is empty."""
    line = data.partition(b"\n")[0].decode("utf-8", "replace").strip()
    if not line:
        raise LaunchError(nothing)
    return line
