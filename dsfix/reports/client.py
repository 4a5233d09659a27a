"""Talks to a report server: the one that runs here, or one that is named."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import msgspec

from dsfix.errors import DsfixError, UsageError
from dsfix.reports import place
from dsfix.reports.bundle import spelled

_URL = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?")
_ID, _ADDRESS = "^[0-9a-f]{32}\\Z", "^/r/[0-9a-f]{32}\\Z"
_LATEST = 250_000_000_000  # seconds; Python's calendar ends a little later, with the year 9999
_PATIENCE = 60.0  # seconds for one step of a request
_QUESTION = 8000  # characters; aiohttp takes 8,190 in a request's first line
_ANSWER = 64 << 20  # bytes that are read of an answer; a thousand reports have a tenth of it


_Time = Annotated[float, msgspec.Meta(ge=0, lt=_LATEST)]


class _Version(msgspec.Struct):
    """One sending of a report, as a server tells it."""

    sent: _Time
    size: Annotated[int, msgspec.Meta(ge=0)]


class _Told(msgspec.Struct):
    """What the commands need to know of a report that a server tells."""

    address: Annotated[str, msgspec.Meta(pattern=_ADDRESS)]
    id: Annotated[str, msgspec.Meta(pattern=_ID)]
    title: str
    category: str
    project: str
    branch: str
    tags: list[str]
    version: int
    versions: Annotated[list[_Version], msgspec.Meta(min_length=1)]
    deleted: _Time | None
    found: list[tuple[str, bool]] = []


class Server(NamedTuple):
    """Where a server is reached, the address that readers use, and the token."""

    url: str
    shown: str
    token: str

    def sent(self, upload: bytes) -> dict[str, Any]:
        """Send a report. Raises DsfixError when it is not taken."""
        found = self._ask("POST", "/api/reports", upload, "application/zip")
        return self._addressed(found)

    def listed(self, asked: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
        """The reports that fit the question."""
        query = urlencode(list(asked), errors="backslashreplace")  # as `bundle` spells it
        if len(query) > _QUESTION:
            raise UsageError("that is too much for one question", hint="take fewer words")
        found = self._ask("GET", f"/api/reports?{query}")
        if not isinstance(found, list):
            raise self._stranger()
        return [self._addressed(each) for each in found]

    def changed(self, name: str, change: Mapping[str, object]) -> dict[str, Any]:
        """Change what is said of a report."""
        if not (name.isalnum() and name.isascii()):
            raise UsageError(f"{name!r} is no id of a report", hint="dsfix reports list")
        body = json.dumps({name: spelled(value) for name, value in change.items()}).encode()
        return self._addressed(self._ask("PATCH", f"/api/reports/{name}", body))

    def purged(self, name: str) -> None:
        """Remove a deleted report for good."""
        self._ask("DELETE", f"/api/reports/{name}")

    def _addressed(self, report: Any) -> dict[str, Any]:
        """The report with its whole address, which is printed as it is."""
        try:
            told = msgspec.convert(report, _Told)
        except msgspec.ValidationError:
            raise self._stranger() from None
        return {**report, "url": self.shown + told.address}

    def _stranger(self) -> DsfixError:
        return DsfixError(f"{self.url} is no report server", hint=_START)

    def _ask(
        self, method: str, path: str, body: bytes | None = None, sort: str = "application/json"
    ) -> Any:
        scheme, host, _, _, _ = urlsplit(self.url)
        makes = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
        connection = makes(host, timeout=_PATIENCE)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": sort}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            said, status = answer.read(_ANSWER), answer.status
        except (OSError, UnicodeError, http.client.HTTPException) as error:
            raise DsfixError(
                f"the report server {self.url} does not answer: {error}", hint=_START
            ) from error
        finally:
            connection.close()
        return self._understood(said, status)

    def _understood(self, said: bytes, status: int) -> Any:
        try:
            found = json.loads(said)
        except (ValueError, RecursionError):
            raise self._stranger() from None
        if status == 401:
            raise DsfixError(f"{self.url} does not accept the token", hint=_TOKEN)
        if status >= 400:
            words = found.get("error") if isinstance(found, dict) else None
            if not isinstance(words, str) or not words.isprintable():
                raise self._stranger()
            raise DsfixError(words)
        return found


_START = "start one with `dsfix serve`, or name one with --server or DSFIX_REPORTS_SERVER"
_TOKEN = f"set {place.TOKEN} to what stands in reports/token in that server's state directory"


def server(environ: Mapping[str, str], named: str) -> Server:
    """The server that is named, else the one that runs on this machine.

    The token in our own file goes to our own server alone; another's token comes from the
    variable. Raises DsfixError when there is no server or no token.
    """
    ours = place.running(environ)
    url = (named or environ.get(place.SERVER, "")).rstrip("/")
    if not url:
        if ours is None:
            raise DsfixError("no report server is running on this machine", hint=_START)
        return Server(ours.url, ours.shown, place.token(environ))
    _check(url)
    if ours is not None and url in (ours.url, ours.shown):
        return Server(ours.url, url, place.token(environ))
    if not environ.get(place.TOKEN, "").strip():
        raise DsfixError(f"no token for {url}", hint=_TOKEN)
    return Server(url, url, place.token(environ))


def _check(url: str) -> None:
    found = _URL.fullmatch(url)
    if not found or not 0 < int(found[1] or 80) < 1 << 16:
        raise UsageError("a report server is named as http://HOST:PORT")
