"""SECURITY.md says what stops whom, and by which test it is shown; those tests are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)))
ITEMS = 21


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_named_tests_are_there(path: str, name: str) -> None:
    """Each is a function of its file, and no file is named without one."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}


def test_every_item_of_the_checklist_is_answered() -> None:
    """Numbers 1 to 21, in order, each with a test or the reason why there is none."""
    rows = re.findall(r"^\| (\d+) \| (.+) \| (.+) \|$", TEXT, re.M)
    assert [int(number) for number, _, _ in rows] == list(range(1, ITEMS + 1))
    assert all("`tests/" in shown or shown.startswith("none: ") for _, _, shown in rows)


def test_every_threat_is_answered() -> None:
    """Each row of the table of threats names a test."""
    table = TEXT.partition("| who | what they try |")[2].partition("\n\n")[0]
    rows = [line for line in table.splitlines()[2:] if line.startswith("| ")]
    assert len(rows) > 15
    assert all("::test_" in row for row in rows)
