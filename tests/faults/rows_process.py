"""What processes can do wrong: signals at every phase, too many at once, no descriptors left."""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from dsfix.record.reader import read
from dsfix.record.sessions import EndState
from dsfix.simulator.options import Options
from dsfix.simulator.server import Simulator
from tests.faults.rig import tells
from tests.faults.row import Fault, Scene, Seen
from tests.support.commands import dsfix, environment
from tests.support.ports import listener
from tests.support.pty_session import wait_until
from tests.test_killed import gone

# An agent that tells its pid and port, goes to a phase, says so, and would then wait for ever.
PHASES = """
import json, os, sys, time, urllib.request
url = os.environ["ANTHROPIC_BASE_URL"]
print(os.getpid(), url.split(":")[2].split("/")[0], flush=True)
def ask():
    body = {"model": "deepseek-v4-pro", "max_tokens": 4096, "stream": True,
            "messages": [{"role": "user", "content": "say something"}]}
    return urllib.request.urlopen(urllib.request.Request(url + "/v1/messages", json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": "Bearer " + os.environ["ANTHROPIC_AUTH_TOKEN"]}), timeout=90)
if sys.argv[1] == "stream":
    answer = ask()
    answer.readline()
if sys.argv[1] == "end":
    ask().read()
if sys.argv[1] == "ask":
    sys.exit(sum(len(ask().read()) < 100 for _ in range(3)))
print("there", flush=True)
time.sleep(60)
"""
# An agent with many requests at once, whose answers it counts, and then one more.
# All are connected before any of them asks: then there is little left for the way upstream.
CROWD = """
import http.client, json, os, resource, threading, time, urllib.parse
assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 64  # what dsfix was given
base = urllib.parse.urlsplit(os.environ["ANTHROPIC_BASE_URL"])
headers = {"Content-Type": "application/json",
           "Authorization": "Bearer " + os.environ["ANTHROPIC_AUTH_TOKEN"]}
body = json.dumps({"model": "deepseek-v4-pro", "max_tokens": 4096,
                   "messages": [{"role": "user", "content": "hi"}]}).encode()
seen = []
together = threading.Barrier(40)
def connected():
    connection = http.client.HTTPConnection(base.hostname, base.port, timeout=60)
    connection.connect()
    return connection
def ask(connection):
    connection.request("POST", base.path + "/v1/messages", body, headers)
    with connection.getresponse() as answer:
        said = json.load(answer)
    assert answer.status == 200 or said["type"] == "error"
    seen.append(answer.status)
    connection.close()
ask(connected())
crowd = [connected() for _ in range(40)]
time.sleep(0.5)
def ask_with_all(connection):
    together.wait()
    ask(connection)
threads = [threading.Thread(target=ask_with_all, args=(each,)) for each in crowd]
for each in threads: each.start()
for each in threads: each.join()
assert len(seen) == 41, seen
print(*sorted(set(seen)), sep=" or ", end=", then ")
seen.clear()
ask(connected())
print(*seen)
"""


def records(home: Path) -> list[Path]:
    """The event files of every session."""
    return sorted((home / ".local/state/dsfix/sessions").rglob("events.jsonl"))


