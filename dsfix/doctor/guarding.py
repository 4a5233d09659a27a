"""A proxy is opened and tried at its door: does it let in nobody but the agent?"""

from __future__ import annotations

import http.client
from collections.abc import Iterator

from dsfix.config import Settings
from dsfix.doctor.finding import Finding, Level
from dsfix.doctor.through import Through, through
from dsfix.environment import Credentials
from dsfix.upstreams.base import Upstream

_WAIT = 20.0  # seconds
# Who knocks, with which header, and what must be answered. Nothing of it is forwarded: the path
# that is asked for is answered by the proxy itself.
_KNOCKS = (
    ("a stranger without the token", "Authorization", "Bearer another", 401),
    ("who asks for another Host", "Host", "example.com", 421),
    ("a web page", "Origin", "https://example.com", 403),
)


def guard(upstream: Upstream) -> Iterator[Finding]:
    """Is a port free, and are those refused who must be?"""
    nobody = Credentials(upstream, "no-key", "", upstream.origin)
    try:
        with through(nobody, Settings()) as proxy:
            wrong = [who for who, name, value, due in _KNOCKS if _status(proxy, name, value) != due]
            shut = _status(proxy) != 200
    except (OSError, http.client.HTTPException) as error:
        means = f"No proxy can be opened on 127.0.0.1: {error}."
        do = "Is the loopback interface up, and are there free descriptors (ulimit -n)?"
        yield Finding("guard", "machine", Level.ACT, "no-port", means, do)
        return
    do = "Do not use this installation; reinstall dsfix."
    if wrong:
        means = f"It lets in who must be refused: {', '.join(wrong)}."
        yield Finding("guard", "machine", Level.ACT, "open", means, do)
    elif shut:
        means = "It does not let in the agent."
        yield Finding("guard", "machine", Level.ACT, "shut", means, do)
    else:
        means = "A port is free; the proxy lets in the agent, and nobody else."
        yield Finding("guard", "machine", Level.GOOD, "guarded", means)


def _status(proxy: Through, name: str = "", value: str = "") -> int:
    """What the proxy answers to a request for the models with that header."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=_WAIT)
    headers = {"Authorization": f"Bearer {proxy.token}"}
    try:
        connection.request("GET", "/models", headers={**headers, name: value} if name else headers)
        return connection.getresponse().status
    finally:
        connection.close()
