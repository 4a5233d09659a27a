"""Who may use the report server: decided from the request's head, before any body is read.

Reading takes an unguessable id and nothing else. All that manages reports lies under /api/ and
takes the token in a header, which no page of another site can send without being asked first;
requests that a browser makes for a page are refused there all the same.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from dsfix.admission import Headers, Refusal, host_of, is_of_page, is_secret

MANAGING = "/api/"
# With any port: a tunnel to this machine ends on another one, and a web page that made a
# browser call here under a name of its own (DNS rebinding) has that name in Host.
_LOOPBACK = re.compile(r"(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d{1,5})?", re.I)


class Guard(NamedTuple):
    """The door of a report server; `loopback` when it listens for this machine alone."""

    token: str
    loopback: bool

    def refusal(self, path: str, headers: Headers) -> Refusal | None:
        """Why this request must not pass, None when it may; header names in lower case."""
        host = host_of(headers)
        if not host or (self.loopback and not _LOOPBACK.fullmatch(host)):
            return Refusal(421, "wrong Host: this server answers to this machine's own names only")
        if not path.startswith(MANAGING):
            return None
        if is_of_page(headers):
            return Refusal(403, "requests from web pages are refused")
        shown = headers.get("authorization", ())
        if len(shown) != 1 or not is_secret(shown[0], f"Bearer {self.token}"):
            return Refusal(401, "missing or wrong token")
        return None
