"""A report on the wire and on the disk: one zip file, whose first entry says what it is.

It is never unpacked into a folder, so no name in it can lead anywhere.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from dsfix.errors import DsfixError
from dsfix.reports.names import fault, is_page

MIB = 1 << 20
UPLOAD = 64 * MIB  # bytes of an upload
UNPACKED = 128 * MIB  # bytes of all its files
FILES = 2048
RATIO = 200  # unpacked to packed, from 1 MiB on; pages of tables reach some 30
_MANIFEST = ".dsfix.json"  # no file of a report can be called this
_EPOCH = (1980, 1, 1, 0, 0, 0)

LONGEST_LABEL = 256
Label = Annotated[str, Meta(max_length=LONGEST_LABEL, pattern=r"^[^\x00-\x1f\x7f]*$")]
Tags = Annotated[tuple[Label, ...], Meta(max_length=64)]


class Manifest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What goes with the files. Empty labels keep those of the version before.

    `id` names the report that this is a version of, else `host` and `path` do; `replace` puts
    it in the place of the newest version. `directory` is the project where nobody has said one.
    """

    entry: str
    id: Label = ""
    host: Label = ""
    path: Annotated[str, Meta(max_length=4096)] = ""
    title: Label = ""
    category: Label = ""
    project: Label = ""
    branch: Label = ""
    session: Label = ""
    directory: Label = ""
    tags: Tags = ()
    replace: bool = False


class Refused(DsfixError):
    """An upload that is not taken; the message says why."""


def bundle(manifest: Manifest, files: Mapping[str, bytes]) -> bytes:
    """An upload; what is no text in the manifest is spelled out. Raises Refused when too large."""
    said = {name: spelled(value) for name, value in msgspec.structs.asdict(manifest).items()}
    entries = {_MANIFEST: msgspec.json.encode(said), **files}
    made = zipped(entries)
    if len(made) > UPLOAD:
        raise Refused(f"the report is over {UPLOAD // MIB} MiB when packed")
    return made


def spelled(value: object) -> object:
    """The value as UTF-8 can have it: a folder's name, or an argument, may be any bytes."""
    if isinstance(value, tuple | list):
        return list(map(spelled, value))
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip file of these, the same for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = (stat.S_IFREG | 0o600) << 16
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def unbundled(upload: bytes) -> tuple[Manifest, dict[str, bytes]]:
    """What is in an upload. Raises Refused for any that we would not make ourselves."""
    try:
        with zipfile.ZipFile(io.BytesIO(upload)) as archive:
            _check(archive.infolist(), len(upload))
            files = {info.filename: archive.read(info) for info in archive.infolist()}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise Refused(f"the upload is no zip file: {error}") from error
    try:
        manifest = msgspec.json.decode(files.pop(_MANIFEST, b""), type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(f"the upload has no valid manifest: {error}") from error
    if manifest.entry not in files or not is_page(manifest.entry):
        raise Refused("the upload does not have the page that it names")
    return manifest, files


def file(archive: Path, name: str) -> bytes | None:
    """One file of a kept report; None when there is no such file."""
    try:
        with zipfile.ZipFile(archive) as opened:
            return opened.read(name)
    except (KeyError, FileNotFoundError):
        return None


def _check(infos: list[zipfile.ZipInfo], packed: int) -> None:
    """Look at the list before anything is unpacked; nothing yields more than is listed."""
    names = [info.filename for info in infos]
    if len(names) > FILES + 1:
        raise Refused(f"the upload has more than {FILES:,} files")
    if len({name.casefold() for name in names}) < len(names):
        raise Refused("the upload has two files of one name")
    for info in infos:
        _check_entry(info)
    size = sum(info.file_size for info in infos)
    if size > UNPACKED:
        raise Refused(f"the upload is over {UNPACKED // MIB} MiB when unpacked")
    if size > max(MIB, packed * RATIO):
        raise Refused(f"the upload unpacks to more than {RATIO} times its size")


def _check_entry(info: zipfile.ZipInfo) -> None:
    name = info.orig_filename
    sort = stat.S_IFMT(info.external_attr >> 16)
    if name != _MANIFEST and (reason := fault(name)):
        raise Refused(f"the upload has a file {ascii(name)[:100]}: {reason}")
    if name != info.filename:  # the extra field 0x7075 has another, which Python 3.12 goes by
        raise Refused(f"the upload has a file of two names: {ascii(name)[:100]}")
    if sort not in (0, stat.S_IFREG):
        raise Refused(f"the upload has a link or another special file: {ascii(name)[:100]}")
    if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refused("the upload is encrypted, or packed in another way than deflate")
