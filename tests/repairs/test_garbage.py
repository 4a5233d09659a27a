"""A request's bytes are held no longer than they are needed."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dsfix.protocol.body import Dialect
from dsfix.repairs import REPAIRS
from dsfix.repairs.base import Step
from dsfix.repairs.chain import prepare
from tests.repairs.support import RULES, USER, call, memory, request, result, sent


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


@pytest.mark.parametrize("dialect", Dialect)
def test_what_is_told_does_not_hold_what_came_in(dialect: Dialect) -> None:
    """Requests of one conversation share their messages; as a whole each is as long as all."""
    history = USER, call("a", dialect=dialect), result("a", dialect)
    data = json.dumps(request(*history, dialect=dialect)).encode()
    before = sys.getrefcount(data)
    out = prepare(dialect, data, REPAIRS, RULES, memory(), lambda _: Step.NONE)
    assert sys.getrefcount(data) > before
    told = out.taken_apart()
    assert (told.body, told.stages) != (None, ())
    del out
    assert sys.getrefcount(data) == before
