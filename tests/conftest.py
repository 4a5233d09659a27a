"""Every test gets an empty home and environment, strict repairs, and loopback only."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

_REAL_CONNECT = socket.socket.connect
# What is ignored here (nohup) would be ignored by each dsfix that a test starts, as it should.
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _loopback_only(self: socket.socket, address: object) -> None:
    host = address[0] if isinstance(address, tuple) else "local"
    if host not in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0", "localhost", "local"):
        raise AssertionError(f"a test tried to reach {host}")
    _REAL_CONNECT(self, address)  # type: ignore[arg-type]  # as given


_OURS = ("DSFIX_CLIENTS", "DSFIX_REQUIRE_CLIENTS")


_LONG = ("faults", "sessions", "soak")  # and what drives a real agent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first for every worker; at the end the others would wait for it.

    Each worker begins with an equal part of the list, and takes what another has left.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if _takes_long(item)]
    short = [item for item in items if not _takes_long(item)]
    size = -(-len(short) // workers)
    parts = [short[size * nth : size * (nth + 1)] for nth in range(workers)]
    items[:] = [item for nth, part in enumerate(parts) for item in (*long[nth::workers], *part)]


def _takes_long(item: pytest.Item) -> bool:
    return item.get_closest_marker("agents") is not None or item.path.parent.name in _LONG


def _is_the_users(name: str) -> bool:
    return name.startswith(("DSFIX_", "ANTHROPIC_", "CLAUDE", "OPENCODE", "XDG_")) or name.endswith(
        ("_PROXY", "_API_KEY")
    )


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty HOME, none of the user's settings, and no network but loopback."""
    for name in list(os.environ):
        if _is_the_users(name.upper()) and name not in _OURS:
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("DSFIX_STRICT", "1")
    monkeypatch.setenv("DSFIX_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr(socket.socket, "connect", _loopback_only)
    yield
