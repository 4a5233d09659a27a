"""A name server that says nothing, as behind a network that has just gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.commands import environment

# dsfix, where nobody tells the address of a host for a minute.
SILENT = """
import socket, time
socket.getaddrinfo = lambda *_, **__: time.sleep(60)
from dsfix.__main__ import main
main()
"""
# An agent that asks once and does not wait for it.
ASK = """
import json, os, sys, urllib.request
request = urllib.request.Request(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", b"{}",
    {"Content-Type": "application/json", "x-api-key": os.environ["ANTHROPIC_AUTH_TOKEN"]})
try:
    urllib.request.urlopen(request, timeout=1)
except TimeoutError:
    sys.exit(7)
"""


def test_nobody_waits_for_it_when_the_agent_has_ended(tmp_path: Path) -> None:
    """The session ends as any other: what went wrong with its memory is told as well."""
    (tmp_path / "memory.db").write_bytes(b"no memory " * 1000)
    run = ("run", "--upstream", "https://upstream.example", "--", sys.executable, "-I", "-c", ASK)
    done = subprocess.run(
        [sys.executable, "-c", SILENT, *run],
        env=environment(tmp_path, DSFIX_STATE_DIR=str(tmp_path)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 7, done.stderr
    assert "memory.db: file is not a database" in done.stderr
    assert "1 by the agent" in done.stderr
