"""Reports in a real browser: sent from one home, served from another, opened on a phone too."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.reports.support import Running, serving, shown, write
from tests.support.commands import dsfix, environment
from tests.view.browser import Tab, Visit

Send = Callable[..., str]

WIDTHS = pytest.mark.parametrize("width", [390, 1280])
# What a report tells the page around it, which the test listens to: nothing else gets out.
TELLING = "<script>setInterval(() => parent.postMessage(document.body.innerText, '*'), 50)</script>"
LISTENING = "addEventListener('message', (event) => { window.told = event.data })"

HOSTILE = """<!doctype html><title>Chart</title><p>hostile</p>
<form action="/r/x" method="post"></form>
<script>
const told = {};
const tried = (name, act) => {
  try { told[name] = String(act()) } catch (error) { told[name] = error.name }
};
const asked = (name, url, options) => fetch(url, options).then(
  (answer) => { told[name] = answer.status }, (error) => { told[name] = error.name });
tried("parent", () => parent.document.title);
tried("top", () => { top.location = "/r/elsewhere"; });
tried("cookie", () => document.cookie);
tried("storage", () => localStorage.length);
tried("opened", () => open("/"));
tried("frame", () => frameElement);
document.forms[0].submit();
Promise.all([
  asked("root", "/"), asked("around", location.pathname.replace(/.v1.*/, "")),
  asked("listed", "/api/reports"),
  asked("sent", "/api/reports", { method: "POST", body: "x" }),
  asked("elsewhere", "https://example.com/"),
  asked("own", "data.json"),
]).then(() => { told.done = true });
setInterval(() => parent.postMessage(told, "*"), 50);
</script>
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    """A server with a home of its own."""
    with serving(tmp_path / "here") as running:
        yield running


@pytest.fixture
def elsewhere(server: Running, tmp_path: Path) -> dict[str, str]:
    """The environment of somebody with another home who knows the server and its token."""
    home = tmp_path / "elsewhere"
    home.mkdir()
    known = {"DSFIX_REPORTS_SERVER": server.url, "DSFIX_REPORTS_TOKEN": server.token}
    return environment(home, **known)


@pytest.fixture
def send(elsewhere: dict[str, str]) -> Send:
    """Send a page from there: its address."""

    def send(page: Path, *words: str) -> str:
        ran = dsfix("send", str(page), *words, home=Path(elsewhere["HOME"]), env=elsewhere)
        assert shown(ran.out), ran
        return ran.out.strip()

    return send


