"""Who may use the report server: decided from the request's head, before any body is read.

Reading takes an unguessable id and nothing else. All that manages reports lies under /api/ and
takes the token in a header, which no page of another site can send without being asked first;
requests that a browser makes for a page are refused there all the same.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

MANAGING = "/api/"
# With any port: a tunnel to this machine ends on another one, and a web page that made a
# browser call here under a name of its own (DNS rebinding) has that name in Host.
_LOOPBACK = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.I)


class Refusal(NamedTuple):
    """Why a request is not admitted."""

    status: int
    reason: str


class Guard(NamedTuple):
    """The door of a report server; `loopback` when it listens for this machine alone."""

    token: str
    loopback: bool

    def refusal(self, path: str, headers: Mapping[str, Sequence[str]]) -> Refusal | None:
        """Why this request must not pass, None when it may; header names in lower case."""
        hosts = headers.get("host", ())
        if len(hosts) != 1 or (self.loopback and not _LOOPBACK.fullmatch(hosts[0])):
            return Refusal(421, "wrong Host: this server answers to this machine's own names only")
        if not path.startswith(MANAGING):
            return None
        if "origin" in headers or any(site != "none" for site in headers.get("sec-fetch-site", ())):
            return Refusal(403, "requests from web pages are refused")
        if not self._knows(headers.get("authorization", ())):
            return Refusal(401, "missing or wrong token")
        return None

    def _knows(self, shown: Sequence[str]) -> bool:
        expected = f"Bearer {self.token}".encode()
        return len(shown) == 1 and hmac.compare_digest(
            shown[0].encode("utf-8", "replace"), expected
        )
