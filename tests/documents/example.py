"""One example of each document: a session, its neighbours, a report, an endpoint."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dsfix.simulator.options import Options
from dsfix.simulator.server import Simulator
from tests.reports.support import serving, write
from tests.support.commands import dsfix, environment

# What stands in place of the agent: one request as Claude Code's, and one that is refused.
_AGENT = """
import json, os, urllib.error, urllib.request
for model, said in (("claude-opus-5-5", "hello"), ("deepseek-v4-pro", "hello again")):
    body = {"model": model, "max_tokens": 9000, "messages": [{"role": "user", "content": said}],
            "tools": [{"name": "f", "input_schema": {"type": "object"}}]}
    asked = urllib.request.Request(
        os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", json.dumps(body).encode(),
        {"Authorization": "Bearer " + os.environ["ANTHROPIC_AUTH_TOKEN"],
         "Content-Type": "application/json"})
    urllib.request.urlopen(asked).read()
"""

# Each command whose document is in the page, with what makes it print one.
SESSION_COMMANDS: dict[str, tuple[str, ...]] = {
    "sessions list": (),
    "sessions search": ("hello",),
    "sessions show": ("last", "--messages"),
    "sessions diff": ("last", "1", "2"),
    "sessions budget": ("last",),
    "sessions gc": ("--keep", "0"),
    "cost": ("--loopback", "--self-host"),
    "memory stats": (),
}
OTHER_COMMANDS: dict[str, tuple[str, ...]] = {
    "config show": (),
    "agents": (),
    "repairs": (),
}
REPORT_COMMANDS: dict[str, tuple[str, ...]] = {
    "reports list": (),
    "reports search": ("words",),
    "reports tag": ("ID", "weekly"),
    "reports delete": ("ID",),
    "reports gc": (),
}


def documents(home: Path) -> Iterator[tuple[str, Any]]:
    """The name of each command and the document that it prints; `home` is an empty directory."""
    agent = home / "bin" / "claude"  # the only one that is installed here
    agent.parent.mkdir()
    agent.write_text("#!/bin/sh\n")
    agent.chmod(0o755)
    yield from _of_a_session(home)
    for command, words in OTHER_COMMANDS.items():
        yield command, _printed(home, command, words)
    with serving(home) as server:
        page = write(home, a__html="<title>t</title>words")
        sent = _printed(server.home, "send", (str(page),))
        yield "reports send", sent
        for command, words in REPORT_COMMANDS.items():
            given = tuple(sent["data"]["id"] if word == "ID" else word for word in words)
            yield command, _printed(server.home, command, given)


def _of_a_session(home: Path) -> Iterator[tuple[str, Any]]:
    with Simulator.in_thread(Options()) as simulator:
        words = ("--upstream", simulator.url, "--max-requests", "9")
        command = ("run", "--quiet", *words, "--", sys.executable, "-c", _AGENT)
        ran = dsfix(*command, home=home, env=_alone(home))
        upstream = ("--upstream", simulator.url)
        balance = _printed(home, "balance", upstream)
        only = ("--live", "--only", "chat-effort-conflict")
        doctor = _printed(home, "doctor", (*upstream, *only))
    assert ran.code == 0, ran.err
    yield "run --summary-file", ran.summary
    for each, more in SESSION_COMMANDS.items():
        yield each, _printed(home, each, more)
    yield "balance", balance
    yield "doctor", doctor


def _printed(home: Path, command: str, words: tuple[str, ...]) -> Any:
    ran = dsfix(*command.split(), *words, "--json", home=home, env=_alone(home))
    assert ran.out, ran.err
    return json.loads(ran.out)


def _alone(home: Path) -> dict[str, str]:
    """An environment in which nothing else is installed."""
    return environment(home, PATH=str(home / "bin"))
