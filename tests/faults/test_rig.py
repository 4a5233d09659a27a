"""A row that hangs must tell where: it may hang once, on a machine that nobody can look at."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.faults.rig import Rig
from tests.faults.wild import Wild


def test_a_time_out_tells_where_every_task_stood(tmp_path: Path) -> None:
    """An upstream that says nothing: the note names what waits for its answer, inside aiohttp."""
    over = threading.Event()
    with Wild(lambda connection: bool(over.wait(20)) and None) as wild:
        with Rig(wild.url, tmp_path) as rig:
            rig.bound = 1.0
            with pytest.raises(TimeoutError) as caught:
                rig.send("chat", b"{}")
        over.set()
    [note] = caught.value.__notes__
    assert "await self._exchange(" in note
    assert "await protocol.read()" in note