def signalled(number: signal.Signals, phase: str) -> Callable[[Scene], Seen]:
    """A row in which dsfix gets a signal while its agent is in a phase."""

    def play(scene: Scene) -> Seen:
        with Simulator.in_thread(Options(delay=0.02 if phase == "end" else 0.3)) as upstream:
            command = ["run", "--upstream", upstream.url, "--", sys.executable, "-c", PHASES, phase]
            process = subprocess.Popen(
                [sys.executable, "-m", "dsfix", *command],
                env=environment(scene.path),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            assert process.stdout is not None
            with process.stdout as out:
                agent, port = map(int, out.readline().split())
                listens = listener(port)
                assert listens
                assert out.readline() == "there\n"
                if phase != "before":
                    wanted = b'"response"' if phase == "end" else b'"request"'
                    wait_until(lambda: wanted in records(scene.path)[0].read_bytes())
                os.kill(process.pid, number)
                code = process.wait(60)
            wait_until(lambda: gone(agent), "the agent's end")
            wait_until(lambda: listener(port) != listens, "the port's end")
            if phase == "stream":
                wait_until(lambda: upstream.hangups, "the upstream's end")
        return Seen(f"ends; exit code {code if code >= 0 else 128 - code}", told(scene.path))

    return play


def told(home: Path) -> str:
    """What the record of the only session says."""
    [path] = records(home)
    record = read(path)
    end = "interrupted" if record.state is EndState.INTERRUPTED else "ended"
    ended = [tells(each.exchange) for each in record.exchanges if each.ended]
    opened = ["begun" for each in record.exchanges if not each.ended]
    return "; ".join([end, *ended, *opened])


def fifty(scene: Scene) -> Seen:
    """Fifty sessions at once in one state directory, each with exchanges to write down."""
    with Simulator.in_thread() as upstream:
        words = ("run", "--upstream", upstream.url, "--", sys.executable, "-c", PHASES, "ask")
        running = [
            subprocess.Popen(
                [sys.executable, "-m", "dsfix", *words],
                env=environment(scene.path),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(50)
        ]
        notes = [each.communicate(timeout=120)[1] for each in running]
    assert not any("note" in each or "Traceback" in each for each in notes), notes
    codes = {each.returncode for each in running}
    listed = dsfix("sessions", "list", "--json", "--limit", "100", home=scene.path)
    states = [each["state"] for each in json.loads(listed.out)["data"]]
    for path in records(scene.path):
        assert [tells(each.exchange) for each in read(path).exchanges] == ["200"] * 3
    for name in ("memory.db", "index.db"):
        with closing(sqlite3.connect(scene.path / ".local/state/dsfix" / name)) as file:
            assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return Seen(
        f"exit code {', '.join(map(str, codes))}",
        f"{len(states)} sessions, {', '.join(sorted(set(states)))}",
    )


def crowd(scene: Scene, most: int = 64) -> Seen:
    """Descriptors for some twenty exchanges, of which there may be `most`, and forty at once."""
    with Simulator.in_thread(Options(delay=0.6)) as upstream:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "dsfix",
                "run",
                "--upstream",
                upstream.url,
                "--",
                sys.executable,
                "-c",
                CROWD,
            ],
            env=environment(scene.path),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=40,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, most)),
        )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    record = read(records(scene.path)[0])
    return Seen(
        done.stdout.strip(), "; ".join(sorted({tells(each.exchange) for each in record.exchanges}))
    )


ONCE = ("messages",)
PHASE_NAMES = {
    "before": "before the first request",
    "stream": "in a stream",
    "end": "after the last answer",
}
RECORD = {"before": "{}", "stream": "{}; 200, cut by the agent", "end": "{}; 200"}


def _signals() -> tuple[Fault, ...]:
    return tuple(
        Fault(
            "process",
            f"dsfix gets {number.name} {PHASE_NAMES[phase]}",
            f"ends; exit code {128 + number}",
            RECORD[phase].format("interrupted" if number is signal.SIGKILL else "ended"),
            signalled(number, phase),
            ONCE,
        )
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
        for phase in PHASE_NAMES
        if phase != "stream" or number is signal.SIGHUP  # the others: tests/test_killed.py
    )


ROWS = (
    *_signals(),
    Fault(
        "process", "fifty sessions write at once", "exit code 0", "50 sessions, ended", fifty, ONCE
    ),
    Fault(
        "process",
        "descriptors run out",
        "200 or 502, then 200",
        "200; 502, `Too many open files`",
        crowd,
        ONCE,
    ),
    Fault(
        "process",
        "the shell gives few descriptors, and allows more",
        "200, then 200",
        "200",
        partial(crowd, most=256),
        ONCE,
    ),
)
