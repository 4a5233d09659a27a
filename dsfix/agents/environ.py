"""What the environment of every agent needs, whichever program it is."""

from __future__ import annotations

from collections.abc import Mapping

_LOOPBACK = ("127.0.0.1", "localhost")


def direct(environ: Mapping[str, str]) -> dict[str, str]:
    """NO_PROXY and no_proxy with loopback added, so that HTTP_PROXY does not capture us.

    Without it Claude Code 2.1.197 reports "ConnectionRefused" and OpenCode 1.18.33 hangs
    (measured, 2026-11-21). Programs differ in which spelling they prefer, so the one that is
    not set is filled from the other; a lone `*` already covers everything.
    """
    upper, lower = environ.get("NO_PROXY", ""), environ.get("no_proxy", "")
    return {"NO_PROXY": _extended(upper or lower), "no_proxy": _extended(lower or upper)}


def _extended(value: str) -> str:
    hosts = [host.strip() for host in value.split(",") if host.strip()]
    if hosts == ["*"]:
        return "*"
    return ",".join([*hosts, *(host for host in _LOOPBACK if host not in hosts)])


def option(args: tuple[str, ...], *names: str) -> str | None:
    """The value of the last such option among the agent's own arguments, None when absent."""
    found = None
    for at, word in enumerate(args):
        if word == "--":
            break
        name, equals, value = word.partition("=")
        if word in names and at + 1 < len(args):
            found = args[at + 1]
        elif equals and name.startswith("-") and name in names:
            found = value
    return found


def switched_on(value: str) -> bool:
    """Whether a variable's value means yes, as Node programs commonly read it."""
    return value.strip().lower() in ("1", "true", "yes", "on")
