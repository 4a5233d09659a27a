"""What TAB offers. Asked on every press, so nothing here may import aiohttp or rich."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import islice

import typer

SESSIONS = 30  # ids that are offered, newest first


def agents(ctx: typer.Context, incomplete: str) -> list[str]:
    """The agents that have an entry; nothing once one is named."""
    from dsfix.agents import AGENTS

    if ctx.params.get("command"):
        return []
    return _starting(incomplete, (agent.name for agent in AGENTS))


def upstreams(incomplete: str) -> list[str]:
    """The upstreams that have a name."""
    from dsfix.upstreams import NAMES

    return _starting(incomplete, NAMES)


def repairs(incomplete: str) -> list[str]:
    """The repairs by name."""
    from dsfix.repairs import NAMES

    return _starting(incomplete, NAMES)


def settings(incomplete: str) -> list[str]:
    """The settings by name, ready for their value."""
    from dsfix.config import SETTINGS

    return _starting(incomplete, (f"{setting.name}=" for setting in SETTINGS))


def examinations(incomplete: str) -> list[str]:
    """The checks and probes by name."""
    from dsfix.doctor import checks, probes

    return _starting(incomplete, (*checks.NAMES, *probes.NAMES))


def session_ids(incomplete: str) -> list[str]:
    """The newest sessions by id, and `last`."""
    from dsfix.paths import state_dir
    from dsfix.record.sessions import sessions

    newest = islice(sessions(state_dir(os.environ)), SESSIONS)
    return _starting(incomplete, ("last", *(each.id for each in newest)))


def _starting(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
