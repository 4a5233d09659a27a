"""The key that goes upstream, and the environment without it that goes to the agent."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from dsfix.agents.base import Endpoint, Wiring
from dsfix.errors import LaunchError
from dsfix.upstreams import resolve
from dsfix.upstreams.base import Upstream

# What a nested run needs to find the session around it. The token is in the agent's own
# environment in any case.
SESSION, ENDPOINT, TOKEN, ORIGIN = "DSFIX_SESSION", "DSFIX_ENDPOINT", "DSFIX_TOKEN", "DSFIX_ORIGIN"
_DEFAULT = "deepseek"


class Credentials(NamedTuple):
    """Where to forward to and with which key; `key_env` is the variable it came from.

    `memory_origin` is what reasoning is remembered under: in a nested run, the outer session's
    upstream, because a loopback port means nothing tomorrow.
    """

    upstream: Upstream
    key: str
    key_env: str
    memory_origin: str
    nested: bool = False


def credentials(
    spec: str, key_env: str, environ: Mapping[str, str], allow_plain_http: bool
) -> Credentials:
    """The upstream that was named, with its key from the environment.

    Inside another session that still lives, that session is the upstream and its token the key.
    Raises LaunchError when there is no key.
    """
    if spec == _DEFAULT and not key_env and (outer := _outer(environ)) is not None:
        return outer
    upstream = resolve(spec, allow_plain_http=allow_plain_http)
    name = key_env or upstream.key_env
    key = environ.get(name, "").strip()
    if not key:
        raise LaunchError(f"no API key: {name} is not set", hint=_hint(name, environ))
    if not key.isascii() or not key.isprintable() or " " in key:
        raise LaunchError(f"the API key in {name} has characters that no key has")
    return Credentials(upstream, key, name, upstream.origin)


def child_environment(
    environ: Mapping[str, str],
    found: Credentials,
    wiring: Wiring,
    endpoint: Endpoint,
    session: str,
    *,
    keep: tuple[str, ...] = (),
) -> dict[str, str]:
    """The agent's environment: the user's own, less the key under any name, plus the wiring.

    Inside a longer value (a header, a configuration) the session's token takes the key's place.
    """
    removed = {name for name, value in environ.items() if value.strip() == found.key}
    removed |= set(wiring.unset) | {SESSION, ENDPOINT, TOKEN, ORIGIN}
    kept = {name: value for name, value in environ.items() if name not in removed or name in keep}
    return {
        **kept,
        **{
            name: value.replace(found.key, endpoint.token)
            for name, value in wiring.env.items()
            if name not in keep
        },
        SESSION: session,
        ENDPOINT: endpoint.root,
        TOKEN: endpoint.token,
        ORIGIN: found.memory_origin,
    }


def _hint(name: str, environ: Mapping[str, str]) -> str:
    if environ.get("ANTHROPIC_AUTH_TOKEN"):
        return (
            "ANTHROPIC_AUTH_TOKEN is set; if that is your DeepSeek key (as in DeepSeek's guide),"
            f" use --key-env ANTHROPIC_AUTH_TOKEN, or export {name}=$ANTHROPIC_AUTH_TOKEN"
        )
    return f"export {name}=..., or name another variable with --key-env NAME"


def _outer(environ: Mapping[str, str]) -> Credentials | None:
    """The session around this one, None when there is none or it has ended."""
    root, token = environ.get(ENDPOINT, ""), environ.get(TOKEN, "")
    if not (environ.get(SESSION) and root and token):
        return None
    try:
        url = urlsplit(root)
        with socket.create_connection((url.hostname or "", url.port or 0), timeout=1.0) as probe:
            probe.sendall(f"HEAD / HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode())
            probe.settimeout(2.0)
            if not probe.recv(64).startswith(b"HTTP/1.1 200"):
                return None
    except (OSError, ValueError):
        return None
    origin = environ.get(ORIGIN, root)
    return Credentials(resolve(root, behind=origin), token, TOKEN, origin, nested=True)
