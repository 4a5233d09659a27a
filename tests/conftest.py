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
    if host not in ("127.0.0.1", "::1", "localhost", "local"):
        raise AssertionError(f"a test tried to reach {host}")
    _REAL_CONNECT(self, address)  # type: ignore[arg-type]  # as given


_OURS = ("DSFIX_CLIENTS", "DSFIX_REQUIRE_CLIENTS")


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
