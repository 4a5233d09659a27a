"""The log for debugging, where it cannot be written."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dsfix.proxy.server import to_file


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> Iterator[logging.Logger]:
    """The root logger, which is afterwards as it was."""
    found = logging.getLogger()
    before, level = list(found.handlers), found.level
    monkeypatch.setattr(logging, "raiseExceptions", True)
    yield found
    found.setLevel(level)
    for each in set(found.handlers).difference(before):
        found.removeHandler(each)
        if isinstance(each, logging.StreamHandler):
            with suppress(OSError):
                each.stream.close()


def test_a_full_disk_is_not_the_agents_to_read(
    root: logging.Logger, capfd: pytest.CaptureFixture[str]
) -> None:
    """Lines that find no room are lost without a word on the agent's terminal."""
    to_file(Path("/dev/full"), str)
    root.error("a line")
    assert capfd.readouterr().err == ""
