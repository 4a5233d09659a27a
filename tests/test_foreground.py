"""What an agent waits for goes before what is written about it."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from dsfix.foreground import Background, Foreground
from dsfix.memory import OriginMemory, Store
from dsfix.memory.opening import LOCKED
from dsfix.protocol.turns import Turn
from tests.faults.rig import Rig
from tests.proxy.wire_data import CLEAN
from tests.repairs.support import At
from tests.support.in_process import KEY, PATHS, InProcess, Talk
from tests.support.pty_session import wait_until
from tests.support.strict_endpoint import StrictEndpoint

# Where a request goes, the coding of its body, and the status that it gets of a gone upstream.
ANSWERED = (
    (PATHS["messages"], "", 502),
    (PATHS["messages"] + "/count_tokens", "", 200),
    (PATHS["messages"], "unknown", 400),
)


class Asked(Foreground):
    """Keeps which threads have asked whether it is free, and what was done to it."""

    def __init__(self) -> None:
        super().__init__()
        self.by: set[str] = set()
        self.done: list[str] = []

    def claim(self) -> None:
        """Kept as `claim`."""
        super().claim()
        self.done.append("claim")

    def release(self) -> None:
        """Kept as `release`."""
        super().release()
        self.done.append("release")

    @property
    def claimed(self) -> bool:
        """As it is; who asks is kept."""
        self.by.add(threading.current_thread().name)
        return super().claimed


def test_a_request_claims_the_foreground_until_its_answer_begins(tmp_path: Path) -> None:
    """Both that are written give way to it: the record, and memory."""
    asked = Asked()
    with StrictEndpoint(key=KEY) as endpoint:
        rig = Rig(endpoint.url, tmp_path)
        rig.store = Store(tmp_path / "memory.db", foreground=asked)
        rig.log.foreground = asked
        rig._forwarding["foreground"] = asked
        with rig:
            Talk(rig, "messages", "use the tool").turn()
    assert asked.done[:3] == ["claim", "claim", "release"]
    assert asked.by == {"dsfix-record", "dsfix-store"}


@pytest.mark.parametrize(("path", "coding", "status"), ANSWERED)
def test_who_has_an_answer_claims_nothing(path: str, coding: str, status: int) -> None:
    """Neither who learns that the upstream is gone, nor who is answered without it."""
    asked = Asked()
    with socket.create_server(("127.0.0.1", 0)) as gone:
        proxy = InProcess(f"http://127.0.0.1:{gone.getsockname()[1]}")
    proxy._forwarding["foreground"] = asked
    with proxy:
        found, _, _ = proxy.ask("POST", path, CLEAN["messages"], Content_Encoding=coding)
    assert found == status
    assert asked.done[-1] == "release"


def _sleeps(claimed: Foreground, *, patience: float = 60.0, ends: bool = False) -> int:
    """How often one gives way sleeps until the foreground is released, while it is claimed."""
    slept: list[float] = []

    def sleep(seconds: float) -> bool:
        slept.append(seconds)
        if len(slept) == 2:
            claimed.release()
        return ends

    background = Background(claimed, sleep, patience)
    background.begin()
    background.give_way()
    return len(slept)


def test_one_gives_way_for_as_long_as_the_foreground_is_claimed() -> None:
    """A claim may be renewed meanwhile."""
    foreground = Foreground()
    assert _sleeps(foreground) == 0
    foreground.claim()
    assert _sleeps(foreground) == 2
    assert _sleeps(foreground) == 0


def test_one_gives_way_no_longer_than_its_patience() -> None:
    """A flood of requests does not keep what happened from the disk."""
    foreground = Foreground()
    foreground.claim()
    assert _sleeps(foreground, patience=0.0) == 0


def test_at_the_end_nobody_gives_way() -> None:
    """There is no time left to wait."""
    foreground = Foreground()
    foreground.claim()
    assert _sleeps(foreground, ends=True) == 1


def test_who_has_fallen_behind_works_between_two_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """It rests for a claim alone, and never before a slice of work."""
    monkeypatch.setattr("dsfix.foreground.SLICE", 0.0)  # it is over at once
    foreground = Foreground()
    assert _sleeps(foreground, patience=0.0) == 0
    foreground.claim()
    assert _sleeps(foreground, patience=0.0) == 2


class Claimed(Foreground):
    """Somebody always waits for the proxy."""

    @property
    def claimed(self) -> bool:
        """Now as well."""
        return True


def test_what_was_learnt_is_kept_while_one_request_follows_another(tmp_path: Path) -> None:
    """Another process may go on with the conversation: its commit waits for no more than a moment,
    where it waits for five seconds until it can open a locked file.
    """
    store = Store(tmp_path / "memory.db", foreground=Claimed())
    store.open()
    try:
        began = time.monotonic()
        OriginMemory(store, "https://api.deepseek.com").remember(Turn(("call_1",), ("f",)), At())
        wait_until(lambda: store.stats()[0] == 1)
        assert time.monotonic() - began < LOCKED / 2
    finally:
        store.close()
