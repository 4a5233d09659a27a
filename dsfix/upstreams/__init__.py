"""Vendors as data: URLs, models and rules live in TOML files with dates and sources."""

from __future__ import annotations

import ipaddress
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from dsfix.errors import UsageError
from dsfix.upstreams.base import Model, Upstream

_DATA = Path(__file__).parent
NAMES = tuple(sorted(path.stem for path in _DATA.glob("*.toml")))


def named(name: str) -> Upstream:
    """The upstream of that data file. Raises UsageError for a name that has none."""
    if name not in NAMES:
        raise UsageError(
            f"unknown upstream {name!r}: expected {', '.join(NAMES)} or a URL",
            hint="example: --upstream https://api.deepseek.com",
        )
    return _read(tomllib.loads((_DATA / f"{name}.toml").read_text(encoding="utf-8")))


def resolve(spec: str, *, allow_plain_http: bool = False, behind: str = "") -> Upstream:
    """The upstream named or spelt as a URL by the user.

    A URL at a vendor's own host is that vendor, whatever path the user gave it. Any other names
    a base of DeepSeek's shape, or that of the vendor whose URL is `behind` it: its path is put
    before each of the vendor's paths.
    Raises UsageError for anything that is no base URL, and for plain http beyond loopback
    unless that was allowed.
    """
    if "://" not in spec:
        return named(spec)
    url = _checked(spec, allow_plain_http)
    host = url.hostname or ""
    base = _at(host)
    prefix = "" if base else url.path.rstrip("/")
    base = base or _at(urlsplit(behind).hostname or "") or named("deepseek")
    return base._replace(
        name=spec,
        title=url.netloc,
        origin=f"{url.scheme}://{url.netloc}",
        paths={dialect: prefix + path for dialect, path in base.paths.items()},
        hosts=(*base.hosts, host),
    )


def _at(host: str) -> Upstream | None:
    """The vendor whose own host that is."""
    return next((each for each in map(named, NAMES) if host in each.hosts), None)


def _checked(spec: str, allow_plain_http: bool) -> SplitResult:
    """The parts of a base URL. Raises UsageError for anything else."""
    url = urlsplit(spec)
    try:
        port = url.port
    except ValueError:
        port = -1
    if (
        url.scheme not in ("http", "https")
        or not url.hostname
        or url.query
        or url.fragment
        or url.username is not None
        or port in (-1, 0)
    ):
        raise UsageError(
            f"upstream {_shown(spec)!r} is not a base URL",
            hint="expected https://HOST[:PORT][/PATH] without user, query or fragment",
        )
    if url.scheme == "http" and not is_loopback(url.hostname) and not allow_plain_http:
        raise UsageError(
            f"upstream {url.hostname} is plain http: the key would travel unencrypted",
            hint="use https, or accept it with --allow-plain-http",
        )
    return url


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _shown(spec: str) -> str:
    """The URL without what may be a secret in it."""
    url = urlsplit(spec)
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}"


def _read(data: dict[str, Any]) -> Upstream:
    return Upstream(
        name=data["name"],
        vendor=data["name"],
        title=data["title"],
        origin=data["origin"],
        paths=data["paths"],
        key_env=data["key_env"],
        hosts=tuple(data["hosts"]),
        models=tuple(Model(**model) for model in data["models"]),
        main=data["main"],
        small=data["small"],
        aliases=data.get("aliases", {}),
        agent_env=data.get("agents", {}),
        expect=data.get("expect", {}),
        key_header=data.get("key_header", "Authorization"),
        signs=data.get("signs", False),
    )
