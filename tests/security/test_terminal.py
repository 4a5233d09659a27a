"""A hostile upstream and the user's terminal: whatever it says, each command prints a text."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dsfix.simulator.server import Simulator
from tests.support.commands import dsfix, environment
from tests.support.pty_session import PtySession
from tests.support.serving import Came, Given, serving
from tests.view.support import small

# The clipboard, a colour in C0 and in C1, a line that turns round, and rows of its own.
HOSTILE = "\x1b]52;c;eA==\x07\x1b[41m\x9b41m\u202ekcab\u2066\r\x85\u2028\n  cost  FORGED\n\n"
# What dsfix itself prints: bold and dim, and their end.
OWN = re.compile(r"\x1b\[[0-9;]*m")
DRIVES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
FORGED = re.compile(r"^\s*cost  FORGED", re.M)
ASK = """
import json, os, urllib.error, urllib.request
url = os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages"
headers = {"x-api-key": os.environ["ANTHROPIC_AUTH_TOKEN"], "Content-Type": "application/json"}
for turn in ("well", "badly"):
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": turn}]}
    try:
        urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)).read()
    except urllib.error.HTTPError as error:
        error.read()
"""
# Asks twice, the second time with a tool; its names have lines of their own.
OFFER = r"""
import json, os, urllib.request
def ask(**more):
    body = {"max_tokens": 99, "messages": [{"role": "user", "content": "hi"}], **more}
    urllib.request.urlopen(urllib.request.Request(
        os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", json.dumps(body).encode(),
        {"x-api-key": os.environ["ANTHROPIC_AUTH_TOKEN"], "Content-Type": "application/json"})).read()
name = "x\ncost  FORGED"
ask(model="deepseek-v4-pro")
ask(model=name, tools=[{"name": name, "description": "d", "input_schema": {"type": "object"}}])
"""
COMMANDS = (
    "sessions list", "sessions list --json", "sessions show last", "sessions show last 1",
    "sessions show last --json", "sessions search hi", "sessions search hi --json",
    "sessions export last --format jsonl", "cost --loopback --by model",
    "cost --loopback --by model --json", "statusline last",
)  # fmt: skip


def hostile(came: Came) -> Given:
    """Such things in every place of an answer, of an error and of a balance."""
    words = {"type": HOSTILE, "message": f"hi {HOSTILE}", "code": HOSTILE}
    if b"badly" in came.body:
        return Given(400, json.dumps({"error": words}).encode())
    content = [{"type": "text", "text": f"hi {HOSTILE}"}]
    usage = {"input_tokens": 5, "output_tokens": 6, "service_tier": HOSTILE}
    document = {
        "id": HOSTILE, "type": "message", "role": "assistant", "model": f"m{HOSTILE}",
        "content": content, "stop_reason": HOSTILE, "usage": usage, "is_available": True,
        "balance_infos": [{"currency": f"USD{HOSTILE}", "total_balance": f"1{HOSTILE}"}],
    }  # fmt: skip
    return Given(200, json.dumps(document).encode())


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    with serving(hostile) as url:
        yield url


@contextmanager
def terminal(home: Path, *words: str) -> Iterator[PtySession]:
    """That command in a terminal, until its end."""
    env = environment(home, TERM="xterm", COLUMNS="200", NO_COLOR="1")
    with PtySession([sys.executable, "-m", "dsfix", *words], env) as one:
        one.end()
        yield one


def test_no_command_is_driven_by_an_upstream(tmp_path: Path, upstream: str) -> None:
    """No control character, no other direction, and no row that the command did not make."""
    summary = tmp_path / "summary.json"
    run = ("run", "--upstream", upstream, "--summary-file", str(summary), "--")
    run = (*run, sys.executable, "-c", ASK)
    others = [*COMMANDS, f"balance --upstream {upstream}", f"balance --upstream {upstream} --json"]
    told = 0
    for words in (run, *(tuple(each.split()) for each in others)):
        with terminal(tmp_path, *words) as one:
            shown = OWN.sub("", one.screen.decode()).replace("\r\n", "\n")
        told += "FORGED" in shown
        assert not DRIVES.findall(shown), words
        # one exchange is shown with its text as it was said, line by line
        assert words[-1] == "1" or not FORGED.search(shown), words
    assert told > 8
    assert "FORGED" in (document := summary.read_text(encoding="utf-8"))
    assert not DRIVES.findall(document)


def test_no_name_of_an_agents_makes_a_row(tmp_path: Path) -> None:
    """Nor of a tool of somebody else's that it offers: not in a comparison, nor in an exchange."""
    with Simulator.in_thread() as upstream:
        run = ("run", "--upstream", upstream.url, "--", sys.executable, "-c", OFFER)
        for words in (
            run,
            ("sessions", "diff", "last", "1", "2"),
            ("sessions", "show", "last", "2"),
        ):
            ran = dsfix(*words, home=tmp_path)
            assert ran.code == 0, ran.err
            assert not FORGED.search(ran.out), words
    assert "FORGED" in ran.out


