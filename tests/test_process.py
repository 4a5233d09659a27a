"""The launcher's promises about processes, with real children and real terminals."""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dsfix.errors import AgentNotExecutable, AgentNotFound
from dsfix.process import executable
from tests.support.pty_session import PtySession, state_of, wait_until

SUPPORT = Path(__file__).parent / "support"
PYTHON = (sys.executable, "-S")  # nothing here needs site-packages, and most of the time is start
ENV = {
    "PATH": os.environ["PATH"],
    "PYTHONPATH": str(Path(__file__).parent.parent),
    "PYTHONDONTWRITEBYTECODE": "1",
    "PS1": "prompt> ",
    "TERM": "dumb",
    "HISTFILE": "/dev/null",
}
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs prctl or /proc")


def wrapped(*command: str, **options: object) -> list[str]:
    """The command line that runs `command` through dsfix.process."""
    words = [f"{name}={value}" for name, value in options.items()]
    return [*PYTHON, str(SUPPORT / "wrap.py"), *words, "--", *command]


def shell_words(words: list[str]) -> str:
    return " ".join(f"'{word}'" for word in words)


def run(*command: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run `command` through dsfix.process to its end, without a terminal."""
    return subprocess.run(
        wrapped(*command, **options),
        env=ENV,
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=60,
    )


class Agent:
    """print_signals.py, seen through its log."""

    def __init__(self, log: Path) -> None:
        self.log = log

    def command(self, *words: str) -> list[str]:
        return [*PYTHON, str(SUPPORT / "print_signals.py"), str(self.log), *words]

    def lines(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def said(self, line: str, times: int = 1) -> None:
        wait_until(lambda: self.lines().count(line) >= times, line)

    def ready(self) -> tuple[int, int]:
        """Its pid and its parent's, which is the launcher's, once it has started."""
        wait_until(lambda: any(line.startswith("ready") for line in self.lines()), "ready")
        _, pid, parent = self.lines()[0].split()
        return int(pid), int(parent)

    def heard(self) -> list[str]:
        return [line for line in self.lines()[1:] if line != "SIGCONT"]


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    agent = Agent(tmp_path / "log")
    yield agent
    if agent.lines():
        pid, parent = agent.ready()
        for left in (pid, parent):
            with suppress(ProcessLookupError):  # it may end by itself just now
                if state_of(left) not in ("", "Z"):
                    os.kill(left, signal.SIGKILL)


Launch = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def launch() -> Iterator[Launch]:
    """Start a launcher without a terminal; killed at the end."""
    started = []

    def go(argv: list[str], **more: Any) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(argv, env=ENV, start_new_session=True, **more))
        return started[-1]

    yield go
    for process in started:
        process.kill()
        process.wait()


# --- what the agent inherits ---------------------------------------------------------------------

FACTS = """
import json, os
print(json.dumps([os.getpgrp(), os.getsid(0), os.getppid(), sorted(os.listdir("/dev/fd"))]))
"""


def test_the_agent_shares_our_group_and_session() -> None:
    """The agent is in the launcher's process group and session."""
    group, session, parent, _ = json.loads(run(*PYTHON, "-c", FACTS).stdout)
    assert group == session == parent


def test_the_agent_gets_the_descriptors_we_were_given(launch: Launch, tmp_path: Path) -> None:
    """Standard streams and a further descriptor reach the agent; none of ours does."""
    plain, through = (tmp_path / "plain").open("w+"), (tmp_path / "through").open("w+")
    command = [*PYTHON, "-c", FACTS]
    for argv, out in ((command, plain), (wrapped(*command), through)):
        stdio = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": out}
        assert launch(argv, pass_fds=[plain.fileno()], **stdio).wait() == 0
    facts = [json.loads(Path(file.name).read_text())[3] for file in (plain, through)]
    plain.close()
    through.close()
    assert facts[0] == facts[1]


@linux
@pytest.mark.parametrize("ignored", ["", "HUP", "HUP INT QUIT", "CHLD TERM"])
def test_the_agent_starts_with_the_signals_we_started_with(ignored: str) -> None:
    """What was ignored before us stays ignored, and nothing else is; the mask is the same."""
    show = ["grep", "^Sig[BIC][lgg]", "/proc/self/status"]
    trap = f"trap '' {ignored}; " if ignored else ""
    shown = [
        subprocess.run(
            ["sh", "-c", f"{trap}exec {shell_words(argv)}"],
            env=ENV,
            capture_output=True,
            text=True,
            start_new_session=True,
        ).stdout
        for argv in (show, wrapped(*show))
    ]
    assert "SigIgn" in shown[0]
    assert shown[1] == shown[0]


def test_our_own_signal_state_is_as_before(tmp_path: Path) -> None:
    """Handlers, wake-up descriptor, mask and open descriptors are put back after the wait."""
    report = tmp_path / "report"
    with PtySession(wrapped("true", report=report), ENV) as session:
        assert session.end() == 0
    assert ast.literal_eval(report.read_text()) == {}


def test_our_own_signal_state_is_as_before_a_failed_start(tmp_path: Path) -> None:
    """Everything is put back when the agent could not be started."""
    report, script = tmp_path / "report", tmp_path / "script"
    script.write_text("no first line")
    script.chmod(0o755)
    assert run(str(script), report=report).returncode == 126
    assert ast.literal_eval(report.read_text()) == {}


def test_a_signal_ignored_before_us_is_not_forwarded(agent: Agent, launch: Launch) -> None:
    """Under nohup, SIGHUP neither ends the launcher nor reaches the agent."""
    argv = shell_words(wrapped(*agent.command()))
    wrapper = launch(["sh", "-c", f"trap '' HUP; exec {argv}"])
    agent.ready()
    wrapper.send_signal(signal.SIGHUP)
    wrapper.terminate()
    assert wrapper.wait() == 7
    assert agent.heard() == ["SIGTERM"]


# --- signals -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGQUIT"])
def test_without_a_terminal_every_signal_is_forwarded(
    name: str, agent: Agent, launch: Launch
) -> None:
    """A supervisor's signal to the launcher reaches the agent once."""
    wrapper = launch(wrapped(*agent.command()))
    agent.ready()
    wrapper.send_signal(getattr(signal, name))
    agent.said(name)
    wrapper.terminate()
    assert wrapper.wait() == 7
    assert agent.heard() == [name, "SIGTERM"]


@pytest.mark.parametrize(("key", "name"), [("\x03", "SIGINT"), ("\x1c", "SIGQUIT")])
@pytest.mark.parametrize("stdin", ["terminal", "pipe"])
def test_a_key_in_the_terminal_reaches_the_agent_once(
    key: str, name: str, stdin: str, agent: Agent
) -> None:
    """Ctrl-C is the terminal's to deliver, also when the prompt comes through a pipe."""
    stdio = {} if stdin == "terminal" else {"stdin": subprocess.DEVNULL}
    with PtySession(wrapped(*agent.command()), ENV, **stdio) as session:
        _, wrapper = agent.ready()
        for times in range(1, 6):  # two of a kind may melt into one: not five times
            session.type(key)
            agent.said(name, times)
            os.kill(wrapper, signal.SIGUSR1)  # passed on behind whatever is under way
            agent.said("SIGUSR1", times)
        os.kill(wrapper, signal.SIGTERM)
        assert session.end() == 7
    assert agent.heard() == [name, "SIGUSR1"] * 5 + ["SIGTERM"]


def test_in_the_background_an_interrupt_is_forwarded(agent: Agent) -> None:
    """A SIGINT to a background job cannot be the terminal's, so it is passed on."""
    with bash() as session:
        session.type(f"{shell_words(wrapped(*agent.command()))} &\n")
        _, wrapper = agent.ready()
        os.kill(wrapper, signal.SIGINT)
        agent.said("SIGINT")
        os.kill(wrapper, signal.SIGTERM)
        agent.said("SIGTERM")


def test_an_agent_in_a_group_of_its_own_gets_the_interrupt(agent: Agent) -> None:
    """The terminal does not tell an agent that has left our group, so we do."""
    with PtySession(wrapped("setsid", *agent.command()), ENV) as session:
        pid, _ = agent.ready()
        assert os.getpgid(pid) != session.process.pid
        os.kill(session.process.pid, signal.SIGINT)
        agent.said("SIGINT")
        os.kill(session.process.pid, signal.SIGTERM)
        assert session.end() == 7


def test_a_stubborn_agent_is_killed_after_a_while(agent: Agent, launch: Launch) -> None:
    """An agent that stays on SIGTERM is killed when the patience is over."""
    wrapper = launch(wrapped(*agent.command("stubborn"), patience=0.3))
    agent.ready()
    wrapper.terminate()
    assert wrapper.wait() == 128 + signal.SIGKILL
    assert agent.heard() == ["SIGTERM"]


def test_a_second_sigterm_kills(agent: Agent, launch: Launch) -> None:
    """Whoever asks again, a second or more later, gets SIGKILL for the agent."""
    wrapper = launch(wrapped(*agent.command("stubborn"), patience=1000))
    agent.ready()
    wrapper.terminate()

    def asked_again() -> bool:
        wrapper.terminate()
        return wrapper.poll() is not None

    wait_until(asked_again)
    assert wrapper.returncode == 128 + signal.SIGKILL


def test_two_sigterm_at_once_are_one_request(agent: Agent, launch: Launch) -> None:
    """The agent may tidy up when `timeout` signals its child and then the whole group."""
    wrapper = launch(wrapped(*agent.command("slow")))
    agent.ready()
    wrapper.terminate()
    agent.said("SIGTERM")
    wrapper.terminate()
    assert wrapper.wait() == 7
    assert agent.heard() == ["SIGTERM", "tidied up"]


@pytest.mark.parametrize("again", range(3))
def test_a_signal_that_another_thread_takes_is_passed_on(
    again: int, agent: Agent, launch: Launch
) -> None:
    """With a loop in a second thread, a signal that this thread takes still wakes the launcher."""
    wrapper = launch(wrapped(*agent.command(), thread=agent.log))
    agent.said("SIGUSR1")
    wrapper.terminate()
    assert wrapper.wait() == 7


def test_a_failed_proxy_ends_the_agent(agent: Agent, launch: Launch) -> None:
    """`terminate` from a second thread asks the agent to end, and the wait returns its code."""
    assert launch(wrapped(*agent.command(), fail=agent.log)).wait() == 7
    assert agent.heard() == ["SIGTERM"]


def test_a_failed_proxy_ends_a_stubborn_agent(agent: Agent, launch: Launch) -> None:
    """`terminate` kills an agent that stays on SIGTERM."""
    wrapper = launch(wrapped(*agent.command("stubborn"), fail=agent.log, bound=0.3))
    assert wrapper.wait() == 128 + signal.SIGKILL


# --- job control ---------------------------------------------------------------------------------


def bash() -> PtySession:
    session = PtySession(["bash", "--norc", "--noprofile", "--noediting", "-i"], ENV)
    session.expect("prompt> ")
    return session


@pytest.mark.parametrize("words", [["keys"], ["raw"], ["raw", "sigstop"]], ids=" ".join)
def test_ctrl_z_gives_the_prompt_back_and_fg_resumes(words: list[str], agent: Agent) -> None:
    """Ctrl-Z, prompt, `fg`, twice, whether the terminal or the agent itself does the stopping."""
    resumed = "back" if "raw" in words else "SIGCONT"
    with bash() as session:
        session.type(f"{shell_words(wrapped(*agent.command(*words)))}\n")
        pid, wrapper = agent.ready()
        for _ in range(2):
            session.type("\x1a")
            session.expect("Stopped")
            session.expect("prompt> ")
            assert (state_of(pid), state_of(wrapper)) == ("T", "T")
            before = agent.lines().count(resumed)
            session.type("fg\n")
            agent.said(resumed, before + 1)
        session.type("q" if "raw" in words else "q\n")
        session.expect("prompt> ")
        session.type("echo code=$?\n")
        session.expect("code=7")


def test_continuing_only_us_continues_the_agent(agent: Agent) -> None:
    """SIGCONT to the launcher alone, not to its group, continues the agent too."""
    with bash() as session:
        session.type(f"{shell_words(wrapped(*agent.command()))}\n")
        pid, wrapper = agent.ready()
        os.kill(pid, signal.SIGSTOP)
        session.expect("prompt> ")
        assert (state_of(pid), state_of(wrapper)) == ("T", "T")
        os.kill(wrapper, signal.SIGCONT)
        wait_until(lambda: state_of(pid) == "S")
        os.kill(wrapper, signal.SIGTERM)
        agent.said("SIGTERM")


@linux
def test_a_stop_after_the_resume_is_a_new_stop(agent: Agent) -> None:
    """An agent that stopped again before we could look is not continued, but followed."""

    def waits_in_vain(pid: int) -> bool:
        pending = re.search(r"ShdPnd:\s*(\w+)", Path(f"/proc/{pid}/status").read_text())
        return pending is not None and int(pending[1], 16) != 0

    with bash() as session:
        session.type(f"{shell_words(wrapped(*agent.command()))}\n")
        pid, wrapper = agent.ready()
        os.kill(pid, signal.SIGSTOP)
        session.expect("prompt> ")
        os.kill(pid, signal.SIGCONT)
        agent.said("SIGCONT")
        os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: state_of(pid) == "T")
        os.kill(wrapper, signal.SIGUSR1)
        os.kill(wrapper, signal.SIGCONT)
        wait_until(lambda: waits_in_vain(pid), "SIGUSR1 passed on to a stopped agent")
        assert state_of(pid) == "T"
        session.type("fg\n")
        agent.said("SIGUSR1")
        os.kill(wrapper, signal.SIGTERM)
        agent.said("SIGTERM")


