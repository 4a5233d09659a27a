"""Some sessions; `make sessions` plays new ones in hundreds."""

from __future__ import annotations

import pytest

from tests.sessions.play import play

SEEDS = 100


@pytest.mark.parametrize("seed", range(SEEDS))
def test_each_turn_keeps_its_own_reasoning(seed: int) -> None:
    """Whatever agents do to their histories, each turn goes up as it was said, and is taken."""
    told = play(seed)
    assert not told.fault, f"python -m tests.sessions {told}"
    assert told.requests > 5
