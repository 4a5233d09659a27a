"""A request leaves nothing behind that Python has to search for."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dsfix.protocol.body import Dialect
from dsfix.repairs.base import Step
from tests.repairs.support import USER, call, memory, request, result, sent


@contextmanager
def nobody_looking() -> Iterator[None]:
    """Without Python's own search for circles."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.mark.parametrize("step", [Step.NONE, Step.PLACEHOLDERS])
@pytest.mark.parametrize("dialect", Dialect)
def test_a_request_leaves_no_circle(dialect: Dialect, step: Step) -> None:
    """One would hold its bytes: 1 MB asked for again and again, without a pause, held 458 MB."""
    to = memory()
    history = USER, call("a", dialect=dialect), result("a", dialect)
    for _ in range(2):  # seen for the first time, and gone on with
        with nobody_looking():
            _, out = sent(dialect, request(*history, dialect=dialect), to=to, step=step)
            assert out.placeholders
            del out
            assert gc.collect() == 0
