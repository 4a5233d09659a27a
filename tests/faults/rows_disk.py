"""What a disk and its files can do wrong. The agent gets its answer all the same."""

from __future__ import annotations

import ctypes
import json
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from dsfix.record.reader import read
from dsfix.simulator.server import Simulator
from tests.faults.rig import Rig, says, tells
from tests.faults.row import Fault, Scene, Seen
from tests.faults.wild import Wild, head
from tests.proxy.wire_data import ANSWERS, CLEAN
from tests.support.commands import environment

# An agent that asks as often as it is told, and prints the status of each answer.
ASK = """
import json, os, resource, shutil, sqlite3, sys, time, urllib.request
from pathlib import Path
def disk(size):
    resource.prlimit(os.getppid(), resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
def ask(text):
    body = {"model": "deepseek-v4-pro", "max_tokens": 4096, "messages": [{"role": "user", "content": text}]}
    request = urllib.request.Request(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages",
        json.dumps(body).encode(), {"Content-Type": "application/json",
        "Authorization": "Bearer " + os.environ["ANTHROPIC_AUTH_TOKEN"]})
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()
        print(answer.status, end=" ", flush=True)
ask("first")
what, state = sys.argv[1:] or ("nothing", "")
while state and not os.path.exists(state + "/memory.db-shm"):
    time.sleep(0.01)
if state:
    time.sleep(0.3)  # by then the memory has been written to
if what == "full":
    disk(8192)
if what == "closed":
    os.chmod(state, 0)
if what in ("memory.db-shm", "*"):
    for each in filter(Path.is_file, Path(state).rglob(what)):
        os.truncate(each, 0)
if what in ("removed", "replaced"):
    shutil.rmtree(state)
if what == "moved":
    os.rename(state + "/sessions", state + "/others")
if what == "replaced":
    os.mkdir(state)
    sqlite3.connect(state + "/memory.db").execute("CREATE TABLE anothers (a)")
ask("second " * 4000)
if what == "full":
    [events] = Path(state).rglob("events.jsonl")
    while events.stat().st_size < 8192:
        time.sleep(0.01)
    time.sleep(0.2)  # by then the memory has been written to as well
    disk(resource.RLIM_INFINITY)
sys.exit(7)
"""
_DROP_CAPABILITY, _DAC_OVERRIDE, _DAC_READ_SEARCH = 24, 1, 2  # linux/prctl.h, capability.h


def ran(
    path: Path, before: Callable[[], object] | None = None, *words: str
) -> tuple[str, list[str]]:
    """What the agent saw behind `dsfix run`, and what dsfix says went wrong."""
    summary = path / "summary.json"
    with Simulator.in_thread() as upstream:
        command = ["run", "--upstream", upstream.url, "--summary-file", str(summary), "--"]
        done = subprocess.run(
            [sys.executable, "-m", "dsfix", *command, sys.executable, "-c", ASK, *words],
            # no byte code: cut off where files may not grow, it would spoil the next start
            env=environment(path, DSFIX_STATE_DIR=str(path / "state"), PYTHONDONTWRITEBYTECODE="1"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            preexec_fn=before,
        )
    assert "Traceback" not in done.stderr, done.stderr
    seen = f"{', '.join(done.stdout.split()) or 'is not started'}; exit code {done.returncode}"
    if not summary.exists():
        return seen, [done.stderr.strip()]
    told: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8"))
    return seen, list(told["notes"])


def full(scene: Scene) -> Seen:
    """No file may grow over 8 KB, as if the disk were full."""
    seen, told = ran(scene.path, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192)))
    return Seen(seen, "; ".join(told))


def full_for_a_while(scene: Scene) -> Seen:
    """There is no room from the first answer to the second; nothing of them is lost."""
    state = scene.path / "state"
    seen, told = ran(scene.path, None, "full", str(state))
    [events] = state.rglob("events.jsonl")
    assert json.loads(events.read_bytes().splitlines()[-1])["type"] == "session.end"
    with closing(sqlite3.connect(state / "memory.db")) as memory:
        assert memory.execute("SELECT count(*) FROM turns").fetchone() == (2,)
    exchanges = [tells(each.exchange) for each in read(events).exchanges]
    return Seen(seen, ", ".join([*exchanges, *told]))


def drop() -> None:
    """From here on, what root may not do by the modes of files, it cannot."""
    libc = ctypes.CDLL(None)
    for capability in (_DAC_OVERRIDE, _DAC_READ_SEARCH):
        libc.prctl(_DROP_CAPABILITY, capability, 0, 0, 0)


def read_only(scene: Scene) -> Seen:
    """The state directory cannot be written, by root either."""
    state = scene.path / "state"
    state.mkdir(0o500)

    seen, told = ran(scene.path, drop)
    [error, hint] = told[0].splitlines()
    assert "--private" in hint
    return Seen(seen, error.removeprefix("dsfix: error: ").replace(str(state), "DIR"))


