"""Surroundings that are odd: closed streams, strange variables, files that stand in the way."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from dsfix.record.reader import read
from dsfix.simulator.server import Simulator
from tests.faults.rig import tells
from tests.faults.row import Fault, Scene, Seen
from tests.faults.rows_disk import ONCE
from tests.support.commands import environment

# An agent that asks once; its exit code says how that went, whatever has become of its output. It
# is not what is looked at: nothing in the surroundings shall reach it.
ASK = """
import http.client, json, os, urllib.parse
os.chdir("/")
base = urllib.parse.urlsplit(os.environ["ANTHROPIC_BASE_URL"])
body = {"model": "deepseek-v4-pro", "max_tokens": 4096, "messages": [{"role": "user", "content": "hi"}]}
connection = http.client.HTTPConnection(base.hostname, base.port, timeout=90)
connection.request("POST", base.path + "/v1/messages", json.dumps(body),
    {"Content-Type": "application/json", "Authorization": "Bearer " + os.environ["ANTHROPIC_AUTH_TOKEN"]})
with connection.getresponse() as answer:
    answer.read()
    os._exit(7 if answer.status == 200 else 1)
"""
STATE, CONFIG = ".local/state/dsfix", ".config/dsfix/config.toml"
Prepare = Callable[[Path], object]


def around(
    shell: str = "RUN", prepare: Prepare = lambda home: None, **more: str
) -> Callable[[Scene], Seen]:
    """A row in which a shell says RUN where `dsfix run` stands; HOME in a value is the home."""

    def play(scene: Scene) -> Seen:
        home = scene.path / "home"
        home.mkdir()
        prepare(home)
        env = environment(home, **{k: v.replace("HOME", str(home)) for k, v in more.items()})
        with Simulator.in_thread() as upstream:
            words = ("run", "--upstream", upstream.url, "--", sys.executable, "-I", "-c", ASK)
            command = shlex.join([sys.executable, "-m", "dsfix", *words])
            done = subprocess.run(
                ["bash", "-c", shell.replace("RUN", command)],
                env=env, cwd=home, stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
            )  # fmt: skip
        said = done.stderr.decode()
        assert "Traceback" not in said, said
        assert ("sessions show" in said) <= any(home.rglob("events.jsonl")), said
        ends = f"200; exit code {done.returncode}"
        if done.returncode == 125:
            assert not list(home.rglob("events.jsonl"))
            error = said.splitlines()[0].removeprefix("dsfix: error: ").replace(str(home), "HOME")
            return Seen("is not started; exit code 125", error)
        notes = [line.split("note")[1].strip() for line in said.splitlines() if "  note  " in line]
        return Seen(ends, "; ".join([*recorded(scene.path), *notes]).replace(str(home), "HOME"))

    return play


def recorded(path: Path) -> list[str]:
    """What the records below say of their exchanges; each file and folder of ours is private."""
    found = []
    for events in path.rglob("events.jsonl"):
        assert not any(each.stat().st_mode & 0o077 for each in (events, events.parent))
        found += [tells(each.exchange) for each in read(events).exchanges]
        assert all(json.loads(line) for line in events.read_bytes().splitlines())
    return found


def below_state(make: Prepare, name: str) -> Prepare:
    """Something of another kind where a file of ours should be."""

    def prepare(home: Path) -> None:
        (home / STATE).mkdir(parents=True, mode=0o700)
        make(home / STATE / name)

    return prepare


def config(make: Prepare) -> Prepare:
    """Something odd where the configuration should be."""

    def prepare(home: Path) -> None:
        (home / CONFIG).parent.mkdir(parents=True)
        make(home / CONFIG)

    return prepare


def another_users(home: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give a directory away")
    (home / STATE).mkdir(parents=True, mode=0o777)
    (home / STATE).chmod(0o777)
    os.chown(home / STATE, 65534, 65534)


def a_network_of_its_own(home: Path) -> None:
    if not shutil.which("unshare") or subprocess.run(["unshare", "-rn", "true"]).returncode:
        pytest.skip("no network of one's own can be had")


def linked(path: Path) -> None:
    (path.parent / "elsewhere").write_bytes(b"")
    path.symlink_to("elsewhere")


def left_over(path: Path) -> None:
    path.write_bytes(b"\x37\x7f\x06\x82" + bytes(range(256)) * 20)
    path.with_name("memory.db-shm").write_bytes(bytes(32768))


SOUND = "200; exit code 7"
REFUSED = "is not started; exit code 125"
C_LOCALE: Mapping[str, str] = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
_DEEP = "a = " + "[" * 100_000
_LONG = "[" + "a." * 5000 + "a]\n"
_ROWS: tuple[tuple[str, str, str, Callable[[Scene], Seen]], ...] = (
    ("stdin is closed", SOUND, "200", around("RUN <&-")),
    ("stdout is closed", SOUND, "200", around("RUN >&-")),
    ("stderr is closed", SOUND, "200", around("RUN 2>&-")),
    ("all three are closed", SOUND, "200", around("RUN <&- >&- 2>&-")),
    ("nobody reads stdout", SOUND, "200", around("RUN | true; exit ${PIPESTATUS[0]}")),
    ("nobody reads stderr", SOUND, "200", around("RUN 2> >(true)")),
    ("stdout is full", SOUND, "200", around("RUN >/dev/full")),
    ("TLS keys are to be logged where no file can be", SOUND, "200",
     around(SSLKEYLOGFILE="/dev/null/x")),
    ("stderr is full", SOUND, "200", around("RUN 2>/dev/full")),
    ("umask is 000", SOUND, "200", around("umask 000; RUN")),
    ("umask is 077", SOUND, "200", around("umask 077; RUN")),
    ("64 descriptors", SOUND, "200", around("ulimit -n 64; RUN")),
    ("24 descriptors", SOUND, "200", around("ulimit -n 24; RUN")),
    *((f"{count} descriptors", "is not started; exit code 125",
       "a session needs 16 free descriptors: Too many open files", around(f"ulimit -n {count}; RUN"))
      for count in (16, 11, 9, 6)),
    ("the loopback interface is down", REFUSED,
     "no port can be opened on 127.0.0.1: Network is unreachable",
     around("unshare -rn RUN", a_network_of_its_own)),
    ("the locale is C, the directory's name is not", SOUND, "200",
     around("mkdir 工程 && cd 工程 && RUN", **C_LOCALE)),
    ("the directory's name is no UTF-8", SOUND, "200",
     around("mkdir $'\\xff\\xfe' && cd $'\\xff\\xfe' && RUN")),
    ("the directory is gone", SOUND, "200", around("mkdir x && cd x && rmdir ../x && RUN")),
    ("the terminal has no columns", SOUND, "200", around(COLUMNS="0")),
    ("the terminal has one column", SOUND, "200", around(COLUMNS="1")),
    ("TMPDIR cannot be written", SOUND, "200", around(TMPDIR="/proc/1")),
    ("warnings are errors", SOUND, "200", around(PYTHONWARNINGS="error")),
    ("a variable is no UTF-8", SOUND, "200", around("export ODD=$'\\xff\\xfe'; RUN")),
    ("the key holds a line break", REFUSED,
     "the API key in DEEPSEEK_API_KEY has characters that no key has",
     around(DEEPSEEK_API_KEY="abcdefgh\r\nX-Evil: 1")),
    ("the key is a whole file", REFUSED,
     "what is in DEEPSEEK_API_KEY is too long for an API key",
     around(DEEPSEEK_API_KEY="k" * 100_000)),
    ("proxy variables are nonsense", SOUND, "200",
     around(HTTPS_PROXY="http://:bad:port", HTTP_PROXY="::::", ALL_PROXY="x")),
    ("state directory is a link", SOUND, "200",
     around(prepare=lambda home: ((home / "real").mkdir(), (home / "s").symlink_to("real")),
            DSFIX_STATE_DIR="HOME/s")),
    ("state directory is a link to nothing", REFUSED,
     "state directory HOME/s is unusable: Not a directory",
     around(prepare=lambda home: (home / "s").symlink_to("none"), DSFIX_STATE_DIR="HOME/s")),
    ("state directory is a file", REFUSED, "state directory HOME/s is unusable: Not a directory",
     around(prepare=lambda home: (home / "s").touch(), DSFIX_STATE_DIR="HOME/s")),
    ("memory is a directory", SOUND, "200; memory.db: [Errno 21] Is a directory:",
     around(prepare=below_state(Path.mkdir, "memory.db"))),
    ("memory is a link", SOUND, "200; memory.db: [Errno 40] Too many levels of symbolic links:",
     around(prepare=below_state(linked, "memory.db"))),
    ("memory is a pipe", SOUND, "200; memory.db: disk I/O error",
     around(prepare=below_state(os.mkfifo, "memory.db"))),
    ("memory's write-ahead log is left over", SOUND, "200",
     around(prepare=below_state(left_over, "memory.db-wal"))),
    ("a file stands where the records should be", SOUND,
     "the record stopped: Not a directory", around(prepare=below_state(Path.touch, "sessions"))),
    ("the configuration is a directory", REFUSED,
     f"HOME/{CONFIG} cannot be read: Is a directory", around(prepare=config(Path.mkdir))),
    ("the configuration is a pipe", REFUSED,
     f"HOME/{CONFIG} cannot be read: it is no regular file", around(prepare=config(os.mkfifo))),
    ("the configuration is a link to itself", REFUSED,
     f"HOME/{CONFIG} cannot be read: Too many levels of symbolic links",
     around(prepare=config(lambda path: path.symlink_to(path)))),
    ("the configuration is nested without end", REFUSED, f"HOME/{CONFIG} is nested too deeply",
     around(prepare=config(lambda path: path.write_text(_DEEP, encoding="utf-8")))),
    ("the configuration has a table of 5,000 names", REFUSED, f"HOME/{CONFIG} is nested too deeply",
     around(prepare=config(lambda path: path.write_text(_LONG, encoding="utf-8")))),
    ("state directory is another user's and open to all", REFUSED,
     f"state directory HOME/{STATE} is unusable: it belongs to another user",
     around(prepare=another_users)),
)  # fmt: skip
ROWS = tuple(
    Fault("system", name, agent, record, play, ONCE) for name, agent, record, play in _ROWS
)
