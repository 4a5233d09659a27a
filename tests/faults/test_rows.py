"""Each fault ends as its row says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.row import Fault, Scene
from tests.faults.table import ELSEWHERE, PLAYED, ROWS

ROOT = Path(__file__).parent.parent.parent
CASES = [
    pytest.param(row, dialect, id=f"{row.group}/{row.name.replace(' ', '-')}/{dialect}")
    for row in PLAYED
    for dialect in row.dialects
]


@pytest.mark.parametrize(("row", "dialect"), CASES)
def test_a_fault_ends_as_its_row_says(row: Fault, dialect: str, tmp_path: Path) -> None:
    """What the agent sees and what the record says, word for word."""
    assert row.play is not None
    place = tmp_path / "scene"
    place.mkdir()
    seen = row.play(Scene(place, dialect))
    assert (seen.agent, seen.record) == (row.agent, row.record)


@pytest.mark.parametrize("row", ELSEWHERE, ids=lambda row: row.name)
def test_a_row_that_is_tested_elsewhere_is(row: Fault) -> None:
    """The tests that it names are there."""
    for test in row.tested:
        file, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), test


def test_no_row_is_told_twice() -> None:
    """One name for a fault of a group, unless its dialects differ."""
    names = [(row.group, row.name, dialect) for row in ROWS for dialect in row.dialects]
    assert len(set(names)) == len(names)