def test_no_report_server_makes_a_row(tmp_path: Path) -> None:
    """Another's, that says what it wants of a report: each has three lines."""
    words = dict.fromkeys(("title", "category", "project", "branch"), HOSTILE)
    report = {
        **words, "id": "a" * 32, "address": f"/r/{'a' * 32}", "tags": [HOSTILE], "version": 1,
        "versions": [{"sent": 1, "size": 1}], "deleted": None, "found": [[HOSTILE, True]],
    }  # fmt: skip
    with serving(lambda _: Given(200, json.dumps([report]).encode())) as url:
        env = environment(tmp_path, DSFIX_REPORTS_SERVER=url, DSFIX_REPORTS_TOKEN="t" * 40)
        ran = dsfix("reports", "search", "x", home=tmp_path, env=env)
    assert ran.code == 0 and len(ran.out.splitlines()) == 3, ran
    assert not DRIVES.search(ran.out)


@pytest.mark.parametrize("words", [("view", "--no-open"), ("simulate",)])
def test_no_stranger_writes_on_the_terminal(tmp_path: Path, words: tuple[str, ...]) -> None:
    """What is no request is refused without a word on stderr: anybody can send it, and often."""
    small(tmp_path / "state").end()
    process = subprocess.Popen(
        [sys.executable, "-m", "dsfix", *words], text=True,
        env=environment(tmp_path, DSFIX_STATE_DIR=str(tmp_path / "state")),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    port = urlsplit(process.stdout.readline().strip()).port
    for head in (
        b"\x16\x03\x01",
        b"GET /\x1b]0;x HTTP/1.1",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: x",
    ):
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(head + b"\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.0 400 ")
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30) == ("", "")


def _status(connection: HTTPConnection, path: str) -> int:
    """How a GET is answered, on the same connection each time."""
    connection.request("GET", path)
    with connection.getresponse() as response:
        response.read()
    return response.status


@pytest.mark.parametrize("words", ["view --no-open", "simulate", "reports serve --port 0", "run"])
def test_who_takes_every_descriptor_writes_nothing(tmp_path: Path, words: str) -> None:
    """Not on stderr, nor in a session's log, and keeps nobody out for long; who was let in stays."""
    state = tmp_path / "state"
    small(state).end()
    if words == "run":
        agent = "import os; print(os.environ['DSFIX_ENDPOINT'], flush=True); input()"
        given = ["run", "--quiet", "--debug", "--", sys.executable, "-c", agent]
    else:
        given = words.split()
    limited = ["sh", "-c", 'ulimit -n 64; exec "$@"', "sh", sys.executable, "-m", "dsfix", *given]
    with ExitStack() as stack:
        process = subprocess.Popen(
            limited, text=True, env=environment(tmp_path, DSFIX_STATE_DIR=str(state)),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        stack.callback(process.kill)
        assert process.stdout is not None
        url = urlsplit(process.stdout.readline().strip())
        own = {"run": "", "reports serve --port 0": "/page.css"}.get(words, url.path or "/")
        let_in, another = (HTTPConnection("127.0.0.1", url.port or 0, timeout=60) for _ in "12")
        stack.callback(let_in.close)
        stack.callback(another.close)
        assert not own or _status(let_in, own) < 404
        mine = let_in.sock
        for _ in range(100):
            stack.enter_context(socket.create_connection(("127.0.0.1", url.port), timeout=60))
        assert _status(another, "/") >= 400
        assert not own or _status(let_in, own) > 0
        assert let_in.sock is mine is not None or not own
        if words == "run":
            assert process.communicate("\n", timeout=30)[1] == ""
            [log] = state.rglob("debug.log")
            assert "accept" not in log.read_text(encoding="utf-8")
        else:
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=30)[1] == ""
