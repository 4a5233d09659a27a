"""Token counts that an upstream tells and no answer can have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dsfix.protocol.usage import Usage
from dsfix.record.exchange import counted
from dsfix.record.reader import read
from tests.record.support import exchange, finished, opened, request, user

RIGHT = Usage(10, 2, 3, 1, 2, 1, 4, 5)


@pytest.mark.parametrize(
    "name",
    ["input", "cached", "output", "reasoning", "written", "written_1h", "searches", "fetches"],
)
@pytest.mark.parametrize("count", [-1, 1 << 41, 10**400])
def test_a_usage_with_such_a_count_is_none(name: str, count: int) -> None:
    """Neither money nor a budget is reckoned from it."""
    assert counted(replace(RIGHT, **{name: count})) is None
    assert counted(RIGHT) is RIGHT and counted(None) is None


@pytest.mark.parametrize(("told", "read_back"), [(Usage(1 << 50, 0, 5), None), (RIGHT, RIGHT)])
def test_a_record_that_holds_one(told: Usage, read_back: Usage | None, tmp_path: Path) -> None:
    """It says nothing of tokens when it is read; every count of any other is there."""
    log = opened(tmp_path)
    each = exchange()
    log.began(each, request([user("hi")]))
    log.ended(finished(each, usage=told), None)
    log.close(0, 1.0)
    assert log.path is not None
    [found] = read(log.path).exchanges
    assert found.exchange.usage == read_back and found.exchange.status == 200
