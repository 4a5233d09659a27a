"""Start the agent and wait for it as if dsfix were not there.

The agent shares our process group, session and descriptors: one job to the terminal. Signals are
data: a handler does nothing, the number lands on a pipe (set_wakeup_fd), `Child.wait` reads it
and acts. A main thread sitting in waitpid would not wake when another thread takes the signal.

| what happens                       | what we do                                               |
|------------------------------------|----------------------------------------------------------|
| SIGINT, SIGQUIT                    | nothing if the terminal has told the agent, else forward |
| SIGTERM                            | forward; a second one, or 10 s after the first: SIGKILL  |
| SIGHUP, SIGUSR1, SIGUSR2           | forward                                                  |
| ignored when we started (nohup)    | stays ignored, for us and for the agent                  |
| the agent works in a child         | what we forward, the child gets too                      |
| the agent stops                    | stop too, so that the shell gets the terminal back       |
| SIGCONT while the agent is stopped | continue the agent                                       |
| another child of ours ends         | taken: as PID 1 we have all orphans                      |
| the agent ends                     | its code, 128+n for signal n; what it started lives on   |
| any but SIGTERM after that         | nothing, where `wait` is told so: the record is ended    |
| kill -9 of us                      | Linux: the kernel sends the agent SIGTERM                |

After astral-sh/uv `crates/uv/src/child.rs` (issues 6738, 13756: Ctrl-C twice), Yelp/dumb-init,
krallin/tini; without tini's own group: handing the terminal over goes wrong (virtme-ng 453).
"""

from __future__ import annotations

import errno
import os
import resource
import select
import signal
import sys
import termios
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from subprocess import Popen
from typing import Any, Final, NamedTuple

from dsfix import family
from dsfix.errors import AgentNotExecutable, AgentNotFound, LaunchError

NEVER: Final = float("inf")
PATIENCE = 10.0  # seconds from the first SIGTERM to SIGKILL
BOUND = 5.0  # the same for `terminate`
DESCRIPTORS = 4096  # for 2,000 exchanges at once; who opens connections in vain fills no more
REPEAT = 1.0  # coreutils `timeout` signals its child, then the whole group: both are one request

_KEYS: Final = {signal.SIGINT, signal.SIGQUIT}
_FORWARDED: Final = {signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2}
_WATCHED: Final = _KEYS | _FORWARDED | {signal.SIGTERM, signal.SIGCONT, signal.SIGCHLD}


