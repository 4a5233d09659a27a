"""What a watched page tells of its changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsfix.reports.packing import Packed, pack
from dsfix.reports.sending import watch


class Enough(Exception):
    """Ends a watch, which never ends by itself."""


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