@contextmanager
def watching(page: Path, env: dict[str, str]) -> Iterator[str]:
    """`dsfix reports watch`, stopped in the end: the address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dsfix", "reports", "watch", str(page)],
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=30)


async def told(one: Tab, words: str) -> None:
    """Wait until the report says that."""
    await one.run(LISTENING)
    await one.until(f"String(window.told).includes({json.dumps(words)})")
    # Browsers that do not know a directive of the policy say so of every file.
    one.problems[:] = [each for each in one.problems if "directive 'webrtc'" not in each]


@WIDTHS
def test_a_report_fills_the_screen(visit: Visit, send: Send, tmp_path: Path, width: int) -> None:
    """Its frame takes what the head leaves, and nothing is wider than the screen."""
    name = "很长的标题 " * 20 + "w" * 200
    page = write(tmp_path, a__html=f"<title>{name}</title><p>as sent</p>{TELLING}")
    labels = ("--project", "p" * 100, "--category", "c" * 100, "--tag", "t" * 60)

    async def look(one: Tab) -> None:
        await one.look(width, 844)
        await told(one, "as sent")
        await one.run("document.querySelector('summary').click()")
        assert await one.run("document.documentElement.scrollWidth") == width
        assert await one.run("document.documentElement.scrollHeight") == 844
        frame = await one.run("document.querySelector('iframe').getBoundingClientRect().toJSON()")
        assert (frame["left"], frame["right"], frame["bottom"]) == (0, width, 844)
        assert frame["height"] > 650
        links = await one.run(
            "[...document.querySelectorAll('a, summary')].map((e) => e.getBoundingClientRect())"
            ".every((box) => box.left >= 0 && box.right <= innerWidth)"
        )
        assert links is True

    visit(send(page, *labels), look)


def test_a_hostile_report_gets_nowhere(visit: Visit, send: Send, tmp_path: Path) -> None:
    """It reaches neither the page around it nor the server nor another one, only its own files."""
    page = write(tmp_path, a__html=HOSTILE + "<link rel=preload href=data.json>", data__json="[]")
    address = send(page)

    async def look(one: Tab) -> None:
        await one.run(LISTENING)
        await one.until("window.told?.done === true")
        found = await one.run("window.told")
        failed = ("root", "around", "listed", "sent", "elsewhere")
        assert {name: found[name] for name in failed} == dict.fromkeys(failed, "TypeError")
        refused = ("parent", "top", "cookie", "storage")
        assert {name: found[name] for name in refused} == dict.fromkeys(refused, "SecurityError")
        assert (found["opened"], found["frame"], found["own"]) == ("null", "null", 200)
        assert await one.run("location.href") == address
        assert await one.run("document.querySelector('iframe').sandbox.value") == "allow-scripts"
        one.problems.clear()  # what the browser refused

    visit(address, look)


def test_a_report_alone_is_in_its_sandbox_too(visit: Visit, send: Send, tmp_path: Path) -> None:
    """Opened without the page around it, it has no origin, no cookies and no storage either."""
    alone = HOSTILE.replace('top.location = "/r/elsewhere"', "0")  # it is the top itself
    page = write(tmp_path, a__html=alone, data__json="[]")

    async def look(one: Tab) -> None:
        await one.until("told.done")
        assert await one.run("origin") == "null"
        assert await one.run("[told.cookie, told.storage]") == ["SecurityError"] * 2
        assert await one.run("[told.root, told.listed]") == ["TypeError"] * 2
        one.problems.clear()

    visit(f"{send(page)}/v1/files/a.html", look)


def test_a_report_cannot_take_its_frame_elsewhere(visit: Visit, send: Send, tmp_path: Path) -> None:
    """The page around it shows pages of its own server alone."""
    page = write(tmp_path, a__html="<script>location = 'data:text/html,<p>gone'</script>")
    other = write(tmp_path, b__html="<script>location = 'https://example.com/'</script>")

    async def look(one: Tab) -> None:
        await one.until("window.refused === 'frame-src'")
        one.problems.clear()

    for each in (page, other):
        address = send(each)

        async def early(one: Tab, address: str = address) -> None:
            watch = "addEventListener('securitypolicyviolation',"
            watch += " (event) => { window.refused = event.effectiveDirective })"
            await one.call("Page.addScriptToEvaluateOnNewDocument", source=watch)
            await one.open(address)
            await look(one)

        visit("about:blank#", early)


@WIDTHS
def test_older_versions_are_reached(visit: Visit, send: Send, tmp_path: Path, width: int) -> None:
    """The address shows the newest, its list leads to the others, which stay what they are."""
    for words in ("one", "two", "three"):
        page = write(tmp_path, a__html=f"<title>T {words}</title><p>{words}</p>{TELLING}")
        address = send(page)

    async def look(one: Tab) -> None:
        await one.look(width, 844)
        await told(one, "three")
        assert await one.run("document.querySelector('summary').innerText") == "version 3 of 3"
        await one.run("document.querySelector('summary').click()")
        links = "[...document.querySelectorAll('ol a')]"
        assert await one.run(f"{links}.map((each) => each.ariaCurrent)") == ["page", None, None]
        await one.run(f"{links}[2].click()")
        await one.until("document.title === 'T one'")
        await told(one, "one")
        assert await one.run("document.querySelector('summary').innerText") == "version 1 of 3"
        assert await one.run("document.documentElement.scrollWidth") == width
        await one.run("document.querySelector('nav > a').click()")
        await one.until("document.title === 'T three' && document.readyState === 'complete'")
        assert await one.run("document.querySelectorAll('nav > a').length") == 1
        await told(one, "three")

    visit(address, look)


def test_a_watched_report_reloads(
    visit: Visit, elsewhere: dict[str, str], send: Send, tmp_path: Path
) -> None:
    """A change on disk is shown without anybody's doing; a new version renews the whole page."""
    page = write(tmp_path, a__html=f"<p>draft one</p>{TELLING}")

    async def look(one: Tab) -> None:
        await told(one, "draft one")
        await one.run("window.same = true")
        write(tmp_path, a__html=f"<p>draft two</p>{TELLING}")
        await told(one, "draft two")
        assert await one.run("window.same") is True

    async def later(one: Tab) -> None:
        await told(one, "draft two")
        write(tmp_path, a__html=f"<p>final</p>{TELLING}")
        send(page)
        await one.until("document.querySelector('summary')?.innerText === 'version 2 of 2'")
        await told(one, "final")

    with watching(page, elsewhere) as address:
        visit(address, look)
    visit(address, later)


def test_what_is_not_there_says_so(visit: Visit, server: Running) -> None:
    """No list of reports, and an unknown address has a page that fits a phone."""

    async def look(one: Tab) -> None:
        await one.look(390, 844)
        assert "nothing here" in await one.run("document.body.innerText")
        assert await one.run("document.documentElement.scrollWidth") == 390
        one.problems.clear()  # the status itself

    for path in ("/", "/r/0123456789abcdef0123456789abcdef", "/r/x/v1/files/a.html"):
        visit(f"{server.url}{path}", look)
