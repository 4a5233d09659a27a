"""Names of sessions: sortable by time, short enough to type, and where each one lies."""

from __future__ import annotations

import os
import time
from pathlib import Path

# No vowels (no words), and nothing that reads like something else (0 o, 1 l i).
_LETTERS = "23456789bcdfghjkmnpqrstvwxz"
EVENTS = "events.jsonl"


def new_id(now: float) -> str:
    """A fresh name such as `20261121-031522-k3f9`: the time in UTC, and four random characters."""
    tail = "".join(_LETTERS[byte % len(_LETTERS)] for byte in os.urandom(4))
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now))}-{tail}"


def session_dir(state: Path, session: str) -> Path:
    """Directory of a session: `<state>/sessions/YYYY/MM/<id>`."""
    return state / "sessions" / session[:4] / session[4:6] / session
