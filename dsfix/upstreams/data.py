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
# The name of the file that is used where nobody names one, and whose shape a URL is taken for.
DEFAULT = (_HERE / "DEFAULT").read_text(encoding="utf-8").strip()


def table(name: str) -> dict[str, Any]:
    """What the data file of that name says, with what it takes from another's."""
    return whole(tomllib.loads(written(name)[1]))


def whole(data: Table) -> dict[str, Any]:
    """A table with what it says nothing of taken from the data file that it is `like`.

    Of `expect`, whose words were found one by one, each that is not said; else key by key.
    """
    if "like" not in data:
        return dict(data)
    base = table(data["like"])
    words = {key: {**base.get(key, {}), **data[key]} for key in ("expect",) if key in data}
    return {**base, **data, **words}


def answering(host: str) -> str:
    """The name of the data file that lists this host itself, empty if none does.

    Only a file with the host's name somewhere in it is parsed.
    """
    quoted = f'"{host}"'
    likely = ((name, text) for name in NAMES if quoted in (text := written(name)[1]))
    return next((name for name, text in likely if host in _hosts(text)), "")


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
        off=frozenset(data.get("repairs", {}).get("off", ())),
        settings=dict(members(data.get("settings", {}))),
        efforts=data.get("efforts", {}),
        effort_alone=data.get("effort_alone", False),
        server_tools={"messages": ["web_search"], **data.get("server_tools", {})},
    )


def members(settings: Table, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Settings by the names of their members: `placeholder.field` is `placeholder_field`."""
    for key, value in settings.items():
        name = prefix + key.replace("-", "_")
        if isinstance(value, dict):
            yield from members(value, f"{name}_")
        else:
            yield name, value


def written(name: str) -> tuple[Path, str]:
    """The data file of that name, and its text; U+FFFD for what is no text."""
    path = _HERE / f"{name}.toml"
    return path, path.read_text(encoding="utf-8", errors="replace")


def _hosts(text: str) -> Any:
    """The hosts that the text of a file lists, none where it is no TOML."""
    try:
        return tomllib.loads(text).get("hosts", ())
    except tomllib.TOMLDecodeError:
        return ()
