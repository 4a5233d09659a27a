"""Who may see the page: real requests to its port."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.pty_session import PtySession
from tests.view.support import Served, serving, small


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    session = small(tmp_path / "state")
    session.end()
    with serving(session.path) as page:
        yield page


def test_the_url_opens_once(served: Served) -> None:
    """Its token becomes a cookie for one path, and neither is in the address afterwards."""
    first, second = served.ask(served.token), served.ask(served.token)
    assert first.status == 303
    where, cookie = first.headers["location"], first.headers["set-cookie"]
    assert served.token.rpartition("/")[2] not in where + cookie
    assert {"HttpOnly", "SameSite=Strict", f"Path={where}"} < set(cookie.split("; "))
    assert cookie.partition("=")[2].partition(";")[0] not in where
    assert second.status == 410
    assert "set-cookie" not in second.headers


def test_the_page_is_for_the_cookie(served: Served) -> None:
    """Without it, and with another one, there is nothing to see."""
    where, cookie = served.enter()
    assert "Fix the parser" in served.ask(where, Cookie=cookie).text
    assert "Fix the parser" in served.ask(f"{where}news", Cookie=cookie).text
    for path in (where, f"{where}news"):
        for other in ({}, {"Cookie": "dsfix-view=x"}, {"Cookie": f"{cookie}x"}):
            answer = served.ask(path, **other)
            assert (answer.status, "parser" in answer.text) == (401, False)


def test_another_servers_cookie_locks_nobody_out(served: Served) -> None:
    """Cookies know no ports: a page of this machine can set one of the same name for every path."""
    where, cookie = served.enter()
    for both in (f"{cookie}; dsfix-view=x", f"dsfix-view=x;{cookie}", f"a={{b}}; {cookie}"):
        assert served.ask(where, Cookie=both).status == 200


def test_a_wrong_token_does_not_use_the_right_one_up(served: Served) -> None:
    """Nobody can lock the user out by guessing."""
    assert served.ask("/open/wrong").status == 401
    assert served.ask(served.token).status == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1"}, 421),
        ({"Host": "127.0.0.1.evil.example:80"}, 421),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
    ],
)
def test_other_sites_are_refused(served: Served, headers: dict[str, str], status: int) -> None:
    """By Host, Origin and Sec-Fetch-Site, with the token and with the cookie."""
    assert served.ask(served.token, **headers).status == status
    where, cookie = served.enter()
    assert served.ask(where, Cookie=cookie, **headers).status == status
    assert served.ask(where, Cookie=cookie, Sec_Fetch_Site="none").status == 200
    assert served.ask(f"{where}news", Cookie=cookie, Sec_Fetch_Site="same-origin").status == 200


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_only_get(served: Served, method: str) -> None:
    """Nothing can be changed, and a look ahead does not use the token up."""
    assert served.ask(served.token, method).status == 405
    where, cookie = served.enter()
    assert served.ask(where, method, Cookie=cookie).status == 405


def test_there_is_nothing_else(served: Served) -> None:
    """No other path answers, and none reaches a file."""
    where, cookie = served.enter()
    for path in ("/", "/favicon.ico", f"{where}x", f"{where}../../etc/passwd", "/open/"):
        assert served.ask(path, Cookie=cookie).status in (401, 404)
    assert served.ask(f"{where}news?version=x", Cookie=cookie).status == 400


def test_every_answer_is_closed_up(served: Served) -> None:
    """Refusals too: not stored, not framed, not sniffed, no referrer, a strict policy."""
    answers = [served.ask("/"), served.ask("/", Host="evil.example"), served.ask(served.token)]
    location = answers[-1].headers["location"]
    cookie = answers[-1].headers["set-cookie"].partition(";")[0]
    answers += [served.ask(location, Cookie=cookie), served.ask(f"{location}news", Cookie=cookie)]
    for headers in (answer.headers for answer in answers):
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert not {"server", "access-control-allow-origin"} & headers.keys()


def test_the_command_prints_the_url_alone_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    """Stdout is one line, nothing stands on stderr, and Ctrl-C is no failure."""
    small(tmp_path / "state").end()
    command = [sys.executable, "-m", "dsfix", "view"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "DSFIX_STATE_DIR": str(tmp_path / "state")},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/open/[\w-]{43}\n", line)
    page = Served(line.strip())
    where, cookie = page.enter()
    assert page.ask(where, Cookie=cookie).status == 200
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 0


def test_a_browser_in_the_foreground_keeps_nobody_waiting(tmp_path: Path) -> None:
    """Where `BROWSER` names a program that goes on, Python waits for its end; Ctrl-C does not."""
    small(tmp_path / "state").end()
    browser = tmp_path / "browser"
    browser.write_text("#!/bin/sh\ntrap '' INT\necho opened\nexec sleep 40\n")
    browser.chmod(0o700)
    named = {"BROWSER": str(browser), "DSFIX_STATE_DIR": str(tmp_path / "state")}
    began = time.monotonic()
    with PtySession([sys.executable, "-m", "dsfix", "view"], {**os.environ, **named}) as session:
        session.expect("opened")
        session.type("\x03")
        assert session.end() == 0
    assert time.monotonic() - began < 35


def test_a_file_is_private_and_never_overwritten(tmp_path: Path) -> None:
    """`--output` writes the whole page, for the user alone; `-` is stdout."""
    small(tmp_path / "state").end()
    output = tmp_path / "page.html"
    command = [sys.executable, "-m", "dsfix", "view", "k3f9", "--output", str(output)]
    environ = {**os.environ, "DSFIX_STATE_DIR": str(tmp_path / "state")}
    done = subprocess.run(command, capture_output=True, text=True, env=environ)
    assert (done.returncode, done.stdout) == (0, f"{output}\n")
    assert output.stat().st_mode & 0o777 == 0o600
    assert output.read_text().startswith("<!doctype html>")
    again = subprocess.run(command, capture_output=True, text=True, env=environ)
    assert (again.returncode, "exists" in again.stderr) == (1, True)
    page = subprocess.run([*command[:-1], "-"], capture_output=True, text=True, env=environ)
    assert page.stdout == output.read_text()
    other = subprocess.run([*command[:4], "nope"], capture_output=True, text=True, env=environ)
    assert (other.returncode, "no session" in other.stderr) == (1, True)
