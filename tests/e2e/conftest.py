"""Real agents against the strict endpoint; a missing agent is told, or fails where required."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.lab import CLIENTS, REQUIRED, Lab
from tests.support.strict_endpoint import StrictEndpoint


@pytest.fixture
def endpoint() -> Iterator[StrictEndpoint]:
    """A strict endpoint."""
    with StrictEndpoint() as running:
        yield running


@pytest.fixture
def lab(tmp_path: Path, endpoint: StrictEndpoint) -> Callable[..., Lab]:
    """Makes the lab of an agent; `lab("claude", through=False)` is a bare one."""

    def make(agent: str, *, through: bool = True) -> Lab:
        program = agent.partition("-")[0]
        if not os.access(CLIENTS / program, os.X_OK):
            text = f"{program} is not in {CLIENTS}: make clients"
            if REQUIRED:
                pytest.fail(text)
            pytest.skip(text)
        return Lab(tmp_path, endpoint, agent, through)

    return make
