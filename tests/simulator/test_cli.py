"""`dsfix simulate` as a user runs it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from dsfix.cli.simulate import _options
from dsfix.simulator.options import Options
from dsfix.simulator.rules import RULES, STRICTEST
from dsfix.simulator.switches import switches


@contextmanager
def simulate(*args: str, **env: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, ended in any case."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dsfix", "simulate", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **env},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def status_of(url: str, key: str) -> int:
    """What the models route answers to a key."""
    asked = Request(f"{url}/models", headers={"Authorization": f"Bearer {key}"})
    try:
        with build_opener(ProxyHandler({})).open(asked, timeout=60) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serves_until_stopped(number: signal.Signals) -> None:
    """It prints its address, serves with the given switches, logs, and ends with 0."""
    with simulate("--log", "--key", "sk-a") as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        assert (status_of(url, "sk-a"), status_of(url, "sk-b")) == (200, 401)
        process.send_signal(number)
        out, log = process.communicate(timeout=60)
        assert process.returncode == 0
    assert out == ""
    assert log.splitlines() == [
        "200 GET /models 0 bytes",
        "401 GET /models 0 bytes refused by key",
    ]


def test_list_rules() -> None:
    """The rules are listed with source and date, and nothing is served."""
    with simulate("--list-rules") as process:
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
    for rule in RULES:
        assert rule.name in out
        assert rule.source in out


def test_import_is_light() -> None:
    """The command's module brings neither the server nor the table printer with it."""
    code = (
        "import sys, dsfix.cli.simulate;print(sorted({'aiohttp', 'rich.table'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_list_switches() -> None:
    """Every switch is listed with its values and its meaning, and named in the help."""
    with simulate("--list-switches") as process:
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
    with simulate("--help") as process:
        told, _ = process.communicate(timeout=60)
    named = told.replace("(", " ").split()
    for switch in switches():
        assert switch.means in out
        assert switch.values in out
        assert switch.name in named


@pytest.mark.parametrize("what", ["--list-switches", "--list-rules"])
def test_nothing_is_cut_on_a_terminal(what: str) -> None:
    """Values are there to be typed, and sources to be looked up."""
    with simulate(what, COLUMNS="60", LINES="40", FORCE_COLOR="1", TERM="dumb") as process:
        out, _ = process.communicate(timeout=60)
    lines = out.splitlines()
    assert "…" not in out
    assert len(lines) > 40 and max(map(len, lines)) <= 60


def test_a_wrong_switch_is_an_error() -> None:
    """A switch that is not there, or a value that does not fit, is told in one line."""
    with simulate("--switch", "blank=maybe") as process:
        _, log = process.communicate(timeout=60)
        assert process.returncode == 2
    assert log.splitlines()[0] == (
        "dsfix: error: switch blank: 'maybe' is not accept|refuse-empty|refuse"
    )


def test_options() -> None:
    """The command line begins with the defaults or the strictest; a switch has the last word."""
    assert _options(False, (), ()) == Options()
    asked = _options(True, ["sk-a"], ["images=support", "seed=1"])
    policy = replace(STRICTEST, keys=frozenset({"sk-a"}), images="support")
    assert asked == Options(policy, seed=1)


@pytest.mark.parametrize(("port", "says"), [("taken", "cannot be used: "), ("65536", "65535")])
def test_a_port_that_cannot_be_had_is_told(port: str, says: str) -> None:
    """In one line, and not by a traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1]) if port == "taken" else port
        with simulate("--port", port) as process:
            _, error = process.communicate(timeout=60)
    assert process.returncode in (1, 2)
    assert says in error and "Traceback" not in error
