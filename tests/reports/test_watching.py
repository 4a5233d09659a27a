"""What a watched page tells of its changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsfix.reports.packing import Packed, pack
from dsfix.reports.sending import watch


class Enough(Exception):
    """Ends a watch, which never ends by itself."""


def test_a_file_that_comes_later_is_sent(tmp_path: Path) -> None:
    """Agents write a page before its pictures: it was sent without them, and is sent again."""
    page = tmp_path / "a.html"
    page.write_text("<img src=one.png><img src=in/two.png>")
    later = [tmp_path / "one.png", tmp_path / "in/two.png"]
    sent = pack(page)
    again: list[set[str]] = []

    def send() -> Packed:
        packed = pack(page)
        again.append(packed.files.keys() - {"a.html"})
        if not later:
            raise Enough
        path = later.pop()
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
        return packed

    send()
    with pytest.raises(Enough):
        watch(send, page, sent, lambda error: None)
    assert again == [set(), {"in/two.png"}, {"in/two.png", "one.png"}]


@pytest.mark.parametrize("name", ["a.html", "a.css"])
def test_a_change_while_it_was_sent_is_not_missed(tmp_path: Path, name: str) -> None:
    """What has changed between packing and the first look is sent again at once."""
    page = tmp_path / "a.html"
    page.write_text("<link rel=stylesheet href=a.css>one")
    (tmp_path / "a.css").write_text("p {}")
    sent = pack(page)
    with (tmp_path / name).open("a") as file:
        file.write("more")
    again: list[bytes] = []

    def send() -> Packed:
        packed = pack(page)
        again.append(packed.files[name])
        raise Enough

    with pytest.raises(Enough):
        watch(send, page, sent, lambda error: None)
    assert [data.endswith(b"more") for data in again] == [True]
