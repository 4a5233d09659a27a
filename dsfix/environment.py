"""The key that goes upstream, and the environment without it that goes to the agent."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from dsfix.agents.base import Endpoint, Wiring
from dsfix.config import Config
from dsfix.errors import DsfixError, LaunchError, NoKey, UsageError
from dsfix.redact import SHORTEST
from dsfix.upstreams import resolve
from dsfix.upstreams.base import TableError, Upstream

# What a nested run needs to find the session around it. The token is in the agent's own
# environment in any case.
SESSION, ENDPOINT, TOKEN, ORIGIN = "DSFIX_SESSION", "DSFIX_ENDPOINT", "DSFIX_TOKEN", "DSFIX_ORIGIN"
# The ways to the key that a run was told of; the agent could follow them as well.
_WAYS = ("DSFIX_KEY_COMMAND", "DSFIX_KEY_FILE")
# By these two headers a session shows that it lives; its port alone may be anybody's by now.
CHALLENGE, PROOF = "X-Dsfix-Challenge", "X-Dsfix-Proof"
LONGEST_KEY = 8000  # characters; no server takes a longer line in a request's head
_BACK = "inside one that lives, leave --upstream and --key-env out; else export the key itself"
NO_KEY = "no-key-is-needed"  # sent where any will do: an empty one would match empty variables


class Credentials(NamedTuple):
    """Where to forward to and with which key; `key_env` is the variable it came from, or
    `key_command` or `key_file`.

    `memory_origin` is what reasoning is remembered under: in a nested run, the outer session's
    upstream, because a loopback port means nothing tomorrow.
    """

    upstream: Upstream
    key: str
    key_env: str
    memory_origin: str
    nested: bool = False


def credentials(config: Config, environ: Mapping[str, str]) -> Credentials:
    """The upstream that was named, with its key: from a variable, a program or a file.

    Inside another session that still lives, that session is the upstream and its token the key;
    to anybody else the token is none. Raises NoKey when there is none, and LaunchError for one
    that cannot be used.
    """
    if not config.by_flag and (outer := _outer(environ, config)) is not None:
        return outer
    upstream = _upstream(config)
    name = config.key_env or upstream.key_env
    key, source = environ.get(name, "").strip(), name
    token = _is_token(key, upstream, environ)
    key = "" if token else key
    if not key and (config.key_command or config.key_file):
        from dsfix import keys  # not for those whose key is in a variable

        key, source = keys.found(config, environ)
    if not key and upstream.key_optional:
        key = NO_KEY
    if not key and token:
        raise NoKey(f"no API key: {name} holds the token of a session", hint=_BACK)
    if not key:
        other = f"; the one of {config.withheld} is for another upstream" if config.withheld else ""
        raise NoKey(f"no API key: {name} is not set{other}", hint=_hint(name, upstream, environ))
    if len(key) > LONGEST_KEY:
        raise LaunchError(f"what is in {source} is too long for an API key")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise LaunchError(f"the API key in {source} has characters that no key has")
    return Credentials(upstream, key, source, upstream.origin)


def _upstream(config: Config) -> Upstream:
    """The upstream of the settings; what the user's own file has wrong is told by its line."""
    try:
        return resolve(
            config.upstream, allow_plain_http=config.allow_plain_http, extra=config.upstreams
        )
    except UsageError as error:
        table = f"upstreams.{config.upstream}"
        line = config.sources.get(table) or config.sources.get("upstream", "")
        if ":" not in line:
            raise
        if isinstance(error, TableError):
            from dsfix.config.file import place  # only on the way to an error

            line = place(line.rpartition(":")[0], f"{table}.{error.at}")
        raise DsfixError(f"{line}: {error.message}", hint=error.hint) from None


def child_environment(
    environ: Mapping[str, str],
    found: Credentials,
    wiring: Wiring,
    endpoint: Endpoint,
    session: str,
    *,
    keep: tuple[str, ...] = (),
) -> dict[str, str]:
    """The agent's environment: the user's own, less the key and the way to it, plus the wiring.

    Inside a longer value (a header, a configuration) the session's token takes the key's place,
    unless the key is so short that it would be found in ordinary words.
    """
    removed = {name for name, value in environ.items() if value.strip() == found.key}
    removed |= {*wiring.unset, *_WAYS, SESSION, ENDPOINT, TOKEN, ORIGIN}
    kept = {name: value for name, value in environ.items() if name not in removed or name in keep}
    given = {**kept, **{name: value for name, value in wiring.env.items() if name not in keep}}
    if len(found.key) >= SHORTEST:
        given |= {
            name: value.replace(found.key, endpoint.token)
            for name, value in given.items()
            if found.key in value and name not in keep
        }
    return {
        **given,
        SESSION: session,
        ENDPOINT: endpoint.root,
        TOKEN: endpoint.token,
        ORIGIN: found.memory_origin,
    }


def _hint(name: str, upstream: Upstream, environ: Mapping[str, str]) -> str:
    if environ.get("ANTHROPIC_AUTH_TOKEN") not in ("", None, environ.get(TOKEN)):
        return (  # as in many a vendor's guide to Claude Code
            f"ANTHROPIC_AUTH_TOKEN is set; if that is your key for {upstream.title},"
            f" use --key-env ANTHROPIC_AUTH_TOKEN, or export {name}=$ANTHROPIC_AUTH_TOKEN"
        )
    return f"export {name}=..., or name another variable with --key-env NAME"


def _is_token(key: str, upstream: Upstream, environ: Mapping[str, str]) -> bool:
    """Whether that is the token which the agent of a session has in the key's place.

    Nobody but the session takes it, and it is a secret of that one's as long as it lives.
    """
    session = environ.get(ENDPOINT, "").startswith(f"{upstream.origin}/")
    return bool(key) and key == environ.get(TOKEN) and not session


def _outer(environ: Mapping[str, str], config: Config) -> Credentials | None:
    """The session around this one, None when there is none or it has ended."""
    root, token = environ.get(ENDPOINT, ""), environ.get(TOKEN, "")
    if not (environ.get(SESSION) and root and token and _lives(root, token)):
        return None
    origin = environ.get(ORIGIN, root)
    upstream = resolve(root, behind=origin, extra=config.upstreams)
    return Credentials(upstream, token, TOKEN, origin, nested=True)


def proof(token: str, challenge: str) -> str:
    """What only a session with that token answers to a challenge; it does not tell the token."""
    import hashlib
    import hmac

    return hmac.new(
        os.fsencode(token), challenge.encode("utf-8", "replace"), hashlib.sha256
    ).hexdigest()


def _lives(root: str, token: str) -> bool:
    """Whether the session of that token is what listens there.

    Its port is free once it has ended, and a program of another user that takes it would be told
    all that the agent says, and could answer it.
    """
    challenge = os.urandom(16).hex()
    try:
        url = urlsplit(root)
        with socket.create_connection((url.hostname or "", url.port or 0), timeout=1.0) as probe:
            head = f"HEAD / HTTP/1.1\r\nHost: {url.netloc}\r\n{CHALLENGE}: {challenge}\r\n\r\n"
            probe.sendall(head.encode())
            probe.settimeout(2.0)
            answer = probe.recv(4096)
    except (OSError, ValueError):
        return False
    return f"\r\n{PROOF}: {proof(token, challenge)}\r\n".encode() in answer
