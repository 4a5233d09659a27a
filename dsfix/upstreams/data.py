"""The data files, and how a table of theirs becomes an upstream."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dsfix.upstreams.base import Model, Upstream

Table = Mapping[str, Any]
_HERE = Path(__file__).parent
NAMES = tuple(sorted(path.stem for path in _HERE.glob("*.toml")))


def table(name: str) -> dict[str, Any]:
    """What the data file of that name says, with what it takes from another's."""
    return whole(tomllib.loads(_text(name)))


def whole(data: Table) -> dict[str, Any]:
    """A table with what it says nothing of taken from the data file that it is `like`."""
    like = data.get("like")
    return dict(data) if like is None else {**table(like), **data}


def answering(host: str) -> str:
    """The name of the data file that lists this host itself, empty if none does.

    Only a file with the host's name somewhere in it is parsed.
    """
    written = f'"{host}"'
    likely = ((name, text) for name in NAMES if written in (text := _text(name)))
    return next((n for n, text in likely if host in tomllib.loads(text).get("hosts", ())), "")


def made(data: Table) -> Upstream:
    """The upstream that a whole and valid table describes."""
    host = urlsplit(data["origin"]).hostname or ""
    return Upstream(
        name=data["name"],
        vendor=data["name"],
        title=data.get("title", data["name"]),
        origin=data["origin"],
        paths=data["paths"],
        key_env=data["key_env"],
        hosts=tuple(dict.fromkeys((*data.get("hosts", ()), host))),
        models=tuple(Model(**model) for model in data["models"]),
        main=data["main"],
        small=data.get("small", data["main"]),
        aliases=data.get("aliases", {}),
        agent_env=data.get("agents", {}),
        expect=data.get("expect", {}),
        key_header=data.get("key_header", "Authorization"),
        key_optional=data.get("key_optional", False),
        signs=data.get("signs", False),
        replay=data.get("replay", "unknown"),
        off=frozenset(data.get("repairs", {}).get("off", ())),
        settings=dict(members(data.get("settings", {}))),
        efforts=data.get("efforts", {}),
    )


def members(settings: Table, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Settings by the names of their members: `placeholder.field` is `placeholder_field`."""
    for key, value in settings.items():
        name = prefix + key.replace("-", "_")
        if isinstance(value, dict):
            yield from members(value, f"{name}_")
        else:
            yield name, value


def _text(name: str) -> str:
    return (_HERE / f"{name}.toml").read_text(encoding="utf-8")
