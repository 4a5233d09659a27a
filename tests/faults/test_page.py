"""The page of faults is made from the rows."""

from __future__ import annotations

from pathlib import Path

from tests.faults.page import NAME, page

ROOT = Path(__file__).parent.parent.parent


def test_the_page_is_what_the_rows_say() -> None:
    """What is checked in is what the generator writes: make docs."""
    assert (ROOT / "docs" / NAME).read_text(encoding="utf-8") == page()
