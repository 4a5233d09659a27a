"""Whatever stands in the user's file or in a record, it is read or refused in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsfix.config.file import read as read_config
from dsfix.errors import DsfixError
from dsfix.record.brief import brief
from dsfix.record.reader import Following, read
from dsfix.report.export import FORMATS
from dsfix.report.recall import recalled
from tests.fuzz.inputs import any_bytes, examples, odd_bodies, seeds

LINES = [json.loads(line) for data in seeds("record") for line in data.splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One place for all examples: each overwrites the one before it."""
    return tmp_path_factory.mktemp("fuzz")


@given(data=any_bytes("config"))
@examples(120)
def test_any_configuration(folder: Path, data: bytes) -> None:
    """It is understood, or told in one line that names the file."""
    path = folder / "config.toml"
    path.write_bytes(data)
    try:
        read_config(path)
    except DsfixError as error:
        assert str(path) in str(error) and "\n" not in str(error)


def looked_at(path: Path) -> None:
    """Read a record, walk through all that is in it, and export it in every form."""
    brief(path)
    record = read(path)
    for each in record.exchanges:
        record.messages(each)
        record.pieces(each, "system")
        record.part(each, "tools")
    assert record.conversations() is not None and record.started is not None
    known = recalled(record)
    for form in FORMATS.values():
        assert "".join(form(record, known)) is not None


@given(data=any_bytes("record"))
@examples(100)
def test_any_record(folder: Path, data: bytes) -> None:
    """It is read as far as it is one, and again from where it was read to."""
    path = folder / "events.jsonl"
    path.write_bytes(data)
    looked_at(path)
    following = Following(path)
    assert len(following.read().exchanges) == len(following.read().exchanges)


@given(odd=st.lists(odd_bodies(LINES), min_size=1, max_size=6))
@examples(120)
def test_odd_lines_in_a_record(folder: Path, odd: list[Any]) -> None:
    """Lines with values of the wrong kind hide nothing but themselves."""
    path = folder / "events.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in odd), encoding="utf-8")
    looked_at(path)
