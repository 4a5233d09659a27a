"""`dsfix simulate` as a user runs it."""

from __future__ import annotations

import inspect
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from dsfix.cli.simulate import _options
from dsfix.cli.simulate import simulate as command
from dsfix.simulator.options import Options
from dsfix.simulator.rules import RULES, Policy


@contextmanager
def simulate(*args: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, ended in any case."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dsfix", "simulate", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
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
        with build_opener(ProxyHandler({})).open(asked, timeout=10) as answer:
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
        out, log = process.communicate(timeout=10)
        assert process.returncode == 0
    assert out == ""
    assert log.splitlines() == [
        "200 GET /models 0 bytes",
        "401 GET /models 0 bytes refused by key",
    ]


def test_list_rules() -> None:
    """The rules are listed with source and date, and nothing is served."""
    with simulate("--list-rules") as process:
        out, _ = process.communicate(timeout=10)
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


def test_defaults_are_strict() -> None:
    """Without options the server is the strict one, and every switch has an option."""
    given = {name: part.default for name, part in inspect.signature(command).parameters.items()}
    assert _options(given) == Options(policy=Policy(pass_back="strict-all", reject_blank=True))
