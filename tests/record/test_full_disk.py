"""A disk that has no room for a new file when a session begins."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tests.record.support import events, opened, recorded, request, user


def _refused(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_the_record_begins_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it is lost: it is held from the first event on."""
    with monkeypatch.context() as full:
        full.setattr(os, "mkdir", _refused)
        log = opened(tmp_path)
        recorded(log, request([user("hi")]), None)
    log.close(0, 1)
    assert not log.trouble
    told = [each["type"] for each in events(log)]
    assert (told[0], told[-1]) == ("session.start", "session.end")
    assert "response" in told


@pytest.mark.parametrize("requests", [0, 1])
def test_one_that_never_begins_is_told(
    requests: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, and as what it is."""
    monkeypatch.setattr(os, "mkdir", _refused)
    log = opened(tmp_path)
    for number in range(requests):
        recorded(log, request([user("hi")]), None, number + 1)
    log.close(0, 1)
    assert log.trouble == f"the record stopped: {os.strerror(errno.ENOSPC)}"
