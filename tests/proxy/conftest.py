"""A strict endpoint, and proxies before it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.support.in_process import KEY, InProcess
from tests.support.strict_endpoint import StrictEndpoint


class Start(Protocol):
    """Starts one more proxy on the same memory file."""

    def __call__(self, **given: Any) -> Any: ...


@pytest.fixture
def endpoint() -> Iterator[StrictEndpoint]:
    """A strict endpoint that takes the real key only."""
    with StrictEndpoint(key=KEY) as running:
        yield running
        assert not running.trouble


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    """Where proxies of this test keep reasoning."""
    return tmp_path / "memory.db"


@pytest.fixture
def start(endpoint: StrictEndpoint, memory: Path) -> Start:
    """`with start() as proxy`: a proxy, as a new session would have it."""

    @contextmanager
    def begin(**given: Any) -> Iterator[InProcess]:
        with InProcess(endpoint.url, memory, **given) as proxy:
            yield proxy

    return begin


@pytest.fixture
def proxy(start: Start) -> Iterator[InProcess]:
    """One proxy before the endpoint."""
    with start() as running:
        yield running
