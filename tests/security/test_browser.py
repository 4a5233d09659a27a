"""A hostile page in a real browser: it reaches none of our ports and reads nothing from them."""

from __future__ import annotations

import asyncio
import http.server
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dsfix.record.exchange import Exchange
from tests.reports.support import serving as reports
from tests.support.in_process import KEY, PATHS, TOKEN, InProcess
from tests.support.pty_session import wait_until
from tests.support.serving import running
from tests.support.strict_endpoint import StrictEndpoint
from tests.view.browser import chromium, tab
from tests.view.support import serving as viewing
from tests.view.support import small

EVIL = "evil.example"  # resolves to 127.0.0.1 in this browser, as a rebound name does

# Each tries one way to a URL and gives what it could read of the answer, "" for nothing.
ATTACKS = {
    "fetch": "fetch(url).then(r => r.text())",
    "fetch with cookies": "fetch(url, {credentials: 'include'}).then(r => r.text())",
    "a simple POST": "fetch(url, {method: 'POST', mode: 'no-cors', body, headers:"
    " {'Content-Type': 'text/plain'}}).then(r => r.text())",
    "a POST of JSON": "fetch(url, {method: 'POST', body, headers:"
    " {'Content-Type': 'application/json'}}).then(r => r.text())",
    "a POST with the token": "fetch(url, {method: 'POST', body, headers:"
    " {Authorization: 'Bearer ' + token, 'x-api-key': token}}).then(r => r.text())",
    "a GET with the token": "fetch(url, {headers: {Authorization: 'Bearer ' + token}})"
    ".then(r => r.text())",
    "a DELETE": "fetch(url, {method: 'DELETE'}).then(r => r.text())",
    "a beacon": "navigator.sendBeacon(url, new Blob([body], {type: 'text/plain'})) && pause()",
    "XMLHttpRequest": "new Promise(done => { const x = new XMLHttpRequest(); x.open('POST', url);"
    " x.onloadend = () => done(x.responseText); x.send(body) })",
    "EventSource": "new Promise(done => { const e = new EventSource(url);"
    " e.onmessage = m => done(m.data); e.onerror = () => { e.close(); done('') } })",
    "a WebSocket": "new Promise(done => { const w = new WebSocket(url.replace('http', 'ws'));"
    " w.onopen = () => done('open'); w.onerror = () => done('') })",
    "an image": "element('img', 'src').then(e => e.naturalWidth ? 'an image' : '')",
    "a script": "element('script', 'src').then(() => '')",
    "a style sheet": "element('link', 'href', {rel: 'stylesheet'}).then(() => '')",
    "a frame": "element('iframe', 'src').then(e => e.contentDocument"
    " ? e.contentDocument.body.innerText : '')",
    "an object": "element('object', 'data').then(e => e.contentDocument"
    " ? e.contentDocument.body.innerText : '')",
    "a form": "form('text/plain')",
    "an encoded form": "form('application/x-www-form-urlencoded')",
    "a frame without an origin": "element('iframe', 'srcdoc', {sandbox: 'allow-scripts', srcdoc:"
    " `<script>fetch('${url}', {method: 'POST', body: '{}'})</script>`}).then(pause)",
    "a new window": "(open(url), pause())",
}
_TOOLS = """
const pause = () => new Promise(done => setTimeout(done, 150, ''));
const element = (name, where, more) => new Promise(done => {
  const one = Object.assign(document.createElement(name), more);
  one.onload = one.onerror = () => done(one);
  setTimeout(done, 700, one);
  if (where !== 'srcdoc') one[where] = url;
  document.documentElement.append(one);
});
const form = (kind) => {
  const target = Object.assign(document.createElement('iframe'), {name: 'target' + Math.random()});
  const one = Object.assign(document.createElement('form'),
    {action: url, method: 'POST', enctype: kind, target: target.name});
  one.append(Object.assign(document.createElement('input'), {name: body, value: 'x'}));
  document.documentElement.append(target, one);
  one.submit();
  return pause();
};
"""
BODY = json.dumps({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]})


def attacked(url: str, token: str) -> str:
    """An expression: what each attack could read of that URL, by name."""
    ways = ", ".join(f"{json.dumps(name)}: async () => {code}" for name, code in ATTACKS.items())
    said = f"const [url, body, token] = {json.dumps([url, BODY, token])};"
    each = "try { out[name] = String(await way() || '') } catch { out[name] = '' }"
    run = f"for (const [name, way] of Object.entries({{{ways}}})) {{ {each} }}"
    return f"(async () => {{ {said} {_TOOLS} const out = {{}}; {run} return out }})()"


