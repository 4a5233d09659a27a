"""Endpoints that do one thing wrong, and what the doctor says of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dsfix.config import Config
from dsfix.doctor.examine import Report, Wish, examine
from dsfix.doctor.finding import Finding
from dsfix.doctor.machine import Machine
from dsfix.doctor.probes import NAMES
from dsfix.simulator.options import Options
from dsfix.simulator.server import Simulator
from dsfix.simulator.switches import set_switches
from tests.support.serving import Came, Given, serving

KEY = "sk-doctor-0123456789abcdef"
ROOT = Path(__file__).parent.parent.parent
DIALECTS = ("chat", "messages", "responses")


def doctor(*words: str, key: str = KEY, **more: str) -> subprocess.CompletedProcess[str]:
    """`dsfix doctor` with these words, and more variables."""
    environ = {**os.environ, "DEEPSEEK_API_KEY": key, "NO_PROXY": "*", **more}
    line = [sys.executable, "-m", "dsfix", "doctor", *words]
    return subprocess.run(line, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60)


def machine(**environ: str) -> Machine:
    """A machine on which nothing is installed and nothing is set but a key."""
    given = {"DEEPSEEK_API_KEY": KEY, "PATH": "/nowhere", **environ}
    nowhere = Path("/nowhere")
    return Machine(given, nowhere, nowhere, lambda path: None, lambda words: None)


def probed(url: str, *only: str, timeout: float = 5.0, **wish: Any) -> Report:
    """What the probes of the endpoint find."""
    wanted = Wish(
        config=Config(url, by_flag=True), live=True, only=only or NAMES, timeout=timeout, **wish
    )
    return examine(wanted, machine(), lambda origin, cost: None)


def simulated(*switches: str, only: tuple[str, ...] = ()) -> Report:
    """What they find of a simulator with these switches."""
    with Simulator.in_thread(set_switches(switches, Options())) as simulator:
        return probed(simulator.url, *only)


def drifts(report: Report) -> dict[str, str]:
    """What is not as expected, by name."""
    return {each.name: each.raw for each in report.findings if each.drift}


def by_name(report: Report) -> dict[str, Finding]:
    """The findings by their names."""
    return {each.name: each for each in report.findings}


@contextmanager
def relay(
    change: Callable[[Came, Given], Given], before: Callable[[Came], bytes] = lambda came: came.body
) -> Iterator[str]:
    """The URL of a relay to a simulator that changes answers, or requests `before`."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with Simulator.in_thread(Options()) as simulator:

        def answer(came: Came) -> Given:
            kept = ("authorization", "content-type")
            headers = {name: came.headers[name] for name in kept if name in came.headers}
            url, data = simulator.url + came.path, before(came) or None
            asked = urllib.request.Request(url, data, headers, method=came.method)
            try:
                with opener.open(asked, timeout=60) as reply:
                    kind = reply.headers.get("Content-Type", "application/json")
                    return change(came, Given(reply.status, reply.read(), kind))
            except urllib.error.HTTPError as error:
                with error:
                    return change(came, Given(error.code, error.read()))

        with serving(answer) as url:
            yield url


def error(status: int, text: str) -> Given:
    """A refusal in OpenAI's shape."""
    return Given(status, json.dumps({"error": {"message": text}}).encode())
