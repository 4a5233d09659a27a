"""Plays a scene twice, side by side: straight at the simulator, and through `dsfix run`.

Both sides get the same processes, each in a folder of its own with nothing of the user's in its
environment. Folders and processes are gone when a scene is over, also after Ctrl-C.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

from dsfix.demo.base import KEY, Kind, Line, Played, Player, Run, Scene, Side, Step
from dsfix.errors import AgentNotFound
from dsfix.process import executable
from dsfix.simulator.server import Simulator

# What of the user's environment a program needs to run at all.
_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "SYSTEMROOT")
_OUTPUT = 8 << 20


def check(player: Player, environ: Mapping[str, str]) -> None:
    """Raise AgentNotFound, with the install line, when the player's program is missing."""
    if not player.command:
        return
    try:
        executable(player.command, environ.get("PATH", os.defpath))
    except AgentNotFound as error:
        error.hint = f"install it with: {player.install}, or run `dsfix demo` without a name"
        raise


def play(player: Player, scene: Scene, environ: Mapping[str, str]) -> Played:
    """Play one scene, both sides at once, step by step."""
    with ExitStack() as stack:
        sides = []
        for through in (False, True):
            folder = Path(stack.enter_context(_folder()))
            simulator = stack.enter_context(Simulator.in_thread(scene.options))
            sides.append(_Half(player, folder, simulator, environ, through))
        runs: list[tuple[Run, ...]] = []
        for number, step in enumerate(scene.steps):
            runs.append(_both(sides, step, number))
        direct, through_dsfix = (
            Side(said, half.refusals(), tuple(half.summaries()))
            for half, said in zip(sides, zip(*runs, strict=True), strict=True)
        )
        return Played(scene, direct, through_dsfix)


class _Half(NamedTuple):
    """One side of the stage."""

    player: Player
    folder: Path
    simulator: Simulator
    environ: Mapping[str, str]
    through: bool

    def env(self) -> dict[str, str]:
        """The environment of a user who has set nothing but what leads to the upstream."""
        wired = (
            {"DEEPSEEK_API_KEY": KEY, "DSFIX_STATE_DIR": str(self.folder / "state")}
            if self.through
            else self.player.direct(self.simulator.url, KEY)
        )
        kept = {name: self.environ[name] for name in _KEPT if name in self.environ}
        return {
            **kept,
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            "TERM": "dumb",
            "PYTHONPATH": _import_path(self.environ),
            "PYTHONIOENCODING": "utf-8",
            **(self.player.env or {}),
            **wired,
        }

    def argv(self, step: Step, number: int) -> list[str]:
        """The command line of a step."""
        own = list(self.player.argv(step, self.folder))
        if not self.through:
            return own
        summary = str(self.folder / f"summary-{number}.json")
        dsfix = [sys.executable, "-m", "dsfix", "run", "--upstream", self.simulator.url]
        return [*dsfix, "--quiet", "--summary-file", summary, "--", *own]

    def refusals(self) -> int:
        """How many requests were refused for lack of reasoning."""
        return sum(one.refused_by in ("pass-back", "verify") for one in self.simulator.problems)

    def summaries(self) -> Iterator[Mapping[str, Any]]:
        """What dsfix said about its runs."""
        for path in sorted(self.folder.glob("summary-*.json")):
            yield json.loads(path.read_text(encoding="utf-8"))


def _both(sides: Sequence[_Half], step: Step, number: int) -> tuple[Run, ...]:
    """One step on all sides at once."""
    with ExitStack() as stack:
        running = [(half, *stack.enter_context(_started(half, step, number))) for half in sides]
        until = time.monotonic() + sides[0].player.limit
        return tuple(_ended(half, process, files, step, until) for half, process, files in running)


@contextmanager
def _started(
    half: _Half, step: Step, number: int
) -> Iterator[tuple[subprocess.Popen[bytes], tuple[IO[bytes], IO[bytes]]]]:
    """A process that leads a group of its own, which does not outlive the block."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            half.argv(step, number),
            cwd=half.folder / "project",
            env=half.env(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        try:
            yield process, (out, err)
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _ended(
    half: _Half,
    process: subprocess.Popen[bytes],
    files: tuple[IO[bytes], IO[bytes]],
    step: Step,
    until: float,
) -> Run:
    """What the process said by its end, or by the time that it had."""
    code: int | None = None
    with suppress(subprocess.TimeoutExpired):
        code = process.wait(max(0.0, until - time.monotonic()))
    said, complaints = (_text(file) for file in files)
    lines = [line for line in half.player.lines(said) if line.text.strip()]
    if not lines or lines[0].kind is not Kind.USER:
        lines.insert(0, Line(Kind.USER, step.prompt))
    if code is None:
        lines.append(Line(Kind.ERROR, f"no end after {half.player.limit:.0f} s"))
    elif code and lines[-1].kind is not Kind.ERROR:
        last = complaints.strip().splitlines()[-1:] or [f"exit code {code}"]
        lines.append(Line(Kind.ERROR, last[0]))
    return Run(tuple(lines), code)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(_OUTPUT).decode("utf-8", "replace")


@contextmanager
def _folder() -> Iterator[str]:
    """A folder with a home, a project and a place for temporary files, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="dsfix-demo-", ignore_cleanup_errors=True) as folder:
        for name in ("home", "project", "tmp"):
            (Path(folder) / name).mkdir()
        yield folder


def _import_path(environ: Mapping[str, str]) -> str:
    """Where the processes find the same dsfix, whichever way it was installed."""
    own = str(Path(__file__).parent.parent.parent)
    return os.pathsep.join(filter(None, (own, environ.get("PYTHONPATH", ""))))
