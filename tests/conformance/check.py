"""Whether a row holds with a set of repairs: nothing goes wrong, and nothing else is changed."""

from __future__ import annotations

from typing import Any

from dsfix.repairs import without
from tests.conformance.diff import Part, encode, parts
from tests.conformance.row import Outcome, Row


def outcome(row: Row, *missing: str) -> Outcome:
    """What comes of a row's case with all repairs but these."""
    assert row.case is not None, row.id
    return row.case.run(row.dialect, without(frozenset(missing), signs=row.signer))


def differences(got: Outcome) -> set[str]:
    """Every part that differs, and (as `=`) every one that says the same in other bytes."""
    found = set()
    for part in parts(got.before, got.after):
        if part.sign != "=":
            found.add(part.sign + part.path)
        elif not all(encode(value) in got.sent for value in _pieces(part)):
            found.add(f"={part.path}")
    return found


def _pieces(part: Part) -> list[Any]:
    """What keeps its bytes: each message, though not the blanks between messages."""
    return list(part.value) if part.path in ("messages", "input") else [part.value]


def fails(row: Row, *missing: str) -> str:
    """Why a row does not hold without these repairs: what goes wrong, or what else differs."""
    got = outcome(row, *missing)
    return got.trouble or "; ".join(sorted(differences(got) - set(row.differs)))
