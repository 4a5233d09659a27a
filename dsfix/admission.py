"""What each server of ours asks of a request's head before anything else.

A web page can make a browser call 127.0.0.1, under a name of its own (DNS rebinding, ollama
CVE-2024-28224) or from another site; it cannot keep the browser from saying so.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import NamedTuple

Headers = Mapping[str, Sequence[str]]  # names in lower case, with all values of each


class Refusal(NamedTuple):
    """Why a request is not admitted."""

    status: int
    reason: str


def host_of(headers: Headers) -> str:
    """Under which name the server was called; empty where that is not said once."""
    hosts = headers.get("host", ())
    return hosts[0] if len(hosts) == 1 else ""


def own_names(port: int) -> tuple[str, str]:
    """The names of what listens on that port for this machine alone."""
    return f"127.0.0.1:{port}", f"localhost:{port}"


def is_of_page(headers: Headers, *, own: Sequence[str] = ("none",)) -> bool:
    """Whether a page sends it, other than from the sites that count as our own."""
    sites = headers.get("sec-fetch-site", ())
    return "origin" in headers or any(site not in own for site in sites)


def is_secret(given: str, secret: str) -> bool:
    """Whether that is the secret; takes as long for any other."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())