class Launch(NamedTuple):
    """A command with its arguments, and the whole environment it gets.

    `reexecutes`: it works in a child of its own to which it passes no signal on.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    reexecutes: bool = False


def executable(command: str, path: str) -> str:
    """The file that `execvp` would run; AgentNotFound or AgentNotExecutable if there is none."""
    # An empty element of PATH is the current directory (POSIX, 8.3 Other Environment Variables).
    places = [command] if "/" in command else [f"{d or '.'}/{command}" for d in path.split(":")]
    found = [place for place in places if command and os.access(place, os.F_OK)]
    for place in found:
        if Path(place).is_file() and os.access(place, os.X_OK):
            return place
    if not found:
        raise AgentNotFound(f"{command}: not found", hint="install it, or look at PATH")
    raise AgentNotExecutable(f"{found[0]} is not an executable file", hint="see its permissions")


class _Signals:
    """The signals we watch, as numbers to be read; blocked until `mask` is set again."""

    def __init__(self) -> None:
        self.mask = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._wakeup = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self.before: dict[signal.Signals, Any] = {n: signal.getsignal(n) for n in _WATCHED}
        for number, handler in self.before.items():
            # Never SIG_IGN, which exec hands down. SIGCHLD is taken even if it was ignored:
            # the kernel would throw the exit code away.
            if handler is not signal.SIG_IGN or number == signal.SIGCHLD:
                signal.signal(number, lambda number, frame: None)

    def next(self, seconds: float) -> bytes:
        """The signals that came, after at least one has or `seconds` are over."""
        poll = select.poll()
        poll.register(self._reader, select.POLLIN)
        ready = poll.poll(None if seconds == NEVER else max(0.0, seconds * 1000))
        return os.read(self._reader, 4096) if ready else b""

    def restore(self) -> None:
        while self.before:
            number, handler = self.before.popitem()
            # None was set by C code (faulthandler) and cannot be set from Python.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        signal.set_wakeup_fd(self._wakeup)
        os.close(self._reader)
        os.close(self._writer)
        signal.pthread_sigmask(signal.SIG_SETMASK, self.mask)


class _Terminal:
    """The controlling terminal, if there is one, and its modes when we started."""

    def __init__(self) -> None:
        self._fd, self._modes = -1, None
        with suppress(OSError, termios.error):
            self._fd = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
            # Not when piped: in `dsfix run claude -p hi | less` the modes are the pager's.
            if self.group() == os.getpgrp() and os.isatty(0) and os.isatty(1):
                self._modes = termios.tcgetattr(self._fd)

    def group(self) -> int:
        """The foreground group, -1 if none: Ctrl-C goes there even when stdin is a pipe."""
        with suppress(OSError):
            return os.tcgetpgrp(self._fd)
        return -1

    def restore(self) -> None:
        """Undo what a crashed agent left (raw mode, no echo), if the terminal is still ours."""
        # Should the shell take the terminal back just now, SIGTTOU would suspend us.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
        with suppress(OSError, termios.error):
            if self._modes is not None and self.group() == os.getpgrp():
                termios.tcsetattr(self._fd, termios.TCSANOW, self._modes)
            os.close(self._fd)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


class Child:
    """A started agent; each is waited for once, on the main thread."""

    def __init__(
        self, process: Popen[bytes], signals: _Signals, terminal: _Terminal, reexecutes: bool
    ) -> None:
        self.pid: Final = process.pid
        self._reexecutes = reexecutes
        self._process, self._signals, self._terminal = process, signals, terminal
        self._lock = threading.Lock()  # no signal to a pid that has been given up
        self._code: int | None = None
        self._stopped, self._kill_at = 0.0, NEVER  # since when it is stopped; when to kill it

    def wait(self, *, deaf: bool = False) -> int:
        """Pass signals on until the agent ends; the code to exit with, 128+n for signal n.

        `deaf`: what a terminal sends, or was for the agent, does nothing from then on. Ctrl-C is
        often pressed twice, and shell and kernel both tell that a window was closed: the second
        would cost the record's end.
        """
        try:
            while (code := self._code) is None:
                self._act(self._signals.next(self._kill_at - time.monotonic()))
            if deaf:
                self._signals.before |= dict.fromkeys(_KEYS | _FORWARDED, signal.SIG_IGN)
            return code
        finally:
            self._signals.restore()
            self._terminal.restore()

    def terminate(self) -> None:
        """End the agent: SIGTERM, up to 5 s, SIGKILL. From any thread; `wait` still follows."""
        self._send(signal.SIGTERM)
        self._send(signal.SIGCONT)  # a stopped process acts on SIGTERM only once continued
        deadline = time.monotonic() + BOUND
        while not self._ended() and time.monotonic() < deadline:
            time.sleep(0.02)
        self._send(signal.SIGKILL)

    def _act(self, numbers: bytes) -> None:
        known = self._stopped
        self._ended(os.WUNTRACED | os.WCONTINUED)
        family.reap(self.pid)
        now, told = time.monotonic(), False
        with suppress(ProcessLookupError):
            told = self._terminal.group() == os.getpgrp() == os.getpgid(self.pid)
        for number in numbers:
            # Ctrl-C in the terminal went to the whole foreground group.
            if number in _FORWARDED or (number in _KEYS and not told):
                self._send(number)
            elif number == signal.SIGTERM and self._kill_at == NEVER:
                self._kill_at = now + PATIENCE
                self._send(number)
            elif number == signal.SIGTERM and now > self._kill_at - PATIENCE + REPEAT:
                self._kill_at = now
        if now >= self._kill_at:
            self._kill_at = NEVER
            self._send(signal.SIGKILL)
        if self._stopped and signal.SIGCONT in numbers and known in (0.0, self._stopped):
            self._send(signal.SIGCONT)  # unless it was continued and has stopped again since
        elif self._stopped:
            # In raw mode Ctrl-Z is a key, and programs stop only themselves. Not SIGSTOP: SIGTSTP
            # is dropped where no shell could continue us. Not kill: this thread must stop here.
            signal.raise_signal(signal.SIGTSTP)

    def _send(self, number: int) -> None:
        # PermissionError: sudo and the like, which the terminal may signal and we may not.
        with self._lock, suppress(ProcessLookupError, PermissionError):
            if self._code is None:
                # Looked up first: once the agent is dead, nobody knows whose child it was.
                workers = family.children(self.pid) if self._reexecutes else []
                os.kill(self.pid, number)
                for worker in workers:
                    os.kill(worker, number)

    def _ended(self, options: int = 0) -> bool:
        with self._lock:
            while self._code is None:
                pid, status = os.waitpid(self.pid, options | os.WNOHANG)
                if pid == 0:
                    return False
                self._stopped = time.monotonic() if os.WIFSTOPPED(status) else 0.0
                if os.WIFEXITED(status) or os.WIFSIGNALED(status):
                    code = os.waitstatus_to_exitcode(status)
                    self._code = code if code >= 0 else 128 - code
                    self._process.returncode = code
        return True


def start(launch: Launch) -> Child:
    """Start the agent; on the main thread, before any other thread is started.

    The fork runs Python until it execs, and another thread's locks would stay locked there; the
    death that Linux reports is the forking thread's.
    """
    path = executable(launch.argv[0], launch.env.get("PATH", os.defpath))
    prctl: Any = None
    if sys.platform == "linux":
        import ctypes

        prctl = ctypes.CDLL(None).prctl
    terminal, signals, parent = _Terminal(), _Signals(), os.getpid()

    def prepare() -> None:
        for number, handler in signals.before.items():
            signal.signal(number, handler if handler is signal.SIG_IGN else signal.SIG_DFL)
        if prctl is not None:
            prctl(1, 15, 0, 0, 0)  # PR_SET_PDEATHSIG, SIGTERM
            # Not compared with 1: an orphan may go to a subreaper (containers/bubblewrap 700).
            if os.getppid() != parent:
                os._exit(128 + signal.SIGTERM)
        signal.pthread_sigmask(signal.SIG_SETMASK, signals.mask)

    # First launch of /bin/true, median of 25 fresh interpreters with typer loaded, on 2 cores:
    # bare fork and exec 3.2 ms, this 3.2, with ctypes for prctl 5.1 (8.3 if the child imports it);
    # posix_spawn 1.0, without parent death. Typer imports subprocess (3.7 ms) anyway.
    try:
        process = Popen(launch.argv, 0, path, env=launch.env, close_fds=False, preexec_fn=prepare)
    except (OSError, ValueError) as error:
        signals.restore()
        terminal.restore()
        raise _refusal(path, error) from error
    # SIGCHLD is let in even if it was blocked before us: `wait` needs it.
    signal.pthread_sigmask(signal.SIG_SETMASK, signals.mask - {signal.SIGCHLD})
    return Child(process, signals, terminal, launch.reexecutes)


def stretch() -> None:
    """Allow us as many descriptors as we may have; an exchange that is under way takes two.

    Shells give 256 on macOS, 1024 on Linux. Once the agent is started, which keeps what it was
    given: a program that uses select(2) fails with more.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(OSError, ValueError):  # macOS may allow less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def shut() -> None:
    """Let nobody but root look into us: the agent would find the key in /proc/PID/environ.

    Nor does the system dump our memory to a file. What we start is open again (prctl(2), Linux).
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE


def _refusal(path: str, error: OSError | ValueError) -> LaunchError:
    if isinstance(error, ValueError) or error.filename is None:
        return LaunchError(f"cannot start {path}: {error}")
    if error.errno == errno.ENOENT:
        hint = "see its first line (#!), or how it was built"
        return AgentNotExecutable(f"{path}: its interpreter is missing", hint=hint)
    hint = "a script starts with #!" if error.errno == errno.ENOEXEC else "look at the file"
    return AgentNotExecutable(f"{path}: {error.strerror}", hint=hint)
