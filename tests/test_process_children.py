"""Agents that start themselves again as a child: what dsfix is told by kill reaches the child."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.pty_session import wait_until

ROOT = Path(__file__).parent.parent
# As Qwen Code does it: the first process only waits for the second, which does the work.
PARENT = """
import os, signal, subprocess, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
child = subprocess.Popen([sys.executable, "-S", "-c", sys.argv[1], *sys.argv[2:]])
sys.exit(child.wait())
"""
WORKER = """
import signal, sys, time
def said(number, frame):
    open(sys.argv[1], "a").write(signal.Signals(number).name + "\\n")
    if number != signal.SIGUSR1:
        sys.exit(7)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
    signal.signal(number, said)
open(sys.argv[1], "a").write("ready\\n")
while True:
    time.sleep(0.05)
"""
# One more child, in a group of its own, as tools and servers of an agent are.
APART = PARENT.replace(
    "sys.exit(child.wait())",
    'own = [*sys.argv[1:2], sys.argv[2] + ".apart"]\n'
    'other = subprocess.Popen([sys.executable, "-S", "-c", *own], process_group=0)\n'
    'open(sys.argv[2] + ".pid", "w").write(str(other.pid))\n'
    "sys.exit(child.wait())",
)
WRAP = """
import os, sys
from dsfix.process import Launch, start
sys.exit(start(Launch(tuple(sys.argv[2:]), os.environ, sys.argv[1] == "True")).wait())
"""


@pytest.fixture
def launched(tmp_path: Path) -> Callable[..., tuple[subprocess.Popen[bytes], Path]]:
    """Starts an agent that re-executes itself, in a session of its own; its log tells signals."""

    def launch(
        parent: str = PARENT, *, reexecutes: bool = True
    ) -> tuple[subprocess.Popen[bytes], Path]:
        log = tmp_path / "log"
        agent = [sys.executable, "-S", "-c", parent, WORKER, str(log)]
        command = [sys.executable, "-c", WRAP, str(reexecutes), *agent]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, env=env, start_new_session=True)
        wait_until(lambda: "ready" in heard(log))
        return process, log

    return launch


def heard(log: Path) -> list[str]:
    """What the worker has written."""
    return log.read_text().split() if log.exists() else []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_reaches_the_child_that_works(launched, number):
    """The child hears what dsfix was told, and the exit code is that of the process it started."""
    process, log = launched()
    process.send_signal(number)
    assert process.wait(60) == 128 + number
    wait_until(lambda: number.name in heard(log))


def test_only_where_the_agent_is_known_to_do_it(launched):
    """Another agent's children are its own business: nothing reaches them."""
    process, log = launched(reexecutes=False)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 128 + signal.SIGTERM
    assert heard(log) == ["ready"]
    os.killpg(process.pid, signal.SIGKILL)


def test_a_child_in_a_group_of_its_own_is_left_alone(launched, tmp_path):
    """A server that the agent keeps does not hear what is meant for the agent."""
    process, log = launched(APART)
    apart = Path(f"{log}.apart")
    wait_until(lambda: "ready" in heard(apart))
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 128 + signal.SIGTERM
    wait_until(lambda: "SIGTERM" in heard(log))
    assert heard(apart) == ["ready"]
    os.kill(int(Path(f"{log}.pid").read_text()), signal.SIGKILL)


def test_a_signal_that_does_not_end_it_is_heard_once(launched):
    """The parent has no handler and is gone; the child has heard it once."""
    process, log = launched()
    process.send_signal(signal.SIGUSR1)
    assert process.wait(60) == 128 + signal.SIGUSR1
    wait_until(lambda: heard(log) == ["ready", "SIGUSR1"])
    os.killpg(process.pid, signal.SIGKILL)
