"""The table holds: every failure is there without its cure, gone with it, and nothing else moves."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dsfix.protocol.body import Dialect
from dsfix.repairs import NAMES, REPAIRS, TOWARD_SIGNERS, without
from dsfix.repairs.base import Answering, Repair
from dsfix.repairs.error_shape import message_of
from dsfix.repairs.reply import Reply
from tests.conformance.check import differences, fails, outcome
from tests.conformance.row import Row
from tests.conformance.table import CURED, FAILURES, NOT_CURED, ROWS

EVERY = (*REPAIRS, *TOWARD_SIGNERS)
_TITLE = {"ids": lambda row: row.id}
_DATED = re.compile(r".+, 20\d\d(-\d\d(-\d\d)?)?$")


@pytest.mark.parametrize("row", CURED, **_TITLE)
def test_refused_without_its_repairs(row: Row) -> None:
    """Without what a row names, the upstream refuses in the words of the row, or does harm."""
    assert row.error
    assert outcome(row, *row.repairs).trouble.startswith(row.error)


@pytest.mark.parametrize("row", CURED, **_TITLE)
def test_accepted_with_all_repairs(row: Row) -> None:
    """With the whole registry nothing goes wrong any more."""
    assert outcome(row).trouble == ""


@pytest.mark.parametrize("row", CURED, **_TITLE)
def test_only_what_is_named_differs(row: Row) -> None:
    """All parts that a row names differ, and everything else is the same, byte for byte."""
    assert differences(outcome(row)) == set(row.differs)


@pytest.mark.parametrize("repair", EVERY, ids=lambda repair: repair.name)
def test_each_repair_holds_up_its_own_rows(repair: Repair) -> None:
    """Without one repair exactly the rows that name it fail."""
    assert {row.id for row in CURED if fails(row, repair.name)} == {
        row.id for row in CURED if repair.name in row.repairs
    }


@pytest.mark.parametrize("repair", EVERY, ids=lambda repair: repair.name)
def test_each_repair_has_a_row_in_each_of_its_dialects(repair: Repair) -> None:
    """A repair that no row needs is not shown to cure anything."""
    assert {row.dialect for row in CURED if repair.name in row.repairs} == repair.dialects


@pytest.mark.parametrize("row", [row for row in NOT_CURED if row.case], **_TITLE)
def test_what_cannot_be_cured_is_said_in_so_many_words(row: Row) -> None:
    """The request goes out as it came, and the upstream's own words reach the agent."""
    got = outcome(row)
    assert got.trouble == outcome(row, *NAMES).trouble
    assert got.trouble.startswith(row.error)
    assert differences(got) == set()
    if got.refusal is not None:
        repairs = without(frozenset(), signs=row.signer)
        reply = Reply(row.dialect, repairs, Answering(row.dialect, ""), strict=True)
        assert got.trouble.endswith(f": {message_of(reply.error(*got.refusal))}")


@pytest.mark.parametrize("row", ROWS, **_TITLE)
def test_rows_are_complete(row: Row) -> None:
    """Each row has a failure, sources with dates, and a cure that exists or a reason."""
    assert row.failure in {failure.name for failure in FAILURES}
    assert row.sources
    assert all(map(_DATED.match, row.sources)), row.sources
    assert set(row.repairs) <= set(NAMES)
    assert bool(row.repairs) != bool(row.why_not)


def test_rows_have_names_of_their_own() -> None:
    """No two rows have one id, nor two failures one name."""
    for names in ([row.id for row in ROWS], [failure.name for failure in FAILURES]):
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.name)
def test_each_failure_says_something_of_each_dialect(failure: Any) -> None:
    """A row, or why there is none."""
    rows = {row.dialect for row in ROWS if row.failure == failure.name}
    assert rows | set(failure.nowhere) == set(Dialect)
    assert not rows & set(failure.nowhere)
