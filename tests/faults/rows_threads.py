"""A system with no more threads or memory to give, as a container with few of either is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from dsfix.simulator.server import Simulator
from tests.faults.row import Fault, Scene, Seen
from tests.faults.rows_disk import ONCE, RAN
from tests.support.commands import environment

# An agent that asks twice, and takes an error for an answer.
ASK = """
import json, os, sys, urllib.error, urllib.request
def ask():
    body = {"model": "deepseek-v4-pro", "max_tokens": 4096, "messages": [{"role": "user", "content": "hi"}]}
    request = urllib.request.Request(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages",
        json.dumps(body).encode(), {"Content-Type": "application/json",
        "Authorization": "Bearer " + os.environ["ANTHROPIC_AUTH_TOKEN"]})
    try:
        answer = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        kind = json.load(answer)["type"]
        return f"{answer.status}" if kind == "message" else f"{answer.status} {kind}"
print(ask(), ask(), sep=", ", end="")
sys.exit(7)
"""
# dsfix, where a thread whose name begins like this cannot be started. Python's own words.
FEW = """
import sys, threading
name, start = sys.argv.pop(1), threading.Thread.start
def refusing(thread):
    if thread.name.startswith(name):
        raise RuntimeError("can't start new thread")
    start(thread)
threading.Thread.start = refusing
from dsfix.__main__ import main
main()
"""
# dsfix, where SQLite has used all memory up that it may have, before its first file.
BARE = """
import contextlib, sqlite3
with contextlib.suppress(MemoryError):
    sqlite3.connect(":memory:").execute("PRAGMA hard_heap_limit = 1")
from dsfix.__main__ import main
main()
"""
# dsfix, where nothing is left when the writer of the record is to be read in.
FULL = """
import sys
class Nothing:
    def find_spec(name, *rest):
        if name == "dsfix.record.writer":
            raise MemoryError
sys.meta_path.insert(0, Nothing)
from dsfix.__main__ import main
main()
"""


def without(thread: str) -> Callable[[Scene], Seen]:
    """A row in which this thread cannot be had."""
    return run_by(FEW, thread)


def run_by(*program: str) -> Callable[[Scene], Seen]:
    """A row in which dsfix is run by this program."""

    def play(scene: Scene) -> Seen:
        summary = scene.path / "summary.json"
        with Simulator.in_thread() as upstream:
            # a name that is looked up; an address is not
            url = upstream.url.replace("127.0.0.1", "localhost")
            words = ["run", "--upstream", url, "--summary-file", str(summary), "--"]
            done = subprocess.run(
                [sys.executable, "-c", *program, *words, sys.executable, "-c", ASK],
                env=environment(scene.path),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=60,
            )
        assert "Traceback" not in done.stderr, done.stderr
        seen = f"{done.stdout or 'ends'}; exit code {done.returncode}"
        if done.returncode == 125:
            [error] = [line for line in done.stderr.splitlines() if "error: " in line]
            return Seen(seen, error.removeprefix("dsfix: error: "))
        told: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8"))
        errors = [
            f"{each['count']} times {each['status']}: {each['words']}" for each in told["errors"]
        ]
        return Seen(seen, "; ".join([*errors, *told["notes"]]))

    return play


_NONE = "can't start new thread"
ROWS = (
    Fault(
        "process",
        "there is no thread for the proxy",
        "ends; exit code 125",
        f"the proxy failed: RuntimeError: {_NONE}",
        without("dsfix-proxy"),
        ONCE,
    ),
    Fault(
        "process",
        "there is no thread for the memory",
        RAN,
        f"memory.db: {_NONE}",
        without("dsfix-store"),
        ONCE,
    ),
    Fault(
        "process",
        "there is no memory for the memory's file",
        RAN,
        "memory.db: out of memory",
        run_by(BARE),
        ONCE,
    ),
    Fault(
        "process",
        "there is no memory for the record's writer",
        RAN,
        "the record stopped: MemoryError",
        run_by(FULL),
        ONCE,
    ),
    Fault(
        "process",
        "there is no thread for the record",
        RAN,
        f"the record stopped: {_NONE}",
        without("dsfix-record"),
        ONCE,
    ),
    Fault(
        "process",
        "there is no thread to look a name up",
        "502 error, 502 error; exit code 7",
        f"2 times 502: {_NONE}",
        without("asyncio"),
        ONCE,
    ),
)
