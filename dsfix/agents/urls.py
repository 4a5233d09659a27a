"""URLs in the user's settings: whether one leads to the upstream, and where it goes instead."""

from __future__ import annotations

from urllib.parse import urlsplit

from dsfix.agents.base import Endpoint
from dsfix.upstreams.base import Upstream

_PORTS = {"https": 443, "http": 80}


def leads_to(upstream: Upstream, url: object) -> bool:
    """Whether a URL is at one of the upstream's hosts; its own host only with its own port.

    Otherwise an upstream on loopback would take every local model server along.
    """
    if not isinstance(url, str):
        return False
    try:
        at, origin = urlsplit(url), urlsplit(upstream.origin)
        port, own = at.port or _PORTS.get(at.scheme), origin.port or _PORTS.get(origin.scheme)
    except ValueError:
        return False
    if at.hostname == origin.hostname:
        return port == own
    return at.hostname in upstream.hosts


def moved(endpoint: Endpoint, url: object) -> str:
    """The same path at the endpoint."""
    return endpoint.root + urlsplit(str(url)).path.rstrip("/")


def refused_note(upstream: Upstream, provider: str, url: object) -> tuple[str, ...]:
    """What to say of a provider whose URL leads to a path where the proxy takes no request.

    A vendor may have paths of which its data file knows nothing, such as those of another plan.
    """
    path = urlsplit(str(url)).path if leads_to(upstream, url) else ""
    if upstream.segments.issuperset(part for part in path.split("/") if part):
        return ()
    return (
        f"provider {provider}: what is asked at {path} is refused, for dsfix knows no such path of"
        f" {upstream.title}; [upstreams] in config.toml can name it",
    )
