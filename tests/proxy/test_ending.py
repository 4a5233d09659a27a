"""The proxy's end, when the agent has ended, on a system that has no thread left by then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.commands import environment

# dsfix, where no thread can be had once the session's own have been.
FULL = """
import sys, threading
start = threading.Thread.start
def refusing(thread):
    if not thread.name.startswith("dsfix-"):
        raise RuntimeError("can't start new thread")
    start(thread)
threading.Thread.start = refusing
from dsfix.__main__ import main
main()
"""
# An agent that lives until the proxy serves: an error is an answer as well.
ASK = """
import os, sys, urllib.error, urllib.request
request = urllib.request.Request(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", b"{}",
    {"Content-Type": "application/json", "x-api-key": os.environ["ANTHROPIC_AUTH_TOKEN"]})
try:
    urllib.request.urlopen(request, timeout=30)
except urllib.error.HTTPError:
    sys.exit(7)
"""


def test_it_takes_no_thread(tmp_path: Path) -> None:
    """What the agent left running may have taken them all: its exit code is its own still."""
    run = ("run", "--upstream", "http://127.0.0.1:9", "--", sys.executable, "-I", "-c", ASK)
    done = subprocess.run(
        [sys.executable, "-c", FULL, *run],
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 7, done.stderr
    assert "error:" not in done.stderr and "new thread" not in done.stderr
