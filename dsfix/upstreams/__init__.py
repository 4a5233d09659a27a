"""Vendors as data: URLs, models and rules live in TOML files with dates and sources."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import SplitResult, urlsplit

from dsfix.errors import UsageError
from dsfix.upstreams.base import Upstream
from dsfix.upstreams.data import DEFAULT, NAMES, answering, made, table

__all__ = ["DEFAULT", "NAMES", "host_of", "is_loopback", "named", "read", "resolve"]
_NONE: Mapping[str, Mapping[str, Any]] = {}


def named(name: str) -> Upstream:
    """The upstream of that data file. Raises UsageError for a name that has none."""
    return _named(name, _NONE, allow_plain_http=False)


def read(data: Mapping[str, Any], where: str) -> Upstream:
    """The upstream that a table describes: `where` is its file or table, for what is wrong.

    A table that is `like` a data file takes from there what it does not say. Raises UsageError
    for an unknown or missing key and for a value of the wrong kind.
    """
    from dsfix.upstreams.schema import check  # not at every start

    return made(check(data, where))


def resolve(
    spec: str,
    *,
    allow_plain_http: bool = False,
    behind: str = "",
    extra: Mapping[str, Mapping[str, Any]] = _NONE,
) -> Upstream:
    """The upstream named or spelt as a URL by the user; `extra` are the user's own tables.

    A URL at a vendor's own host is that vendor, whatever path the user gave it. Any other names
    a base of the default vendor's shape, or that of the one whose URL is `behind` it: its path is
    put before each of the vendor's paths.
    Raises UsageError for anything that is no base URL, for plain http beyond loopback
    unless that was allowed, and for a table that says what nobody understands.
    """
    if "://" not in spec:
        return _named(spec, extra, allow_plain_http=allow_plain_http)
    url = _checked(spec, allow_plain_http)
    base = _at(url, extra)
    prefix = "" if base else url.path.rstrip("/")
    base = base or _at(urlsplit(behind), extra) or named(DEFAULT)
    return base._replace(
        name=spec,
        title=url.netloc,
        origin=f"{url.scheme}://{url.netloc}",
        paths={dialect: prefix + path for dialect, path in base.paths.items()},
        hosts=(*base.hosts, url.hostname or ""),
    )


def _named(
    name: str, extra: Mapping[str, Mapping[str, Any]], *, allow_plain_http: bool
) -> Upstream:
    """The user's own table of that name, else the data file."""
    if name in extra:
        found = read(_own(name, extra[name]), f"upstreams.{name}")
        _checked(found.origin, allow_plain_http)
        return found
    if name not in NAMES:
        raise UsageError(
            f"unknown upstream {name!r}: expected {', '.join((*extra, *NAMES))} or a URL",
            hint=f"example: --upstream {named(DEFAULT).origin}",
        )
    return _shipped(name)


def _shipped(name: str) -> Upstream:
    """That data file's. The default one is held to its form by the tests, as every start reads it,
    and here where it cannot be read; any other is here, which takes some 5 ms.
    """
    if name == DEFAULT:
        with suppress(AttributeError, KeyError, OSError, TypeError, ValueError):
            return made(table(name))
    from dsfix.upstreams.schema import shipped

    return made(shipped(name))


def _own(name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """A user's table with its name; by the name of a data file, it changes only what it says."""
    like = {"like": name} if name in NAMES else {}
    return {**like, **data, "name": name}


def _at(url: SplitResult, extra: Mapping[str, Mapping[str, Any]]) -> Upstream | None:
    """The vendor that lists this host as its own; the user's own tables come first.

    A table also has what is at its very origin, as several may be on this machine.
    """
    host, origin = url.hostname or "", f"{url.scheme}://{url.netloc}"
    for name, data in extra.items():
        hosts = data.get("hosts")  # anything, as nobody has looked at the table yet
        hosts = hosts if isinstance(hosts, list) else [hosts]
        if data.get("origin") == origin or host in hosts:
            return read(_own(name, data), f"upstreams.{name}")
    name = answering(host)
    return _named(name, extra, allow_plain_http=True) if name else None


def _checked(spec: str, allow_plain_http: bool) -> SplitResult:
    """The parts of a base URL. Raises UsageError for anything else."""
    try:
        url = urlsplit(spec)
        host = url.hostname or ""
        named_well = url.port != 0 and host.encode("idna").decode("idna")
        if host.replace(".", "").isdigit():  # not 127.1, nor 10.0.0.300: aiohttp asks neither
            ipaddress.IPv4Address(host)
    except ValueError:
        url, named_well = urlsplit(""), False
    if (
        url.scheme not in ("http", "https")
        or not named_well
        or not url.hostname
        or url.query
        or url.fragment
        or url.username is not None
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


def host_of(url: str) -> str:
    """The host in a URL of a record; empty where it is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_excepted(host: str, no_proxy: str) -> bool:
    """Whether NO_PROXY names a network that the address is in (10.0.0.0/8), as curl and Go have it.

    Names and single addresses are for `urllib.request`, which knows no networks.
    """
    return any(_is_in(host, each.strip()) for each in no_proxy.split(",") if "/" in each)


def _is_in(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _shown(spec: str) -> str:
    """The URL without what may be a secret in it."""
    scheme, _, rest = spec.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0].partition('#')[0]}"
