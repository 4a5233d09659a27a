"""A real Chromium, driven over its DevTools protocol.

It is Debian's or the one that the npm package @sparticuz/chromium carries in its own archive
(`clients/browser`), so that nothing is fetched from elsewhere than a registry.
"""

from __future__ import annotations

import asyncio
import base64
import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp
import pytest

_PACKAGED = Path(__file__).parents[2] / "clients" / "browser"
_UNPACK = "import('@sparticuz/chromium').then(c => c.default.executablePath()).then(console.log)"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PAINTED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))"
_OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-popup-blocking",  # Debian's opens no window that nobody has clicked for
    "--remote-debugging-port=0",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
)


def executable() -> str:
    """The browser's path; skips the test where there is none, unless clients are required."""
    if (_PACKAGED / "node_modules").is_dir():
        return _unpacked()
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None and not os.environ.get("DSFIX_REQUIRE_CLIENTS"):
        pytest.skip("no Chromium: npm ci --prefix clients/browser")
    assert found, "no Chromium although DSFIX_REQUIRE_CLIENTS is set"
    return found


def _unpacked() -> str:
    place = _PACKAGED / "node_modules" / ".unpacked"
    place.mkdir(exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side
        done = subprocess.run(
            ["node", "-e", _UNPACK],
            cwd=_PACKAGED,
            # It has the libraries with it that a bare machine lacks, and unpacks them where its own
            # makers run it: there this variable is set.
            env={**os.environ, "TMPDIR": str(place), "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs22.x"},
            capture_output=True,
            text=True,
            check=True,
        )
    return done.stdout.strip().splitlines()[-1]


@contextmanager
def chromium(home: Path, *options: str) -> Iterator[str]:
    """A browser with a profile below `home`: the address of its DevTools."""
    path = executable()
    libraries = str(Path(path).parent / "al2023" / "lib")
    environ = {
        **os.environ,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "LD_LIBRARY_PATH": libraries,
    }
    command = [path, *_OPTIONS, *options, f"--user-data-dir={home}", "about:blank"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environ)
    port = home / "DevToolsActivePort"
    try:
        until = time.monotonic() + 30
        while not port.is_file() or len(port.read_text().splitlines()) < 2:
            assert process.poll() is None, (home / "log").read_text()
            assert time.monotonic() < until, "the browser does not come up"
            time.sleep(0.05)
        number, path = port.read_text().splitlines()
        yield f"ws://127.0.0.1:{number}{path}"
    finally:
        process.terminate()
        process.wait(60)


class Navigated(Exception):
    """Another page has come while this one was asked."""


class Tab:
    """One tab. `problems` are exceptions, errors on the console, and what the policy refused."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, session: str) -> None:
        self._socket, self._session, self._number = socket, session, 0
        self.problems: list[str] = []

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask the browser; events that come in between are looked through for problems."""
        self._number += 1
        asked: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        await self._socket.send_json(
            asked | ({"sessionId": self._session} if self._session else {})
        )
        while True:
            said = await self._socket.receive_json(timeout=60)
            if said.get("id") == self._number:
                if "navigated" in str(said.get("error")):
                    raise Navigated
                assert "error" not in said, said
                return dict(said["result"])
            if said.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.problems.append(str(said["params"]))

    async def open(self, url: str) -> None:
        """Go there and wait until the page is loaded."""
        await self.call("Page.navigate", url=url)
        await self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    async def run(self, code: str) -> Any:
        """The value of an expression in the page."""
        done = await self.call(
            "Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in done, done
        return done["result"].get("value")

    async def until(self, code: str) -> None:
        """Wait until that holds in the page, or in the one that comes in its place."""
        end = time.monotonic() + 20
        while True:
            with suppress(Navigated):
                if await self.run(code):
                    return
            assert time.monotonic() < end, f"never: {code}"
            await asyncio.sleep(0.05)

    async def press(self, key: str) -> None:
        """Press a key as a user does, and wait until the page has been painted again."""
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        await self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
        await self.call("Input.dispatchKeyEvent", type="keyUp", key=key)
        await self.run(_PAINTED)

    async def type(self, words: str) -> None:
        """Put words into what has the focus."""
        await self.call("Input.insertText", text=words)

    async def look(self, width: int, height: int, *, dark: bool = False) -> None:
        """The size of the screen and what the system prefers."""
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        wish = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        await self.call("Emulation.setEmulatedMedia", features=wish)

    async def shot(self, path: Path) -> None:
        """A picture of the screen."""
        done = await self.call("Page.captureScreenshot", format="png")
        await asyncio.to_thread(path.write_bytes, base64.b64decode(done["data"]))


# Open a URL in a tab of its own and do something there; the page must have no problem.
Visit: TypeAlias = Callable[[str, Callable[[Tab], Awaitable[None]]], None]


@asynccontextmanager
async def tab(address: str) -> AsyncIterator[Tab]:
    """A new tab with cookies of its own."""
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(address, max_msg_size=0) as socket,
    ):
        browser = Tab(socket, "")
        context = (await browser.call("Target.createBrowserContext"))["browserContextId"]
        target = (
            await browser.call("Target.createTarget", url="about:blank", browserContextId=context)
        )["targetId"]
        attached = await browser.call("Target.attachToTarget", targetId=target, flatten=True)
        one = Tab(socket, attached["sessionId"])
        one._number = 1000
        for domain in ("Page", "Runtime", "Log"):
            await one.call(f"{domain}.enable")
        yield one
        with suppress(ConnectionError):
            await one.call("Page.close")
