"""What has grown old is dropped beside the session, and nothing waits for it."""

from __future__ import annotations

from pathlib import Path

from dsfix.memory import DAY, OriginMemory
from tests.memory.test_memory import ORIGIN, opened, recall, turn
from tests.repairs.support import At
from tests.support.pty_session import wait_until

OLD = 4000


def _later() -> float:
    return 1e9 + 11 * DAY


def test_nobody_waits_while_much_is_dropped(tmp_path: Path) -> None:
    """What is young is known at once, what is learnt is kept, and the next session goes on."""
    file = tmp_path / "memory.db"
    with opened(file, clock=lambda: 1e9) as store:
        old = [(turn(f"old{number}", thought="old"), At()) for number in range(OLD)]
        OriginMemory(store, ORIGIN).learn(old)
        wait_until(lambda: store.stats()[0] == OLD)
    with opened(file, clock=_later) as store:
        OriginMemory(store, ORIGIN).remember(turn("young", thought="young"), At())
    with opened(file, clock=_later, max_age=10 * DAY) as store:
        memory = OriginMemory(store, ORIGIN)
        assert recall(memory, turn("young")) == "young"
        assert store.stats()[0] > OLD / 2
        memory.remember(turn("new", thought="new"), At())
    with opened(file, clock=_later, max_age=10 * DAY) as store:
        wait_until(lambda: store.stats()[0] < OLD / 10)  # some are alike, and were used
        assert recall(OriginMemory(store, ORIGIN), turn("new")) == "new"
        assert not store.trouble
