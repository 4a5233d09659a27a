"""A record after `kill -9`: whole events, and told as interrupted."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dsfix.record.reader import read
from dsfix.record.sessions import EndState
from tests.record.support import indexed

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("seed", range(8))
def test_a_killed_session_is_read_back_to_its_last_event(tmp_path: Path, seed: int) -> None:
    """At whatever moment it dies, every line but a cut last one is an event, in order."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.record.write_until_killed", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    path = Path(writer.stdout.readline().strip())
    assert indexed(tmp_path)[0].state == EndState.RUNNING
    time.sleep(random.Random(seed).uniform(0.0, 0.4))
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    *whole, last = path.read_bytes().split(b"\n")
    assert [json.loads(line)["seq"] for line in whole] == list(range(1, len(whole) + 1))
    assert last == b"", "one write for each event leaves no cut line behind"
    record = read(path)
    assert record.state is EndState.INTERRUPTED
    for each in record.exchanges:
        said = record.messages(each)
        assert len(said) == each.messages and None not in said
    [listed] = indexed(tmp_path)
    assert listed.state == EndState.INTERRUPTED
    assert listed.exchanges == sum(each.ended for each in record.exchanges)
