"""Claude Code's settings files, read in its own order, so that the user's choices are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dsfix.agents import jsonc
from dsfix.agents.base import Host
from dsfix.agents.environ import option

_MANAGED = (
    Path("/etc/claude-code/managed-settings.json"),
    Path("/Library/Application Support/ClaudeCode/managed-settings.json"),
)
_LONGEST = 8192  # characters; no process starts with a variable of 128 KiB (execve(2))


class Settings(NamedTuple):
    """The files found, weakest first, and what they amount to.

    `env` holds the variables that the files set: Claude Code lays them over its own process
    environment (measured with 2.1.197, 2026-11-21: the file wins).
    """

    files: tuple[tuple[str, Mapping[str, Any]], ...]
    values: Mapping[str, Any]
    env: Mapping[str, str]


def settings(host: Host, args: tuple[str, ...]) -> Settings:
    """All settings that Claude Code would read when started with these arguments.

    Order: https://code.claude.com/docs/en/settings (managed, command line, local, project,
    user); the `env` of `~/.claude.json` comes before all of them (read in 2.1.197).
    """
    files = tuple(_files(host, args))
    values: dict[str, Any] = {}
    env: dict[str, str] = {}
    for _, found in files:
        values = jsonc.merged(values, dict(found))
        for name, value in jsonc.table(found.get("env")).items():
            said = value if isinstance(value, str) else str(value)
            if _can_be_set(name, said):
                env[name] = said
    return Settings(files, values, env)


def _can_be_set(name: str, value: str) -> bool:
    """Whether a process can have such a variable; a project's file may hold anything."""
    return "=" not in name and f"{name}{value}".isprintable() and len(value) <= _LONGEST


def _files(host: Host, args: tuple[str, ...]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    configured = host.environ.get("CLAUDE_CONFIG_DIR")
    folder = Path(configured) if configured else host.home / ".claude"
    state = Path(configured) if configured else host.home
    found = jsonc.loads(host.read(state / ".claude.json"))
    if found is not None:
        yield str(state / ".claude.json"), {"env": found.get("env")}
    for path in _paths(folder, host.cwd, option(args, "--setting-sources")):
        found = jsonc.loads(host.read(path))
        if found is not None:
            yield str(path), found
    yield from _flag(host, option(args, "--settings"))
    for path in _MANAGED:
        found = jsonc.loads(host.read(path))
        if found is not None:
            yield str(path), found


def _paths(folder: Path, cwd: Path, sources: str | None) -> list[Path]:
    places = {
        "user": folder / "settings.json",
        "project": cwd / ".claude" / "settings.json",
        "local": cwd / ".claude" / "settings.local.json",
    }
    named = None if sources is None else [name.strip() for name in sources.split(",")]
    return [path for name, path in places.items() if named is None or name in named]


def _flag(host: Host, value: str | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The settings given with --settings: JSON, or a file's path."""
    if not value:
        return
    text = value if value.lstrip().startswith("{") else host.read(host.cwd / value)
    found = jsonc.loads(text)
    if found is not None:
        yield "--settings", found