def test_a_stop_in_the_background_is_resumed_by_fg(agent: Agent) -> None:
    """A shell continues only jobs that it has seen stop, so the launcher stops there too."""
    with bash() as session:
        session.type(f"{shell_words(wrapped(*agent.command()))} &\n")
        pid, wrapper = agent.ready()
        os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: state_of(wrapper) == "T")
        session.type("fg\n")
        agent.said("SIGCONT")
        os.kill(wrapper, signal.SIGTERM)
        agent.said("SIGTERM")


def test_without_a_terminal_we_do_not_stop(agent: Agent, launch: Launch) -> None:
    """Under a supervisor the proxy goes on while the agent is stopped."""
    wrapper = launch(wrapped(*agent.command()))
    pid, _ = agent.ready()
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: state_of(pid) == "T")
    wrapper.send_signal(signal.SIGUSR1)
    os.kill(pid, signal.SIGCONT)
    for name in ("SIGUSR1", "SIGUSR2", "SIGTERM"):
        wrapper.send_signal(getattr(signal, name))
        agent.said(name)
    assert wrapper.wait() == 7


def test_where_no_shell_could_continue_us_we_do_not_stop(agent: Agent) -> None:
    """As the first process of a terminal, the launcher goes on when the agent stops."""
    with PtySession(wrapped(*agent.command()), ENV) as session:
        pid, wrapper = agent.ready()
        os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: state_of(pid) == "T")
        os.kill(wrapper, signal.SIGUSR1)
        assert state_of(wrapper) in "SR"
        os.kill(wrapper, signal.SIGCONT)
        wait_until(lambda: state_of(pid) == "S")
        os.kill(wrapper, signal.SIGTERM)
        assert session.end() == 7


