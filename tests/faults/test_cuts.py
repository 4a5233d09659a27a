"""A stream that dies: at every byte, in every dialect, in one proxy."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.faults.rig import CUT, Rig, says, tells
from tests.faults.row import DIALECTS
from tests.faults.wild import Wild, chunk, head
from tests.proxy.wire_data import CLEAN, EVENTS


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_stream_that_dies_at_any_byte(dialect: str, tmp_path: Path) -> None:
    """The agent gets what came, no byte more or less, and never a proper end; so says the record."""
    events = EVENTS[dialect]
    places = iter(range(1, len(events) + 1))
    sent: list[bytes] = []

    def say(connection: socket.socket) -> None:
        sent.append(events[: next(places)])
        connection.sendall(
            head("text/event-stream", "Transfer-Encoding: chunked") + chunk(sent[-1])
        )
        connection.close()

    with Wild(say) as wild, Rig(wild.url, tmp_path / "state") as rig:
        for _ in events:
            answer = rig.send(dialect, CLEAN[dialect])
            assert says(answer, dialect, sent[-1]) == CUT
            assert answer.body == sent[-1]
        assert wild.ended()
    assert len(rig.recorded()) == len(events)
    assert {tells(each) for each in rig.recorded()} == {
        "200, cut by the upstream, `the upstream broke off`"
    }
