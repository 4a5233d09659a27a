"""Sending a page: what goes with it, and sending it again whenever it changes."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dsfix.errors import DsfixError, UsageError
from dsfix.record.checkout import checkout
from dsfix.redact import Redactor
from dsfix.reports.bundle import LONGEST_LABEL, Manifest, bundle
from dsfix.reports.client import Server
from dsfix.reports.packing import Packed, pack

_EVERY = 0.3  # seconds between two looks at the files
_SESSION = "DSFIX_SESSION"  # set by `dsfix run` for the agent and all it starts
_Stamps = dict[Path, tuple[int, int, int]]


class Said(NamedTuple):
    """What the user says of the page that is sent; empty where nothing was said."""

    id: str = ""
    title: str = ""
    category: str = ""
    project: str = ""
    tags: tuple[str, ...] = ()


class Sent(NamedTuple):
    """The report as the server tells it, what was sent, and the files with secrets in them."""

    report: dict[str, Any]
    packed: Packed
    secret: tuple[str, ...]


def page(path: Path) -> Path:
    """The page by its absolute path, whose folder is told by its real name.

    Raises UsageError for a link, for what is no page, and for what is not there.
    """
    there = os.access(path, os.F_OK)  # not so in a folder that is closed to us, or for a loop
    if there and path.is_symlink():
        raise UsageError(f"{path} is a symbolic link", hint=f"send {path.resolve()} itself")
    if not there:
        raise UsageError(f"{path}: there is no such file")
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "no page"
        raise UsageError(f"{path} is {kind}", hint="send a page: the files that it shows go along")
    return path.parent.resolve() / path.name


def send(
    server: Server, path: Path, cwd: Path, environ: Mapping[str, str], said: Said, *, replace: bool
) -> Sent:
    """Send a page with its files once; `replace` puts it in its newest version's place.

    Where nothing is said of the project, a new report gets that of the working directory. What
    the page says goes as it is; secrets in what is told of it are taken out.
    """
    packed = pack(path)
    here = checkout(cwd)
    redactor = Redactor.of(environ, [(server.token, "token")])
    manifest = Manifest(
        entry=packed.entry,
        host=socket.gethostname(),
        path=redactor.text(str(path)),
        branch=_label(redactor.text(here.get("branch", ""))),
        session=environ.get(_SESSION, ""),
        directory=_label(redactor.text(here.get("project", ""))),
        replace=replace,
        **redactor.value(said._asdict()),
    )
    secret = (name for name, data in packed.files.items() if redactor.finds(_text(data)))
    return Sent(server.sent(bundle(manifest, packed.files)), packed, tuple(secret))


def _label(name: str) -> str:
    """The name of a folder or a branch as a label can be: one line, and not too long."""
    spelled = name.encode("utf-8", "backslashreplace").decode()
    return re.sub(r"[\x00-\x1f\x7f]", " ", spelled)[:LONGEST_LABEL]


def _text(data: bytes) -> str:
    """What a file says; nothing for one that is no text."""
    return "" if b"\0" in data else data.decode("utf-8", "replace")


def watch(
    again: Callable[[], Packed], path: Path, packed: Packed, failed: Callable[[DsfixError], None]
) -> None:
    """Call `again` whenever the page or one of its files has changed, or is there at last; never
    ends by itself.

    A file that is being written may be missing or half there: then it is tried at the next
    change, and `failed` is told.
    """
    names = {*packed.files, *packed.missing}
    before = _stamps(path, names)
    if not _is_still(path, packed):  # changed while it was sent
        before = {}
    while True:
        time.sleep(_EVERY)
        now = _stamps(path, names)
        if now == before:
            continue
        while (later := _after(path, names)) != now:
            now = later
        before = now
        try:
            packed = again()
        except DsfixError as error:
            failed(error)
        else:
            names |= {*packed.files, *packed.missing}
            before = _stamps(path, set(packed.files)) | now


def _is_still(path: Path, packed: Packed) -> bool:
    """Whether the files are on the disk as they were packed, and no other that is wanted."""
    if any((path.parent / name).exists() for name in packed.missing):
        return False
    try:
        return all((path.parent / name).read_bytes() == packed.files[name] for name in packed.files)
    except OSError:
        return False


def _after(path: Path, names: set[str]) -> _Stamps:
    time.sleep(_EVERY)
    return _stamps(path, names)


def _stamps(path: Path, names: set[str]) -> _Stamps:
    found: _Stamps = {}
    for name in names:
        file = path.parent / name
        try:
            at = file.stat()
        except OSError:
            continue
        found[file] = (at.st_mtime_ns, at.st_size, at.st_ino)
    return found
