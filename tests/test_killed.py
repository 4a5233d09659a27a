"""dsfix killed in the middle of a stream: what is left is readable, and nothing lives on."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from dsfix.record.reader import read
from dsfix.record.sessions import EndState
from dsfix.simulator.options import Options
from dsfix.simulator.server import Simulator
from tests.support.commands import dsfix, environment
from tests.support.ports import listener
from tests.support.pty_session import wait_until

# An agent that tells its pid and port, reads a stream, and would then wait for ever.
STREAM = """
import json, os, sys, time, urllib.request
url = os.environ["ANTHROPIC_BASE_URL"]
print(os.getpid(), url.split(":")[2].split("/")[0], flush=True)
body = {"model": "deepseek-v4-pro", "max_tokens": 4096, "stream": True,
        "messages": [{"role": "user", "content": "say something"}]}
request = urllib.request.Request(url + "/v1/messages", json.dumps(body).encode(),
    {"Content-Type": "application/json", "Authorization": "Bearer " + os.environ["ANTHROPIC_AUTH_TOKEN"]})
answer = urllib.request.urlopen(request, timeout=30)
print(answer.readline().decode().strip(), flush=True)
time.sleep(60)
"""


def gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_kill_9_in_the_middle_of_a_stream(tmp_path: Path) -> None:
    """The record up to there is read back, the agent is told, the port is gone, nothing hangs."""
    home = tmp_path / "someone"
    home.mkdir()
    env = environment(home)
    with Simulator.in_thread(Options(delay=0.3)) as upstream:
        command = ["run", "--upstream", upstream.url, "--", sys.executable, "-c", STREAM]
        process = subprocess.Popen(
            [sys.executable, "-m", "dsfix", *command], env=env, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        agent, port = map(int, process.stdout.readline().split())
        listens = listener(port)
        assert listens
        assert process.stdout.readline().startswith("event: message_start")
        records = home / ".local/state/dsfix/sessions"
        wait_until(
            lambda: any('"request"' in each.read_text() for each in records.rglob("events.jsonl"))
        )
        os.kill(process.pid, signal.SIGKILL)
        process.wait(60)
        process.stdout.close()
        wait_until(lambda: gone(agent))
        wait_until(lambda: listener(port) != listens)
        wait_until(lambda: upstream.hangups > 0)
    [events] = records.rglob("events.jsonl")
    for line in events.read_text(encoding="utf-8").splitlines():
        assert json.loads(line)["v"] == 1
    shown = dsfix("sessions", "show", "last", "--messages", home=home)
    assert shown.code == 0, shown.err
    assert "interrupted" in shown.out
    assert "say something" in shown.out
    listed = json.loads(dsfix("sessions", "list", "--json", home=home).out)
    assert len(listed["data"]) == 1


def test_sigterm_reaches_the_agent_and_ends_everything(tmp_path: Path) -> None:
    """A supervisor's TERM is passed on, and the summary still comes."""
    home = tmp_path / "someone"
    home.mkdir()
    with Simulator.in_thread(Options(delay=0.2)) as upstream:
        command = ["run", "--upstream", upstream.url, "--", sys.executable, "-c", STREAM]
        process = subprocess.Popen(
            [sys.executable, "-m", "dsfix", *command],
            env=environment(home),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        agent, port = map(int, process.stdout.readline().split())
        listens = listener(port)
        assert listens
        process.stdout.readline()
        os.kill(process.pid, signal.SIGTERM)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 143
        assert "exchanges" in told
        assert gone(agent)
        assert listener(port) != listens


# An agent that reads whole streams until it is ended, and prints when it had each.
BUSY = """
import json, os, sys, time, urllib.request
sys.excepthook = lambda *_: None  # an endpoint that is gone is no news here
print(os.getpid(), flush=True)
messages = []
for number in range(1000):
    messages.append({"role": "user", "content": "say something"})
    body = {"model": "deepseek-v4-pro", "max_tokens": 4096, "stream": True, "messages": messages}
    request = urllib.request.Request(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": "Bearer " + os.environ["ANTHROPIC_AUTH_TOKEN"]})
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()
    messages.append({"role": "assistant", "content": "something"})
    print(time.monotonic(), flush=True)
"""
BEHIND = 0.5  # seconds that a record may be behind what an agent has
MOMENTS = int(os.environ.get("DSFIX_KILLS") or 8)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_kill_9_at_any_moment(tmp_path: Path) -> None:
    """Every whole event is read back, the agent is gone, and the next start finds all in order.

    DSFIX_KILLS=200 for so many moments, other ones each time.
    """
    dice = random.Random(None if "DSFIX_KILLS" in os.environ else 1)
    with Simulator.in_thread(Options(delay=0.002)) as upstream:
        for number in range(MOMENTS):
            _killed(tmp_path, upstream.url, dice.uniform(0.0, 1.5), running=number % 2 == 1)
    records = sorted((tmp_path / ".local/state/dsfix").rglob("events.jsonl"))
    for path in records:
        check_whole(path)
    after = dsfix("run", "--", "true", home=tmp_path)
    assert (after.code, "note" in after.err) == (0, False), after.err
    listed = json.loads(dsfix("sessions", "list", "--json", "--limit", "999", home=tmp_path).out)
    states = [each["state"] for each in listed["data"]]
    assert sorted(set(states[1:])) == ["interrupted"] and states[0] == "ended"
    assert len(states) == len(records) + 1
    for name in ("memory.db", "index.db"):
        with closing(sqlite3.connect(tmp_path / ".local/state/dsfix" / name)) as file:
            assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def _killed(home: Path, url: str, after: float, *, running: bool) -> None:
    """One run that is killed so many seconds after its start, or its agent's if that is `running`.

    Told is what the agent had by then.
    """
    before = set(home.rglob("events.jsonl"))
    command = ["run", "--upstream", url, "--", sys.executable, "-c", BUSY]
    process = subprocess.Popen(
        [sys.executable, "-m", "dsfix", *command],
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    first = process.stdout.readline() if running else ""
    time.sleep(after)
    killed = time.monotonic()
    process.kill()
    rest, wrong = process.communicate(timeout=60)  # their end is the agent's end too
    told = first + rest
    assert "Traceback" not in wrong, wrong
    agent, *answers = told.split() or ["0"]
    wait_until(lambda: agent == "0" or gone(int(agent)))
    made = set(home.rglob("events.jsonl")) - before
    recorded = [each for path in made for each in read(path).exchanges if each.ended]
    assert len(recorded) >= sum(float(each) < killed - BEHIND for each in answers), (after, told)


def check_whole(path: Path) -> None:
    """Each line but a cut last one is an event, in order, and the reader takes them all."""
    *lines, _ = path.read_bytes().split(b"\n")
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, len(lines) + 1))
    record = read(path)
    assert record.state is EndState.INTERRUPTED
    ended = sum(json.loads(line)["type"] == "response" for line in lines)
    assert sum(each.ended for each in record.exchanges) == ended
    for each in record.exchanges:
        said = record.messages(each)
        assert len(said) == each.messages and None not in said
