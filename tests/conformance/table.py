"""The conformance table: every failure, in each dialect it exists in."""

from __future__ import annotations

from tests.conformance import (
    rows_answers,
    rows_codex,
    rows_content,
    rows_form,
    rows_limits,
    rows_lost,
    rows_modes,
    rows_names,
    rows_not_cured,
    rows_pairs,
    rows_schemas,
    rows_signers,
    rows_structure,
    rows_threads,
    rows_tools,
)
from tests.conformance.row import Failure, Row

_PARTS = (
    *(rows_lost, rows_form, rows_threads, rows_modes, rows_limits),
    *(rows_pairs, rows_structure, rows_content, rows_tools, rows_schemas, rows_codex),
    *(rows_names, rows_answers, rows_signers, rows_not_cured),
)
FAILURES: tuple[Failure, ...] = tuple(each for part in _PARTS for each in part.FAILURES)
ROWS: tuple[Row, ...] = tuple(row for part in _PARTS for row in part.ROWS)
CURED = tuple(row for row in ROWS if row.repairs)
NOT_CURED = tuple(row for row in ROWS if not row.repairs)
