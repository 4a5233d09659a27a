"""How an error is told."""

from __future__ import annotations

import pytest

from dsfix.cli.leaving import LONGEST, failed
from dsfix.errors import DsfixError


def test_an_error_of_megabytes_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    """What was given may be a whole file; the end of it is told nobody."""
    with pytest.raises(SystemExit):
        failed(DsfixError("x" * (1 << 20), hint="look at it"))
    first, hint = capsys.readouterr().err.splitlines()
    assert first == f"dsfix: error: {'x' * LONGEST}..."
    assert hint == "  hint: look at it"