# --- the end -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -9 $$", 137), ("kill -15 $$", 143)],
)
def test_the_exit_code_is_the_agents(script: str, code: int) -> None:
    """Its own code, or 128+n when a signal ended it."""
    assert run("sh", "-c", script).returncode == code


def ignore() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def block() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})


@pytest.mark.parametrize("spoil", [ignore, block])
def test_the_exit_code_survives_a_careless_parent(
    spoil: Callable[[], None], launch: Launch
) -> None:
    """The code is right even when we were started with SIGCHLD ignored or blocked."""
    assert launch(wrapped("sh", "-c", "exit 7"), preexec_fn=spoil).wait(30) == 7


@pytest.fixture
def bad_files(tmp_path: Path) -> Path:
    (tmp_path / "directory").mkdir()
    for name, text, mode in (
        ("plain", "#!/bin/sh\n", 0o644),
        ("headless", "exit 0\n", 0o755),
        ("lost", "#!/no/such/interpreter\n", 0o755),
        ("good", "#!/bin/sh\nexit 5\n", 0o755),
    ):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(mode)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("missing", 127, "not found"),
        ("plain", 126, "not an executable file"),
        ("directory", 126, "not an executable file"),
        ("headless", 126, "Exec format error"),
        ("lost", 126, "interpreter is missing"),
        ("plain/inside", 127, "not found"),
        ("good", 5, ""),
    ],
)
def test_what_cannot_be_started_has_a_code_and_a_reason(
    name: str, code: int, message: str, bad_files: Path
) -> None:
    """127 when there is nothing of that name, 126 when it cannot be executed."""
    done = run(str(bad_files / name))
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_is_searched_as_execvp_does(bad_files: Path) -> None:
    """First executable file in PATH order; an empty element is the current directory."""
    bin_dir = bad_files / "directory" / "bin"
    bin_dir.mkdir()
    (bin_dir / "plain").write_text("#!/bin/sh\n")
    (bin_dir / "plain").chmod(0o755)
    path = f"/no/such/dir:{bad_files}:{bin_dir}"
    assert executable("good", path) == f"{bad_files}/good"
    assert executable("plain", path) == f"{bin_dir}/plain", "the one without permission is passed"
    assert executable(f"{bad_files}/good", "") == f"{bad_files}/good"
    with pytest.raises(AgentNotExecutable, match="directory"):
        executable("directory", path)
    for missing in ("nothing", ""):
        with pytest.raises(AgentNotFound) as caught:
            executable(missing, path)
        assert caught.value.hint


