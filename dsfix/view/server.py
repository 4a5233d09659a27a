"""The page on a loopback port of its own: the only module here that opens a socket."""

from __future__ import annotations

import json
import logging
import socket
import webbrowser
from collections.abc import Awaitable, Callable, Iterable
from html import escape
from pathlib import Path

from aiohttp import web

from dsfix.accepting import admit
from dsfix.admission import Refusal
from dsfix.report.page import policy, rendered
from dsfix.report.page.document import LISTS
from dsfix.serving import IDLE, end_refused, serving
from dsfix.view.guard import COOKIE, ENTRY, NEWS, Guard, Shown
from dsfix.view.live import Live
from dsfix.view.peer import is_anothers

_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_NOTHING = "default-src 'none'; frame-ancestors 'none'"
_REFUSED = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>dsfix view</title>
<p>{}
"""


async def serve(
    path: Path,
    ready: Callable[[str], object],
    until: Callable[[], Awaitable[object]],
    currency: str = "auto",
) -> None:
    """Serve the session in that events file as long as `until` waits.

    `ready` gets the URL as soon as it can be opened. The currency is a setting's. Raises
    DsfixError when the file cannot be read, and OSError when no port can be had.
    """
    # aiohttp tells of every malformed request with a traceback, and anybody can send one
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    live = Live(path, currency)
    live.whole()
    site = _Site(live)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", site.handle)
    app.on_response_prepare.extend((_secure, end_refused))
    listener = socket.create_server(("127.0.0.1", 0))
    site.guard = Guard(listener.getsockname()[1])
    async with serving(app, listener, grace=0.1, keepalive_timeout=IDLE):
        ready(site.guard.address)
        await until()


class _Site:
    """The one page behind its guard."""

    guard: Guard

    def __init__(self, live: Live) -> None:
        self._live = live

    async def handle(self, request: web.Request) -> web.Response:
        headers = {name.lower(): request.headers.getall(name) for name in request.headers}
        cookies = _cookies(headers.get("cookie", ()))
        shown = self.guard.admit(request.method, request.path, headers, cookies, _anothers(request))
        if isinstance(shown, Refusal):
            return _response(_REFUSED.format(escape(shown.reason)), "text/html", shown.status)
        admit(request.transport)
        match shown:
            case Shown.ENTRY:
                entry = {"Location": self.guard.path, "Set-Cookie": self.guard.cookie}
                return web.Response(status=303, headers=entry)
            case Shown.PAGE:
                text = "".join(rendered(self._live.whole(), NEWS))
                csp = f"{policy(live=True)}; frame-ancestors 'none'"
                return _response(text, "text/html", csp=csp)
            case Shown.NEWS:
                return self._news(request)

    def _news(self, request: web.Request) -> web.Response:
        try:
            version = int(request.query.get("version", 0))
            told = {name: int(request.query.get(name, 0)) for name in LISTS}
        except ValueError:
            return web.Response(status=400, text="not a number\n")
        news = json.dumps(self._live.news(told, version), ensure_ascii=False)
        return _response(news, "application/json")


def _cookies(lines: Iterable[str]) -> list[str]:
    """All of our name: another server of this machine may have set one for every path."""
    pairs = (pair.strip().partition("=") for line in lines for pair in line.split(";"))
    return [value for name, _, value in pairs if name == COOKIE]


def _anothers(request: web.Request) -> bool:
    """Whether another user of this machine asks, or somebody who is gone already.

    Looked up for the address that opens the page.
    """
    if not request.path.startswith(ENTRY):
        return False
    if request.transport is None:
        return True
    peer, own = map(request.transport.get_extra_info, ("peername", "sockname"))
    return not (peer and own) or is_anothers(peer, own)


def _response(text: str, kind: str, status: int = 200, *, csp: str = _NOTHING) -> web.Response:
    body = text.encode("utf-8", "replace")
    headers = {"Content-Security-Policy": csp}
    return web.Response(
        body=body, status=status, content_type=kind, charset="utf-8", headers=headers
    )


async def _secure(request: web.Request, response: web.StreamResponse) -> None:
    """What every answer says to the browser, refusals too."""
    response.headers.update(_HEADERS)
    response.headers.setdefault("Content-Security-Policy", _NOTHING)
    response.headers.popall("Server", None)


def open_browser(url: str) -> None:
    """Ask the user's browser to open the URL; that there is none is no error."""
    try:
        webbrowser.open(url)
    except (OSError, webbrowser.Error):
        return