class Site(http.server.BaseHTTPRequestHandler):
    """A page without anything, and how often each method came."""

    server: Counting
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.headers.get("Upgrade") or self.headers.get("Sec-Fetch-Dest")
        self.server.came.append(f"{self.command} {kind}")
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"a page")

    do_GET = do_POST = do_DELETE = do_OPTIONS = _answer

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Counting(http.server.ThreadingHTTPServer):
    """A site that keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Site)
        self.came: list[str] = []
        self.port = self.server_address[1]


@contextmanager
def site() -> Iterator[Counting]:
    """A site that is being served."""
    server = Counting()
    with running(server):
        yield server


class Attacker(NamedTuple):
    """A browser, and the site whose pages are hostile."""

    browser: str
    port: int

    def read(self, url: str, origin: str, token: str = "", before: str = "") -> dict[str, str]:
        """What a page of that origin could read of a URL.

        `before` was opened in the browser; without a URL, where that led is attacked.
        """

        async def go() -> Any:
            async with tab(self.browser) as one:
                await one.open(before or origin)
                opened = await one.run("location.href")
                await one.open(origin)
                return await one.run(attacked(url or opened, token))

        read: dict[str, str] = asyncio.run(go())
        assert list(read) == list(ATTACKS)
        return {name: text for name, text in read.items() if text}

    @property
    def origins(self) -> tuple[str, str]:
        """Another site's page, and one of this machine, which is the same site as ours."""
        return f"http://{EVIL}:{self.port}/", f"http://127.0.0.1:{self.port}/"


@pytest.fixture(scope="module")
def attacker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacker]:
    rule = f"--host-resolver-rules=MAP {EVIL} 127.0.0.1"
    with site() as own, chromium(tmp_path_factory.mktemp("browser"), rule) as browser:
        yield Attacker(browser, own.port)


# What comes to a server without a door, the window that is opened a little later than the rest.
ARRIVE = frozenset(
    {
        "GET empty", "POST empty", "GET image", "GET script", "GET style", "GET iframe",
        "GET object", "POST iframe", "GET document", "GET websocket",
    }
)  # fmt: skip


def test_the_attacks_arrive_where_nobody_stops_them(attacker: Attacker) -> None:
    """Each sends its request to a server without a door, and reads what it is allowed to."""
    with site() as open_one:
        url = f"http://127.0.0.1:{open_one.port}/"
        for origin in attacker.origins:
            open_one.came.clear()
            assert attacker.read(url, origin) == {}, "another origin's text"
            wait_until(lambda: ARRIVE.issubset(open_one.came), "the last attack")
            assert "OPTIONS empty" in open_one.came
        same = attacker.read(f"http://{EVIL}:{open_one.port}/", f"http://{EVIL}:{open_one.port}/")
        assert {"fetch", "a POST with the token", "a frame"} < set(same)


@pytest.mark.parametrize("path", [PATHS["messages"], "/v1/models", "/"])
def test_a_page_does_not_reach_the_model(attacker: Attacker, path: str) -> None:
    """Nor with the session's token, nor under a name that was rebound to our own port."""
    with StrictEndpoint(key=KEY) as endpoint, InProcess(endpoint.url) as proxy:
        rebound = f"http://{EVIL}:{proxy.port}"
        for origin in attacker.origins:
            assert attacker.read(f"http://127.0.0.1:{proxy.port}{path}", origin, TOKEN) == {}
        read = attacker.read(rebound + path, f"{rebound}/", TOKEN)
        assert all(_refused(text) for text in read.values()), read
        assert endpoint.requests == []
        begun: list[Exchange] = proxy.journal.exchanges
        assert begun == []
        assert proxy.ask("GET", "/v1/models")[0] == 200, "whom it is for"


def _refused(text: str) -> bool:
    return "wrong Host" in text


def test_a_page_does_not_read_a_session(attacker: Attacker, tmp_path: Path) -> None:
    """Where the user has it open in the same browser, and the page knows its secret address."""
    session = small(tmp_path / "state")
    session.end()
    for origin in (*attacker.origins, ""):
        with viewing(session.path) as view:
            rebound = view.url.partition("/open")[0].replace("127.0.0.1", EVIL)
            read = attacker.read(rebound if not origin else "", origin or rebound, before=view.url)
            assert all(not origin and _refused(text) for text in read.values()), read


def test_a_page_does_not_manage_reports(attacker: Attacker, tmp_path: Path) -> None:
    """Nothing is sent, changed or listed by a page, with the token or under a rebound name."""
    with reports(tmp_path / "someone") as server:
        before = server.ask("/api/reports", token=server.token)
        assert before.status == 200
        rebound = server.url.replace("127.0.0.1", EVIL)
        for origin in attacker.origins:
            assert attacker.read(f"{server.url}/api/reports", origin, server.token) == {}
        read = attacker.read(f"{rebound}/api/reports", f"{rebound}/", server.token)
        assert all(_refused(text) for text in read.values()), read
        assert server.ask("/api/reports", token=server.token).body == before.body