def gone(how: str) -> Callable[[Scene], Seen]:
    """A row in which the agent has the state directory `removed` or `replaced`, or `moved` away
    what is recorded in it, or emptied the files of that name.
    """

    def play(scene: Scene) -> Seen:
        seen, told = ran(scene.path, None, how, str(scene.path / "state"))
        return Seen(seen, "; ".join(told))

    return play


def closed(scene: Scene) -> Seen:
    """The agent closes the state directory between two requests, to root as well."""
    state = scene.path / "state"
    try:
        seen, told = ran(scene.path, drop, "closed", str(state))
    finally:
        state.chmod(0o700)
    return Seen(seen, "; ".join(told))


def damaged(scene: Scene) -> Seen:
    """What is told of every turn is no JSON any more, and the conversation goes on."""
    data = ANSWERS[scene.dialect]
    whole = head("application/json", f"Content-Length: {len(data)}") + data
    answers = []
    with Wild(lambda connection: connection.sendall(whole)) as wild:
        for _ in range(2):
            with Rig(wild.url, scene.path) as rig:
                answers.append(rig.send(scene.dialect, CLEAN[scene.dialect]))
            with closing(sqlite3.connect(scene.path / "memory.db", isolation_level=None)) as other:
                assert other.execute("UPDATE turns SET calls = '[\"a'").rowcount
    assert not rig.store.trouble and not rig.log.trouble
    seen = {says(each, scene.dialect, data) for each in answers}
    return Seen(f"twice {', '.join(seen)}", ", ".join(map(tells, rig.recorded())))


@contextmanager
def spoilt(path: Path, how: str) -> Iterator[None]:
    """A memory file that cannot be used, and that stays as it is."""
    state = path / "state"
    state.mkdir(0o700)
    file = state / "memory.db"
    if how == "corrupt":
        file.write_bytes(b"SQLite format 3\0" + b"\xff" * 4096)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        if how == "newer":
            other.execute("PRAGMA user_version = 999")
        if how == "locked":
            other.execute("BEGIN EXCLUSIVE")
        before = file.stat()  # to open and close it here would give up the lock
        yield
        after = file.stat()
        assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def memory(how: str) -> Callable[[Scene], Seen]:
    """A row with a memory that is `corrupt`, `newer` or `locked` during a whole run."""

    def play(scene: Scene) -> Seen:
        with spoilt(scene.path, how):
            seen, told = ran(scene.path)
        [events] = scene.path.rglob("events.jsonl")
        assert len(read(events).exchanges) == 2, "the record suffers"
        return Seen(seen, "; ".join(told))

    return play


RAN = "200, 200; exit code 7"
GONE = (
    "memory.db: the file was deleted, what was learnt is not kept;"
    " the record stopped: the file was deleted"
)
EMPTIED = "memory.db: no such table: turns"
ONCE = ("messages",)
ROWS = (
    Fault(
        "disk",
        "is full",
        RAN,
        "memory.db: disk I/O error; the record stopped: File too large",
        full,
        ONCE,
    ),
    Fault("disk", "is full for a while", RAN, "200, 200", full_for_a_while, ONCE),
    Fault(
        "disk",
        "state directory is read-only",
        "is not started; exit code 125",
        "state directory DIR is not writable",
        read_only,
        ONCE,
    ),
    Fault(
        "disk",
        "state directory is removed under way",
        RAN,
        GONE,
        gone("removed"),
        ONCE,
    ),
    Fault("disk", "state directory is made anew under way", RAN, GONE, gone("replaced"), ONCE),
    Fault(
        "disk",
        "records are moved away under way",
        RAN,
        "the record stopped: the file was moved away",
        gone("moved"),
        ONCE,
    ),
    Fault(
        "disk",
        "state directory is closed under way",
        RAN,
        GONE.split("; ")[0],
        closed,
        ONCE,
    ),
    Fault("disk", "all files are emptied under way", RAN, EMPTIED, gone("*"), ONCE),
    Fault(
        "disk",
        "the index of memory's log is emptied under way",
        RAN,
        "",
        gone("memory.db-shm"),
        ONCE,
    ),
    Fault("disk", "memory has damaged rows", "twice 200, byte for byte", "200", damaged),
    Fault(
        "disk",
        "memory is corrupt",
        RAN,
        "memory.db: file is not a database",
        memory("corrupt"),
        ONCE,
    ),
    Fault(
        "disk",
        "memory is from a newer version",
        RAN,
        "memory.db: made by a newer dsfix (schema 999)",
        memory("newer"),
        ONCE,
    ),
    Fault(
        "disk",
        "memory is locked",
        RAN,
        "memory.db: still locked, what was learnt is not kept",
        memory("locked"),
        ONCE,
    ),
)
