"""Keys in a real terminal, at every phase of a run: Ctrl-C, and Ctrl-Z with `fg`."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable

from dsfix.simulator.options import Options
from dsfix.simulator.server import Simulator
from tests.faults.row import Fault, Scene, Seen
from tests.faults.rows_disk import ONCE
from tests.faults.rows_process import PHASE_NAMES, RECORD, records, told
from tests.support.commands import dsfix, environment
from tests.support.ports import listener
from tests.support.pty_session import PtySession, state_of, wait_until
from tests.test_killed import gone

# An agent that goes to a phase, says so, waits for a line, and ends all that it has begun.
KEYED = """
import json, os, sys, urllib.request
url = os.environ["ANTHROPIC_BASE_URL"]
print("agent", os.getpid(), url.split(":")[2].split("/")[0], flush=True)
sys.excepthook = lambda kind, *_: os.kill(os.getpid(), 2) if kind is KeyboardInterrupt else None
def ask():
    body = {"model": "deepseek-v4-pro", "max_tokens": 4096, "stream": True,
            "messages": [{"role": "user", "content": "say something"}]}
    return urllib.request.urlopen(urllib.request.Request(url + "/v1/messages", json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": "Bearer " + os.environ["ANTHROPIC_AUTH_TOKEN"]}), timeout=30)
answer = None if sys.argv[1] == "before" else ask()
if answer:
    answer.readline() if sys.argv[1] == "stream" else answer.read()
print("there", flush=True)
sys.stdin.readline()
if answer is None or b"message_stop" in answer.read() or sys.argv[1] == "end":
    print("all of it", flush=True)
sys.exit(7)
"""
# An agent that ends, and a process that it leaves: a signal to dsfix until that is gone.
AGAIN = """
import os, sys
dsfix, agent = os.getppid(), os.getpid()
if os.fork():
    os._exit(0)
os.close(1)
os.close(2)
while os.getppid() == agent:
    pass
try:
    while True:
        os.kill(dsfix, int(sys.argv[1]))
except ProcessLookupError:
    os._exit(0)
"""


class Terminal(PtySession):
    """A shell in which dsfix runs an agent that has come to a phase."""

    def __init__(self, scene: Scene, upstream: Simulator, phase: str) -> None:
        env = environment(scene.path, PS1="prompt> ", TERM="dumb", HISTFILE="/dev/null")
        super().__init__(["bash", "--norc", "--noprofile", "--noediting", "-i"], env)
        self.expect("prompt> ")
        script = scene.path / "agent.py"
        script.write_text(KEYED, encoding="utf-8")
        words = ("run", "--upstream", upstream.url, "--", sys.executable, str(script), phase)
        self.type(shlex.join([sys.executable, "-m", "dsfix", *words]) + "\n")
        self.expect("agent ")
        self.expect("\n")
        line = self.screen[: self._seen].decode().rpartition("agent ")[2]
        self.agent, self.port = map(int, line.split())
        self._listens = listener(self.port)
        assert self._listens
        self.expect("there")
        if phase != "before":
            wanted = b'"response"' if phase == "end" else b'"request"'
            wait_until(lambda: wanted in records(scene.path)[0].read_bytes())

    def code(self) -> int:
        """The exit code that the shell got, once it has its prompt back and nothing is left."""
        self.expect("prompt> ")
        self.type('echo co""de=$?.\n')
        self.expect("code=")
        self.expect(".")
        wait_until(lambda: gone(self.agent), "the agent's end")
        wait_until(lambda: listener(self.port) != self._listens, "the port's end")
        return int(self.screen[: self._seen].rpartition(b"code=")[2].rstrip(b"."))


def interrupted(phase: str) -> Callable[[Scene], Seen]:
    """A row in which the user presses Ctrl-C."""

    def play(scene: Scene) -> Seen:
        with (
            Simulator.in_thread(Options(delay=0.02 if phase == "end" else 0.3)) as upstream,
            Terminal(scene, upstream, phase) as terminal,
        ):
            terminal.type("\x03")
            code = terminal.code()
            if phase == "stream":
                wait_until(lambda: upstream.hangups, "the upstream's end")
        return Seen(f"ends; exit code {code}", told(scene.path))

    return play


def suspended(phase: str) -> Callable[[Scene], Seen]:
    """A row in which the user presses Ctrl-Z, and later says `fg`."""

    def play(scene: Scene) -> Seen:
        with (
            Simulator.in_thread(Options(delay=0.02 if phase == "end" else 0.1)) as upstream,
            Terminal(scene, upstream, phase) as terminal,
        ):
            terminal.type("\x1a")
            terminal.expect("Stopped")
            terminal.expect("prompt> ")
            wait_until(lambda: state_of(terminal.agent) == "T", "the agent stops")
            terminal.type("fg\n")
            wait_until(lambda: state_of(terminal.agent) != "T", "the agent goes on")
            terminal.type("\n")
            terminal.expect("all of it")
            code = terminal.code()
        return Seen(f"stops, goes on, gets all of it; exit code {code}", told(scene.path))

    return play


def at_the_start(number: signal.Signals) -> Callable[[Scene], Seen]:
    """A row in which the signal comes while dsfix is still starting, at ten moments."""

    def play(scene: Scene) -> Seen:
        codes = set()
        for moment in range(10):
            process = subprocess.Popen(
                [sys.executable, "-m", "dsfix", "run", "--", "sleep", "5"],
                env=environment(scene.path, PYTHONPROFILEIMPORTTIME="1"),
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                text=True, start_new_session=True,
            )  # fmt: skip
            assert process.stderr is not None
            # of a start as long as the machine makes it: so many modules of it are imported
            lines = [process.stderr.readline() for _ in range(100 + 12 * moment)]
            os.kill(process.pid, number)
            said = "".join(lines) + process.communicate(timeout=60)[1]
            assert "Traceback" not in said, said
            codes.add(process.returncode if process.returncode >= 0 else 128 - process.returncode)
        for path in records(scene.path):
            assert path.read_bytes().endswith(b"\n")
        return Seen(f"ends or is not started; exit code {', '.join(map(str, codes))}", "nothing")

    return play


def again(number: signal.Signals) -> Callable[[Scene], Seen]:
    """A row in which a signal comes over and over, from the agent's end to that of dsfix."""

    def play(scene: Scene) -> Seen:
        agent = (sys.executable, "-c", AGAIN, str(int(number)))
        ran = dsfix("run", "--", *agent, home=scene.path)
        assert ran.summary is not None and "exit 0" in ran.err, ran.err
        return Seen(f"ends; exit code {ran.code}; the summary comes", told(scene.path))

    return play


CODE = {"before": 130, "stream": 130, "end": 130}
ROWS = (
    *(
        Fault("process", f"Ctrl-C {PHASE_NAMES[phase]}", f"ends; exit code {CODE[phase]}",
              RECORD[phase].format("ended"), interrupted(phase), ONCE)
        for phase in PHASE_NAMES
    ),
    *(
        Fault("process", f"Ctrl-Z and fg {PHASE_NAMES[phase]}",
              "stops, goes on, gets all of it; exit code 7",
              "ended" if phase == "before" else "ended; 200", suspended(phase), ONCE)
        for phase in PHASE_NAMES
    ),
    Fault("process", "Ctrl-C again when the agent has ended",
          "ends; exit code 0; the summary comes", "ended", again(signal.SIGINT), ONCE),
    *(
        Fault("process", f"{number.name} comes again when the agent has ended",
              "ends; exit code 0; the summary comes", "ended", again(number), ONCE)
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
    ),
    *(
        Fault("process", f"dsfix gets {number.name} while it starts",
              f"ends or is not started; exit code {128 + number}", "nothing",
              at_the_start(number), ONCE)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
    ),
)  # fmt: skip
