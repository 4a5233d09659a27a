"""A real `dsfix run`, in front of an agent that only holds it open."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType

from benchmarks import gauge
from tests.support.commands import environment
from tests.support.ports import listener

MARK = "DSFIX_SOAK"  # in the environment of all that is started
_HOLD = (
    "import os, sys; print(*map(os.environ.get, ('ANTHROPIC_BASE_URL', 'ANTHROPIC_AUTH_TOKEN',"
    " 'DSFIX_SESSION')), flush=True); sys.stdin.read()"
)
ENDS = 20.0  # seconds that it may take to end


class Proxy:
    """One session. `place` has its home, its state and its temporary files; others share it."""

    def __init__(self, upstream: str, place: Path) -> None:
        env = environment(
            place / "home",
            DSFIX_STATE_DIR=str(place / "state"),
            TMPDIR=str(place / "tmp"),
            DSFIX_DEBUG="1",  # its descriptors are counted from outside
            **{MARK: str(place)},
        )
        self._errors = (place / "errors").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dsfix", "run", "-q", "--upstream", upstream,
             "--", sys.executable, "-c", _HOLD],
            env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True,
        )  # fmt: skip
        self._lock = threading.Lock()
        self.sent = 0  # requests
        self.answered: list[int] = []  # their statuses, of those that were answered

    def __enter__(self) -> Proxy:
        assert self._process.stdout is not None
        url, self.token, self.id = self._process.stdout.readline().split()
        port, _, path = url.removeprefix("http://127.0.0.1:").partition("/")
        self.port, self.root = int(port), "/" + path.removesuffix("/anthropic")
        self._listens = listener(self.port)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        process = self._process
        assert process.stdin and process.stdout
        process.stdin.close()
        code = process.wait(ENDS)
        process.stdout.close()
        self._errors.close()
        assert code == 0, f"dsfix ended with {code}"
        assert listener(self.port) != self._listens, "the port is still there"

    def count(self, status: int | None = None) -> None:
        """Count a request, or the status of an answer."""
        with self._lock:
            if status is None:
                self.sent += 1
            else:
                self.answered.append(status)

    def holds(self) -> dict[str, float]:
        """MB, threads and descriptors."""
        pid = self._process.pid
        return {
            "MB": gauge.resident(pid),
            "threads": gauge.threads(pid),
            "descriptors": gauge.descriptors(pid),
        }
