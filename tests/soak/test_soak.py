"""A short soak; `make soak` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.soak import soak

SECONDS = 10.0


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="what is held is read from /proc")
def test_nothing_is_lost_and_nothing_is_left() -> None:
    """In bad weather agents get what was sent, their reasoning comes back, and all ends clean."""
    made = soak(SECONDS)
    assert not made.troubles, f"seed {made.seed}: {made.troubles[:3]}"
    assert len(made.sessions) > 1 and made.exchanges > 3
