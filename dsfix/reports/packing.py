"""A page on the disk with the files it refers to, out of its own folder and nowhere else."""

from __future__ import annotations

import os
import stat
from collections import deque
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from dsfix.errors import DsfixError, UsageError
from dsfix.reports import reading
from dsfix.reports.bundle import FILES, UNPACKED
from dsfix.reports.names import fault, is_page
from dsfix.reports.reading import Reference

_ELSEWHERE = ("http", "https", "ws", "wss")


class Packed(NamedTuple):
    """The files of a report by name, the page's own name, what is to be warned of, and the names
    of files that are referred to and not there yet.
    """

    entry: str
    files: dict[str, bytes]
    warnings: tuple[str, ...]
    missing: frozenset[str] = frozenset()


def pack(path: Path) -> Packed:
    """Gather a page and its files.

    What cannot be sent is left out and warned of. Raises UsageError when the page itself
    cannot be sent, DsfixError when there is too much of it.
    """
    folder, entry = path.parent, path.name
    if not is_page(entry) or fault(entry):
        reason = fault(entry) if is_page(entry) else "a report is an .html file"
        raise UsageError(f"{path}: {reason}")
    try:
        files = {entry: _read(folder, entry)}
    except Left as error:
        raise UsageError(f"{path}: {error}") from error
    warnings: dict[str, None] = {}
    missing: set[str] = set()
    waiting = deque([entry])
    while waiting:
        name = waiting.popleft()
        for reference in _references(name, files[name]):
            try:
                wanted = _named(name, reference)
                if not wanted or wanted in files:
                    continue
                files[wanted] = _read(folder, wanted)
            except Left as error:
                warnings[f"{name}: {_short(reference.url)}: {error}"] = None
                if isinstance(error, Missing):
                    missing.add(wanted)
            else:
                waiting.append(wanted)
                _limit(files)
    return Packed(entry, files, tuple(warnings), frozenset(missing))


class Left(Exception):
    """A reference that is left out, and why."""


class Missing(Left):
    """One to a file that is not there."""


def _references(name: str, data: bytes) -> tuple[Reference, ...]:
    if is_page(name) or name.lower().endswith(".svg"):
        return reading.page(data).references
    if name.lower().endswith(".css"):
        return reading.style(reading.decoded(data))
    return ()


def _named(by: str, reference: Reference) -> str:
    """The file that is meant, as a name in the report; empty for what is no file of ours.

    Raises Left for what a report cannot have.
    """
    try:
        scheme, host, path, _, _ = urlsplit(reference.url)
    except ValueError:
        raise Left("not an address") from None
    if scheme in _ELSEWHERE or (host and not scheme):
        if reference.loaded:
            raise Left("on another server; the report is shown without it")
        return ""
    if scheme == "file":
        raise Left("file: is not sent")
    if scheme or not path:
        return ""
    path = unquote(path)
    if path.startswith("/"):
        raise Left("absolute")
    name = _within(by, path)
    if not reference.loaded and path.endswith("/"):
        return ""
    if reason := fault(name):
        raise Left(reason)
    return name


def _within(by: str, path: str) -> str:
    """`path` as seen from the file `by`, in the page's folder."""
    parts = by.split("/")[:-1]
    for part in path.split("/"):
        if part == "..":
            if not parts:
                raise Left("outside of the page's folder")
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _read(folder: Path, name: str) -> bytes:
    """A file below the folder, with no link on the way. Raises Left when it cannot be had.

    Each step is opened relative to the one before, so nothing can be put in between.
    """
    parts = name.split("/")
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    at = None
    try:
        at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        for part in parts:
            if stat.S_ISLNK(os.lstat(part, dir_fd=at).st_mode):
                raise Left("a symbolic link")
            at, before = os.open(part, flags, dir_fd=at), at
            os.close(before)
        found = os.fstat(at)
        if not stat.S_ISREG(found.st_mode):
            raise Left("not a file")
        if found.st_size > UNPACKED:
            raise Left(f"over {UNPACKED >> 20} MiB")
        with os.fdopen(os.dup(at), "rb") as file:
            return file.read(UNPACKED + 1)
    except FileNotFoundError:
        raise Missing("there is no such file") from None
    except OSError as error:
        raise Left(error.strerror or str(error)) from error
    finally:
        if at is not None:
            os.close(at)


def _limit(files: dict[str, bytes]) -> None:
    if len(files) > FILES:
        raise DsfixError(f"the page refers to more than {FILES:,} files")
    if sum(map(len, files.values())) > UNPACKED:
        raise DsfixError(f"the page and its files are over {UNPACKED >> 20} MiB")


def _short(url: str) -> str:
    shown = "".join(letter if letter.isprintable() else "?" for letter in url)
    return shown if len(shown) <= 100 else f"{shown[:99]}…"
