"""A session read without what was said in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from dsfix.protocol.answer import Block
from dsfix.record.brief import brief
from dsfix.record.log import SessionLog
from dsfix.record.reader import read
from tests.record.support import assistant, opened, recorded, reply, request, user


def written(tmp_path: Path) -> SessionLog:
    """Two turns, one of which quotes an event."""
    log = opened(tmp_path)
    quoting = '{"type":"response","exchange":9}'
    answer = reply(Block("text", parts=[quoting], complete=True))
    recorded(log, request([user(quoting)]), answer, 1)
    recorded(log, request([user(quoting), assistant("two"), user("three")]), None, 2)
    log.close(0, 12.5)
    return log


def test_it_has_the_same_exchanges(tmp_path: Path) -> None:
    """As the whole record, and its first event."""
    path = written(tmp_path).path
    assert path is not None
    found, whole = brief(path), read(path)
    assert found.exchanges == tuple(each.exchange for each in whole.exchanges)
    assert len(found.exchanges) == 2
    assert (found.id, found.start) == (whole.id, whole.start)


def test_a_record_cut_anywhere_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """Down to an empty file, and one that is gone."""
    path = written(tmp_path).path
    assert path is not None
    for length in range(path.stat().st_size, -1, -7):
        os.truncate(path, length)
        assert brief(path).exchanges == tuple(each.exchange for each in read(path).exchanges)
    path.unlink()
    assert brief(path).exchanges == () and not brief(path).start


def test_it_is_read_without_the_repairs() -> None:
    """A status line is asked for after every message: what a repair is is of no use to it."""
    code = "import sys, dsfix.record.brief, dsfix.report.standing; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = ran.stdout.split()
    assert "dsfix.record.brief" in loaded
    assert not [name for name in loaded if name.startswith(("dsfix.repairs", "sqlite3", "aiohttp"))]
