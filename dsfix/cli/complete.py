"""What TAB offers. Asked on every press, so nothing here may import aiohttp or rich."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from dsfix.config import Config

OFFERED = 30  # ids of sessions or reports, newest first


def agents(ctx: typer.Context, incomplete: str) -> list[str]:
    """The agents that have an entry; nothing once one is named."""
    from dsfix.agents import AGENTS

    if ctx.params.get("command"):
        return []
    return _starting(incomplete, (agent.name for agent in AGENTS))


def players(incomplete: str) -> list[str]:
    """The agents that `dsfix demo` plays with."""
    from dsfix.demo.players import PLAYERS

    return _starting(incomplete, PLAYERS)


def upstreams(incomplete: str) -> list[str]:
    """The upstreams that have a name, the user's own first."""
    from dsfix.upstreams import NAMES

    return _starting(incomplete, dict.fromkeys((*_config({}).upstreams, *NAMES)))


def models(ctx: typer.Context, incomplete: str) -> list[str]:
    """The models of the upstream that was named before, else of the one in the settings."""
    from dsfix.errors import DsfixError
    from dsfix.upstreams import resolve

    config = _config({"upstream": ctx.params.get("upstream")})
    try:
        found = resolve(config.upstream, allow_plain_http=True, extra=config.upstreams)
    except DsfixError:
        return []
    return _starting(incomplete, (model.id for model in found.models))


def repairs(incomplete: str) -> list[str]:
    """The repairs by name."""
    from dsfix.repairs import NAMES

    return _starting(incomplete, NAMES)


def settings(incomplete: str) -> list[str]:
    """The settings by name, ready for their value."""
    from dsfix.config import SETTINGS

    return _starting(incomplete, (f"{setting.name}=" for setting in SETTINGS))


def config_names(incomplete: str) -> list[str]:
    """What `dsfix config set` takes, by name."""
    from dsfix.config import REGISTRY

    return _starting(incomplete, (setting.path for setting in REGISTRY))


def examinations(incomplete: str) -> list[str]:
    """The checks and probes by name."""
    from dsfix.doctor import checks, probes

    return _starting(incomplete, (*checks.NAMES, *probes.NAMES))


def formats(incomplete: str) -> list[str]:
    """The formats that a session can be exported in."""
    from dsfix.report.export import FORMATS

    return _starting(incomplete, FORMATS)


def assumptions(incomplete: str) -> list[str]:
    """What the comparison with owning hardware assumes, ready for a value."""
    from dsfix.cli.selfhost import EVERY

    return _starting(incomplete, (f"{name}=" for name in EVERY))


def session_ids(incomplete: str) -> list[str]:
    """The newest sessions by id, and `last`."""
    return _starting(incomplete, ("last", *_newest(hidden=False)))


def hidden_session_ids(incomplete: str) -> list[str]:
    """The newest sessions among those that were deleted and are still there."""
    return _starting(incomplete, _newest(hidden=True))


def report_ids(incomplete: str) -> list[str]:
    """The newest reports of this machine's server by id."""
    return _starting(incomplete, _reports(deleted=False))


def deleted_report_ids(incomplete: str) -> list[str]:
    """Those among them that were deleted."""
    return _starting(incomplete, _reports(deleted=True))


def _reports(*, deleted: bool) -> list[str]:
    from dsfix.errors import DsfixError
    from dsfix.reports.recent import recent

    try:
        return recent(os.environ, OFFERED, deleted=deleted)
    except DsfixError:  # nobody knows the state directory
        return []


def _config(flags: dict[str, str | None]) -> Config:
    """The settings; those without a file where that is broken."""
    from dsfix import config
    from dsfix.errors import DsfixError

    try:
        return config.load(os.environ, flags)
    except DsfixError:
        return config.Config()


def _newest(*, hidden: bool) -> Iterable[str]:
    from dsfix.errors import DsfixError
    from dsfix.paths import state_dir
    from dsfix.record.labels import labels
    from dsfix.record.sessions import event_files

    try:
        state = state_dir(os.environ)
    except DsfixError:  # nobody knows it
        return ()
    found = (path.parent for path in event_files(state))
    fitting = (each.name for each in found if labels(each).hidden is hidden)
    return islice(fitting, OFFERED)


def _starting(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
