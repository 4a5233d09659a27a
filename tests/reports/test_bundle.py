"""Uploads that nobody who means well would send."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsfix.reports import bundle
from dsfix.reports.bundle import Manifest, Refused, unbundled
from dsfix.reports.names import fault

PAGE = {"page.html": b"<p>hello"}
GOOD = msgspec.json.encode(Manifest("page.html"))


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip file with a good manifest and page, and these."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        archive.writestr(".dsfix.json", GOOD)
        archive.writestr("page.html", PAGE["page.html"])
        for name, data in entries:
            archive.writestr(name, data)
    return buffer.getvalue()


def special(mode: int) -> zipfile.ZipInfo:
    """An entry of another kind than a file."""
    info = zipfile.ZipInfo("link.png")
    info.external_attr = (mode | 0o777) << 16
    return info


def encrypted() -> bytes:
    """An upload whose last entry says that it is encrypted."""
    made = bytearray(zipped(("a.png", b"x")))
    at = made.rindex(b"PK\1\2") + 8
    made[at : at + 2] = struct.pack("<H", 1)
    return bytes(made)


def lying() -> bytes:
    """An upload whose large entry claims to be small."""
    data = b"\0" * 3_000_000
    made = bytearray(zipped(("a.png", data)))
    at = made.rindex(b"PK\1\2") + 24
    assert struct.unpack("<I", made[at : at + 4]) == (len(data),)
    made[at : at + 4] = struct.pack("<I", 10)
    return bytes(made)


def manifest(text: bytes) -> bytes:
    """An upload with this for a manifest."""
    return bundle.zipped({".dsfix.json": text, **PAGE})


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "slip": (lambda: zipped(("../evil.png", b"")), "outside"),
    "slip within": (lambda: zipped(("a/../../evil.png", b"")), "outside"),
    "absolute": (lambda: zipped(("/tmp/evil.png", b"")), "absolute"),
    "drive": (lambda: zipped(("C:/evil.png", b"")), "must not hold"),
    "backslash": (lambda: zipped(("..\\evil.png", b"")), "must not hold"),
    "nul": (lambda: zipped(("evil.png", b"")).replace(b"evil.png", b"ev\0l.png"), "must not hold"),
    "newline": (lambda: zipped(("ev\nl.png", b"")), "must not hold"),
    "right to left": (lambda: zipped(("ev\u202elmth.png", b"")), "must not hold"),
    "hidden": (lambda: zipped((".htaccess", b"")), "hidden"),
    "hidden folder": (lambda: zipped((".git/a.png", b"")), "hidden"),
    "empty part": (lambda: zipped(("a//b.png", b"")), "empty parts"),
    "folder": (lambda: zipped(("folder/", b"")), "empty parts"),
    "kind": (lambda: zipped(("run.sh", b"")), "not sent"),
    "long": (lambda: zipped(("a" * 600 + ".png", b"")), "between 1 and 512"),
    "link": (lambda: zipped((special(stat.S_IFLNK), b"/etc/passwd")), "a link or another"),
    "device": (lambda: zipped((special(stat.S_IFCHR), b"")), "a link or another"),
    "case": (lambda: zipped(("A.png", b""), ("a.png", b"")), "two files of one name"),
    "bomb": (lambda: zipped(("a.png", b"\0" * 30_000_000)), "200 times"),
    "large": (lambda: zipped(*((f"{i}.png", b"\0" * 2**24) for i in range(9))), "over 128 MiB"),
    "lying": (lying, "no zip file"),
    "many": (lambda: zipped(*((f"{i}.png", b"") for i in range(2100))), "more than 2,048"),
    "encrypted": (encrypted, "encrypted"),
    "bzip2": (lambda: zipped(("a.png", b"x"), how=zipfile.ZIP_BZIP2), "another way than deflate"),
    "no zip": (lambda: b"hello", "no zip file"),
    "empty": (lambda: b"", "no zip file"),
    "cut": (lambda: zipped()[:-30], "no zip file"),
    "no manifest": (lambda: bundle.zipped(PAGE), "no valid manifest"),
    "no json": (lambda: manifest(b"{"), "no valid manifest"),
    "unknown field": (lambda: manifest(b'{"entry":"page.html","x":1}'), "no valid manifest"),
    "number": (lambda: manifest(b'{"entry":1}'), "no valid manifest"),
    "long title": (
        lambda: manifest(msgspec.json.encode(Manifest("page.html", title="x" * 300))),
        "length <= 256",
    ),
    "title of two lines": (
        lambda: manifest(msgspec.json.encode(Manifest("page.html", title="x\ny"))),
        "no valid manifest",
    ),
    "other page": (lambda: manifest(b'{"entry":"other.html"}'), "does not have the page"),
    "manifest as page": (lambda: manifest(b'{"entry":".dsfix.json"}'), "does not have the page"),
}


@pytest.mark.parametrize("name", BAD)
def test_refused(name: str) -> None:
    """What we would never make is refused, with the reason, in one short line."""
    make, reason = BAD[name]
    with pytest.raises(Refused, match=reason) as raised:
        unbundled(make())
    assert raised.value.message.isprintable() and len(raised.value.message) < 250


@pytest.mark.parametrize("second", ["../evil.png", "/tmp/evil.png", ".htaccess", "run.sh"])
def test_a_second_name(second: str) -> None:
    """What an entry's extra field calls it leads nowhere either; Python goes by it from 3.12 on."""
    info = zipfile.ZipInfo("a.png")
    name = struct.pack("<BL", 1, zlib.crc32(b"a.png")) + second.encode()
    info.extra = struct.pack("<HH", 0x7075, len(name)) + name
    with suppress(Refused):
        assert set(unbundled(zipped((info, b"")))[1]) == {"page.html", "a.png"}


def test_damaged() -> None:
    """A bit that was changed on the way is noticed."""
    made = bytearray(zipped(("a.png", zlib.compress(b"x" * 999))))
    made[made.index(b"a.png") + 12] ^= 1
    with pytest.raises(Refused):
        unbundled(bytes(made))


NAMES = st.text(min_size=1).map(lambda text: f"{text}.png").filter(lambda text: not fault(text))


@given(st.dictionaries(NAMES.map(str.casefold), st.binary()))
def test_what_is_sent_arrives(files: dict[str, bytes]) -> None:
    """Manifest and files come out of an upload as they went in."""
    sent = Manifest("page.html", title="报告", tags=("a", "b"), replace=True)
    files = {name: data for name, data in files.items() if not fault(name)}
    assert unbundled(bundle.bundle(sent, {**PAGE, **files})) == (sent, {**PAGE, **files})


@given(st.binary(), st.integers(0))
def test_any_bytes(data: bytes, at: int) -> None:
    """Bytes put anywhere into an upload are taken or refused, and raise nothing else."""
    good = zipped(("a.png", b"x" * 50))
    at %= len(good)
    with suppress(Refused):
        unbundled(good[:at] + data + good[at + len(data) :])


def test_too_large_to_send(monkeypatch: pytest.MonkeyPatch) -> None:
    """A report that the server would refuse for its size is not sent."""
    monkeypatch.setattr(bundle, "UPLOAD", 100)
    with pytest.raises(Refused, match="MiB when packed"):
        bundle.bundle(Manifest("page.html"), PAGE)