def test_an_empty_element_of_path_is_the_current_directory(
    bad_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`PATH=/bin:` finds what is in the current directory."""
    monkeypatch.chdir(bad_files)
    assert executable("good", "/no/such/dir:") == "./good"


@linux
def test_killing_us_ends_the_agent(agent: Agent, launch: Launch) -> None:
    """After kill -9 of the launcher the agent gets SIGTERM."""
    wrapper = launch(wrapped(*agent.command()))
    agent.ready()
    wrapper.kill()
    agent.said("SIGTERM")


@linux
def test_an_agent_that_comes_too_late_does_not_start() -> None:
    """When the launcher is killed before the agent could ask to be told, nothing runs."""
    done = run("echo", "started", early=1)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "")


def test_what_the_agent_started_lives_on() -> None:
    """A server that the agent left behind is neither killed nor waited for."""
    done = run("sh", "-c", "sleep 60 >/dev/null 2>&1 & echo $!")
    left = int(done.stdout)
    assert done.returncode == 0
    assert state_of(left) in "SR"
    os.kill(left, signal.SIGKILL)


@linux
def test_an_orphan_that_became_ours_is_taken() -> None:
    """Whoever left it to us: as PID 1 of a container we have all of them, and none stays a zombie."""
    agent = wrapped("timeout", "10", "sh", "-c", "while test -e /proc/$0; do sleep 0.1; done")
    script = 'sleep 2 & exec "$@" $!'
    assert subprocess.run(["sh", "-c", script, "sh", *agent], env=ENV).returncode == 0


# --- the terminal's modes ------------------------------------------------------------------------

CRASH = "stty raw -echo; kill -9 $$"


def test_a_crashed_agent_leaves_a_sane_terminal() -> None:
    """Raw mode that an agent left behind is undone."""
    with PtySession(wrapped("sh", "-c", CRASH), ENV) as session:
        before = session.modes()
        assert session.end() == 137
        assert session.modes() == before


def test_the_modes_of_a_pager_are_left_alone() -> None:
    """With stdout in a pipe, the terminal's modes belong to who reads the pipe."""
    reader, writer = os.pipe()
    with PtySession(wrapped("sh", "-c", CRASH), ENV, stdout=writer) as session:
        before = session.modes()
        assert session.end() == 137
        assert session.modes() != before
    os.close(reader)
    os.close(writer)


def test_the_modes_of_another_job_are_left_alone(agent: Agent) -> None:
    """A launcher that ends in the background leaves the terminal to the foreground."""
    with bash() as session:
        session.type(f"{shell_words(wrapped(*agent.command('keys')))}\n")
        _, wrapper = agent.ready()
        session.type("\x1a")
        session.expect("prompt> ")
        session.type("bg; stty susp ^T; echo set=$?\n")
        session.expect("set=0")
        os.kill(wrapper, signal.SIGTERM)
        wait_until(lambda: state_of(wrapper) == "", "the launcher's end")
        assert session.modes()[6][termios.VSUSP] == b"\x14"
