"""A program in a terminal of its own: type keys, read the screen, look at modes and processes."""

from __future__ import annotations

import fcntl
import os
import select
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

LONG = 60.0  # only a failing test waits that long


def wait_until(holds: Callable[[], object], what: str = "") -> None:
    """Return as soon as `holds()` is true; fail after a long time."""
    deadline = time.monotonic() + LONG
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what or holds}"
        time.sleep(0.01)


class PtySession:
    """A session leader with a controlling terminal; what it prints collects in `screen`."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], **stdio: Any) -> None:
        self.screen = b""
        self._seen = 0
        self.master, self.slave = os.openpty()
        given = {name: stdio.get(name, self.slave) for name in ("stdin", "stdout", "stderr")}
        self.process = subprocess.Popen(
            argv,
            env=env,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0),
            **given,
        )

    def __enter__(self) -> PtySession:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            print(self.screen.decode(errors="replace"))
        self.process.kill()
        self.process.wait()
        os.close(self.master)  # hangs up: what is left in the session gets SIGHUP
        os.close(self.slave)

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def read(self) -> None:
        while select.select([self.master], [], [], 0)[0]:
            self.screen += os.read(self.master, 65536)

    def shows(self, text: str) -> bool:
        """Whether `text` has appeared behind what was last waited for."""
        self.read()
        return text.encode() in self.screen[self._seen :]

    def expect(self, text: str) -> None:
        """Wait until the screen shows `text`, and look only behind it from now on."""
        wait_until(lambda: self.shows(text), f"{text!r} on the screen")
        self._seen = self.screen.index(text.encode(), self._seen) + len(text)

    def modes(self) -> list[Any]:
        return termios.tcgetattr(self.slave)

    def end(self) -> int:
        """Read until the program has ended; its code, negative for a signal."""

        def ended() -> bool:
            code = self.process.poll()
            self.read()  # a terminal nobody reads fills up
            return code is not None

        wait_until(ended, "the end")
        return int(self.process.returncode)


def state_of(pid: int) -> str:
    """The letter of `ps` for a process (T is stopped, Z is dead), or nothing when it is gone."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return found.stdout.strip()[:1]
