"""What is sent with a page, and what never is."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsfix.errors import DsfixError, UsageError
from dsfix.reports import bundle, packing, sending
from dsfix.reports.bundle import Manifest
from dsfix.reports.names import fault
from dsfix.reports.packing import pack
from tests.reports.support import write


def test_what_a_page_needs_is_found_through_its_style_sheets(tmp_path: Path) -> None:
    """Files are followed from page to style sheet to style sheet, each from its own folder."""
    entry = write(
        tmp_path,
        **{
            "report__html": "<link rel=stylesheet href='css/a.css?v=1'><img src='im%20g.png#x'>",
            "css/a__css": "@import 'deep/b.css'; p { background: url(../back.png) }",
            "css/deep/b__css": "p { background: url('../../back.png') } @import '../a.css';",
            "back__png": "png",
            "im g__png": "png",
            "unused__png": "png",
        },
    )
    packed = pack(entry)
    assert packed.entry == "report.html"
    assert set(packed.files) == {
        "report.html",
        "css/a.css",
        "css/deep/b.css",
        "back.png",
        "im g.png",
    }
    assert packed.warnings == ()


def test_linked_pages_are_followed(tmp_path: Path) -> None:
    """A page that is linked to comes with what it needs."""
    entry = write(tmp_path, a__html="<a href=b.html>", b__html="<img src=b.png>", b__png="")
    assert set(pack(entry).files) == {"a.html", "b.html", "b.png"}


LEFT = {
    "missing.png": "there is no such file",
    "/etc/hostname": "absolute",
    "%2Fetc/x.png": "absolute",
    "../outside.png": "outside of the page's folder",
    "%2e%2e/outside.png": "outside of the page's folder",
    "in/../../outside.png": "outside of the page's folder",
    "..\\outside.png": "a name must not hold",
    ".hidden.png": "hidden",
    ".git/x.png": "hidden",
    "link.png": "a symbolic link",
    "linked/x.png": "a symbolic link",
    "pipe.png": "not a file",
    "folder.png": "not a file",
    "key.pem": "files of the kind '.pem' are not sent",
    "id_rsa": "files of the kind 'id_rsa' are not sent",
    "file:///etc/hostname": "file: is not sent",
    "https://cdn.example/x.js": "on another server",
    "//cdn.example/x.js": "on another server",
    "http://[": "not an address",
    "a%00.png": "a name must not hold",
}


@pytest.mark.parametrize("url", LEFT)
def test_what_is_left_out(url: str, tmp_path: Path) -> None:
    """Nothing but plain files of known kinds in the page's own folder is sent; each is told."""
    folder = tmp_path / "page"
    entry = write(folder, page__html=f'<img src="{url}">', **{"__hidden__png": "", "key__pem": ""})
    write(tmp_path, outside__png="secret", **{"real/x__png": "secret"})
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    (folder / "linked").symlink_to(tmp_path / "real")
    (folder / "folder.png").mkdir()
    (folder / "id_rsa").write_text("secret")
    os.mkfifo(folder / "pipe.png")
    packed = pack(entry)
    assert set(packed.files) == {"page.html"}
    assert len(packed.warnings) == 1
    assert f": {LEFT[url]}" in packed.warnings[0]


@pytest.mark.parametrize(
    "url", ["", "#top", "?x", "data:image/png;base64,AA", "blob:x", "javascript:0", "mailto:a@b"]
)
def test_what_is_no_file(url: str, tmp_path: Path) -> None:
    """Addresses that name no file are passed over in silence."""
    entry = write(tmp_path, page__html=f'<img src="{url}"><a href="{url}">x</a>')
    assert pack(entry) == packing.Packed("page.html", {"page.html": entry.read_bytes()}, ())


def test_names_of_every_kind(tmp_path: Path) -> None:
    """A screenshot of macOS has a narrow space in its name, an emoji a joiner."""
    names = {"Screenshot 3.00\u202fPM.png", "\U0001f469\u200d\U0001f4bb.png", "東京\u3000図.svg"}
    entry = write(tmp_path, page__html="".join(f'<img src="{name}">' for name in names))
    for name in names:
        (tmp_path / name).write_text("x")
    packed = pack(entry)
    assert packed.files.keys() - {"page.html"} == names and packed.warnings == ()
    _, arrived = bundle.unbundled(bundle.bundle(Manifest("page.html"), packed.files))
    assert arrived == packed.files


def test_links_to_other_servers_are_no_loss(tmp_path: Path) -> None:
    """A link elsewhere is not warned of: the page is shown whole without it."""
    entry = write(tmp_path, page__html="<a href='https://example.com/'>x</a>")
    assert pack(entry).warnings == ()


def test_the_page_itself(tmp_path: Path) -> None:
    """Only a plain .html file that is not hidden is sent as a report."""
    write(tmp_path, **{"a__txt": "", "__a__html": "", "real/b__html": ""})
    (tmp_path / "c.html").symlink_to(tmp_path / "real/b.html")
    for name, reason in (
        ("a.txt", "a report is an .html file"),
        (".a.html", "hidden"),
        ("c.html", "symbolic link"),
        ("d.html", "no such file"),
    ):
        with pytest.raises(UsageError, match=reason):
            pack(tmp_path / name)


def test_what_is_no_page_is_told_as_what_it_is(tmp_path: Path) -> None:
    """A folder is there, and is nothing that can be sent."""
    os.mkfifo(tmp_path / "pipe.html")
    for path, said in (
        (tmp_path, "is a folder"),
        (tmp_path / "pipe.html", "is no page"),
        (tmp_path / "a.html", "no such file"),
    ):
        with pytest.raises(UsageError, match=said):
            sending.page(path)


def test_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many files or bytes are refused before they are sent."""
    entry = write(tmp_path, page__html="<img src=a.png><img src=b.png>", a__png="a" * 99, b__png="")
    monkeypatch.setattr(packing, "FILES", 2)
    with pytest.raises(DsfixError, match="more than 2 files"):
        pack(entry)
    monkeypatch.setattr(packing, "FILES", bundle.FILES)
    monkeypatch.setattr(packing, "UNPACKED", 120)
    with pytest.raises(DsfixError, match="over 0 MiB"):
        pack(entry)


@given(st.text(alphabet="./\\a~:\0 %.", max_size=12).map(lambda text: f"{text}.png"))
def test_a_good_name_leads_nowhere_else(name: str) -> None:
    """A name without fault is the same after normalising, and stays where it is put."""
    if not fault(name):
        assert posixpath.normpath(name) == name
        assert not name.startswith(("/", ".")) and "/." not in name and "\\" not in name
