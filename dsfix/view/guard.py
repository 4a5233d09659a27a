"""Who may see the page: decided from the request's head alone.

The order is fixed: Host first (DNS rebinding), then what only another site's page makes a browser
send, then the method, then the path and its secret. The address that is printed holds a token
that opens once; what it opens to is a cookie that scripts cannot read and no other site's page
can send. Cookies know no ports: one for the whole of 127.0.0.1 would be sent to every server of
this machine, so this one is bound to a path that nobody else knows.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from enum import StrEnum

from dsfix.admission import Headers, Refusal, host_of, is_of_page, is_secret, own_names

COOKIE = "dsfix-view"
NEWS = "news"
ENTRY = "/open/"


class Shown(StrEnum):
    """What a request gets to see."""

    PAGE = "page"
    NEWS = "news"
    ENTRY = "entry"


class Guard:
    """The door of one page, on that port."""

    def __init__(self, port: int) -> None:
        self._hosts = own_names(port)
        self._token, self._key, self._name = (secrets.token_urlsafe(32) for _ in range(3))
        self._used = False

    @property
    def address(self) -> str:
        """The URL that opens the page, once."""
        return f"http://{self._hosts[0]}{ENTRY}{self._token}"

    @property
    def path(self) -> str:
        """Where the page is."""
        return f"/{self._name}/"

    @property
    def cookie(self) -> str:
        """The header that hands the key over."""
        return f"{COOKIE}={self._key}; Path={self.path}; HttpOnly; SameSite=Strict"

    def admit(
        self,
        method: str,
        path: str,
        headers: Headers,
        cookies: Sequence[str],
        anothers: bool = False,
    ) -> Shown | Refusal:
        """What this request may see; header names in lower case. The token is used up by this.

        `anothers` when another user of this machine asks, who may have read the address.
        """
        if host_of(headers) not in self._hosts:
            return Refusal(421, "wrong Host: this page answers to 127.0.0.1 only")
        if is_of_page(headers, own=("none", "same-origin")):
            return Refusal(403, "refused for other sites: paste the URL into the address bar")
        if method != "GET":
            return Refusal(405, f"{method} is not allowed here")
        if path.startswith(ENTRY):
            if anothers:
                return Refusal(403, "refused for other users of this machine")
            return self._enter(path.removeprefix(ENTRY))
        if path not in (self.path, self.path + NEWS):
            return Refusal(404, "unknown path")
        if not any(is_secret(cookie, self._key) for cookie in cookies):
            return Refusal(401, "this browser was not let in: run dsfix view again")
        return Shown.PAGE if path == self.path else Shown.NEWS

    def _enter(self, token: str) -> Shown | Refusal:
        if not is_secret(token, self._token):
            return Refusal(401, "wrong token")
        if self._used:
            return Refusal(410, "this URL was used already: run dsfix view again")
        self._used = True
        return Shown.ENTRY
