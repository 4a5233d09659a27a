"""OpenCode's configuration as it would see it itself: every layer read, none written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dsfix.agents import jsonc
from dsfix.agents.base import Host
from dsfix.agents.environ import switched_on
from dsfix.errors import UsageError

INLINE = "OPENCODE_CONFIG_CONTENT"
_NAMES = ("opencode.json", "opencode.jsonc")
_VARIABLE = re.compile(r"\{(env|file):([^}]+)\}")
_MANAGED = (Path("/etc/opencode"), Path("/Library/Application Support/opencode"))


class Config(NamedTuple):
    """The layers, weakest first, and what they amount to.

    `inline` is the user's own OPENCODE_CONFIG_CONTENT, its variables still unresolved, and
    `managed` the files of the administrator, which beat even that.
    """

    layers: tuple[tuple[str, Mapping[str, Any]], ...]
    values: Mapping[str, Any]
    inline: Mapping[str, Any]
    managed: tuple[tuple[str, Mapping[str, Any]], ...]

    @property
    def providers(self) -> dict[str, dict[str, Any]]:
        """Each configured provider by its id."""
        found = jsonc.table(self.values.get("provider"))
        return {name: jsonc.table(value) for name, value in found.items()}


def load(host: Host) -> Config:
    """All layers in OpenCode's order (https://opencode.ai/docs/config; read in 1.18.33).

    Global, OPENCODE_CONFIG, project, `.opencode` folders, OPENCODE_CONFIG_DIR, inline. Raises
    UsageError when OPENCODE_CONFIG_CONTENT is set and no object, as OpenCode would.
    """
    layers = tuple(_read(host, _paths(host)))
    inline, resolved = _inline(host)
    if inline:
        layers = (*layers, (INLINE, resolved))
    values: dict[str, Any] = {}
    for _, layer in layers:
        values = jsonc.merged(values, dict(layer))
    managed = _read(host, [folder / name for folder in _MANAGED for name in _NAMES])
    return Config(layers, values, inline, tuple(managed))


def credentials(host: Host) -> frozenset[str]:
    """The ids of providers with a credential in OpenCode's own store."""
    stored = jsonc.loads(host.environ.get("OPENCODE_AUTH_CONTENT"))
    if stored is None:
        data = _folder(host, "XDG_DATA_HOME", ".local/share")
        stored = jsonc.loads(host.read(data / "opencode" / "auth.json"))
    return frozenset(stored or {})


def _paths(host: Host) -> Iterator[Path]:
    environ = host.environ
    home = _folder(host, "XDG_CONFIG_HOME", ".config") / "opencode"
    yield from (home / name for name in ("config.json", *_NAMES))
    if environ.get("OPENCODE_CONFIG"):
        yield host.cwd / environ["OPENCODE_CONFIG"]
    folders: list[Path] = []
    if not switched_on(environ.get("OPENCODE_DISABLE_PROJECT_CONFIG", "")):
        tree = _tree(host)
        yield from (folder / name for folder in reversed(tree) for name in _NAMES)
        folders += [folder / ".opencode" for folder in tree]
    folders.append(host.home / ".opencode")
    if environ.get("OPENCODE_CONFIG_DIR"):
        folders.append(host.cwd / environ["OPENCODE_CONFIG_DIR"])
    yield from (folder / name for folder in dict.fromkeys(folders) for name in _NAMES)


def _tree(host: Host) -> list[Path]:
    """The working directory and its parents up to the root of the git work tree.

    Without git OpenCode goes up to the root of the file system. `.git` is a file in a linked
    work tree.
    """
    tree: list[Path] = []
    for folder in (host.cwd, *host.cwd.parents):
        tree.append(folder)
        if any(host.read(folder / mark) is not None for mark in (".git/HEAD", ".git")):
            break
    return tree


def _read(host: Host, paths: Iterator[Path] | list[Path]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in paths:
        text = host.read(path)
        if text is not None:
            found = jsonc.loads(_resolved(text, host, path.parent))
            if found is not None:
                yield str(path), found


def _inline(host: Host) -> tuple[dict[str, Any], dict[str, Any]]:
    """The user's inline configuration, as it is spelt and with its variables resolved."""
    text = host.environ.get(INLINE)
    if not text:
        return {}, {}
    resolved = jsonc.loads(_resolved(text, host, host.cwd))
    if resolved is None:
        raise UsageError(
            f"{INLINE} is set and is not a JSON object",
            hint="OpenCode would refuse it too: correct or unset it",
        )
    return jsonc.loads(text) or resolved, resolved


def _resolved(text: str, host: Host, folder: Path) -> str:
    """The text with `{env:NAME}` and `{file:PATH}` replaced, as OpenCode does before parsing."""

    def value(found: re.Match[str]) -> str:
        kind, name = found.groups()
        if kind == "env":
            return host.environ.get(name, "")
        path = host.home / name[2:] if name.startswith("~/") else folder / name
        return json.dumps((host.read(path) or "").strip())[1:-1]

    named, end, rest = text.rpartition("}")  # what begins behind it is followed in vain
    return _VARIABLE.sub(value, named + end) + rest


def _folder(host: Host, variable: str, default: str) -> Path:
    named = host.environ.get(variable)
    return Path(named) if named else host.home / default
