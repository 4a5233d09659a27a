"""Where reports lie, the token that manages them, and whether their server runs."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from dsfix.errors import DsfixError
from dsfix.locks import lock
from dsfix.paths import PRIVATE_FILE, private_dir, private_state, state_dir, write_private

TOKEN = "DSFIX_REPORTS_TOKEN"
SERVER = "DSFIX_REPORTS_SERVER"
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # a pipe keeps nobody waiting
_SHORTEST = 20  # characters of a token


class Running(NamedTuple):
    """A server on this machine: where it is reached, and the address to pass on."""

    url: str
    shown: str


def folder(environ: Mapping[str, str]) -> Path:
    """The directory of the reports, made private. Raises DsfixError when it cannot be used."""
    return private_dir(private_state(state_dir(environ)) / "reports")


def token(environ: Mapping[str, str], *, make: bool = False) -> str:
    """What manages the reports here: from the variable, else from a file that only we can read.

    Empty when there is none; with `make` it is made. Raises DsfixError when it cannot be used.
    """
    found = environ.get(TOKEN, "").strip()
    source = TOKEN
    if not found:
        path = state_dir(environ) / "reports" / "token"
        source = str(path)
        try:
            if make:
                _make_token(folder(environ) / "token")
            found = _private_text(path).strip()
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise DsfixError(f"{path} cannot be used: {error.strerror}") from error
    if len(found) < _SHORTEST or not found.isascii() or not found.isprintable() or " " in found:
        raise DsfixError(f"the token in {source} must be {_SHORTEST} characters or more, no spaces")
    return found


def _make_token(path: Path) -> None:
    """Where there is none yet; an empty one is what a full disk left."""
    with suppress(FileNotFoundError):
        if path.lstat().st_size:
            return
    write_private(path, [secrets.token_urlsafe(32).encode()], force=True)


def _private_text(path: Path) -> str:
    """What a file says. Raises DsfixError when others could have read or written it."""
    with os.fdopen(os.open(path, _READ), encoding="utf-8", errors="replace") as file:
        if not _is_private(file.fileno()):
            raise DsfixError(f"{path} can be read by others", hint=f"rm {path}; dsfix serve")
        return file.read()


def _is_private(fd: int) -> bool:
    """Whether it is a file of ours, and closed to all others."""
    found = os.fstat(fd)
    return stat.S_ISREG(found.st_mode) and not found.st_mode & 0o077 and found.st_uid == os.getuid()


def claim(directory: Path) -> int:
    """Become the one server of that directory; gives what `announce` needs.

    Raises DsfixError when there is one, or when the file that says so cannot be used. The lock
    ends with the process, however that ends.
    """
    path = directory / "server"
    try:
        fd = os.open(path, _FLAGS, PRIVATE_FILE)
        try:
            lock(fd)  # who asks whether there is a server locks it for a moment
        except TimeoutError:
            said = _said(fd)
            os.close(fd)
            at = f" at {said.shown}" if said else ""
            raise DsfixError(f"a report server is running{at}") from None
        os.ftruncate(fd, 0)
    except OSError as error:
        raise DsfixError(f"{path} cannot be used: {error.strerror}") from error
    return fd


def announce(fd: int, running: Running) -> None:
    """Tell the commands on this machine where the server is."""
    os.pwrite(fd, msgspec.json.encode(running), 0)


def running(environ: Mapping[str, str]) -> Running | None:
    """The server of this user on this machine; None when there is none that lives.

    The lock tells: a port that a dead server left behind may be somebody else's by now. So may
    the file, where the state directory was made by others.
    """
    try:
        fd = os.open(state_dir(environ) / "reports" / "server", _READ)
    except OSError:
        return None
    try:
        if not _is_private(fd):
            return None
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _said(fd)
    finally:
        os.close(fd)
    return None


def _said(fd: int) -> Running | None:
    try:
        return msgspec.json.decode(os.pread(fd, 4096, 0), type=Running)
    except msgspec.DecodeError:
        return None
