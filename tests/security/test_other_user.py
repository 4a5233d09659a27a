"""Another user of this machine, who tries what a user can: files, processes, the port, links."""

from __future__ import annotations

import encodings.idna  # looked up for an address, and not readable for others
import encodings.utf_8_sig  # noqa: F401  # and for the settings
import fcntl
import json
import os
import resource  # noqa: F401  # to start an editor, and not readable for others
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios  # noqa: F401  # likewise
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from dsfix.cli.config import config_app
from dsfix.cli.sessions import sessions_app
from dsfix.config.file import text_of
from dsfix.errors import DsfixError, UsageError
from dsfix.reports import sending
from dsfix.simulator.server import Simulator
from tests.support.commands import KEY, dsfix, environment
from tests.view.support import serving as viewing
from tests.view.support import small

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user"),
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc"),
]
NOBODY = 65534
# An agent that asks once, tells where it is and what its token is, and waits for a line.
AGENT = """
import json, os, sys, urllib.request
base, token = os.environ["ANTHROPIC_BASE_URL"], os.environ["ANTHROPIC_AUTH_TOKEN"]
body = {"model": "deepseek-v4-pro", "max_tokens": 99, "messages": [{"role": "user", "content": "a secret plan"}]}
urllib.request.urlopen(urllib.request.Request(base + "/v1/messages", json.dumps(body).encode(),
    {"x-api-key": token, "Content-Type": "application/json"}), timeout=30).read()
print(os.getpid(), base.split(":")[2].split("/")[0], token, flush=True)
sys.stdin.readline()
"""


class Session(NamedTuple):
    """A session of ours that goes on, and its agent."""

    process: subprocess.Popen[str]
    state: Path
    agent: int
    port: int
    token: str


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """One in a home that others can look into, as homes often are."""
    home = tmp_path / "someone"
    home.mkdir(mode=0o755)
    for above in (tmp_path, *tmp_path.parents[:-2]):
        above.chmod(above.stat().st_mode | 0o055)
    with Simulator.in_thread() as upstream:
        words = ("run", "--upstream", upstream.url, "--", sys.executable, "-c", AGENT)
        process = subprocess.Popen(
            [sys.executable, "-m", "dsfix", *words], env=environment(home), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        line = process.stdout.readline().split()
        assert line, process.communicate(timeout=30)[1]
        agent, port, token = line
        yield Session(process, home / ".local/state/dsfix", int(agent), int(port), token)
        _, said = process.communicate("\n", timeout=30)
        assert process.returncode == 0, said


@contextmanager
def another_user() -> Iterator[None]:
    """This thread's rights are those of nobody, with no group and no capability."""
    groups = os.getgroups()
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, 0)
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
        os.setgroups(groups)


def test_no_file_can_be_read_or_made(session: Session) -> None:
    """Not the record, the memory or the index, nor a name beside them."""
    dsfix("sessions", "list", home=session.state.parents[2])
    files = [path for path in session.state.rglob("*") if path.is_file()]
    assert {"events.jsonl", "memory.db", "index.db"} <= {path.name for path in files}
    with another_user():
        for path in (*files, session.state):
            with pytest.raises(PermissionError):
                os.open(path, os.O_RDONLY)
            with pytest.raises(PermissionError):
                (session.state / "planted").symlink_to("/etc/passwd")
    assert "a secret plan" in next(session.state.rglob("events.jsonl")).read_text(encoding="utf-8")


def test_no_process_tells_its_secrets(session: Session) -> None:
    """The environment is closed to others, and the command line, which is not, has none."""
    for pid in (session.process.pid, session.agent):
        with another_user():
            for name in ("environ", "mem", "maps"):
                with pytest.raises(PermissionError):
                    Path(f"/proc/{pid}/{name}").read_bytes()
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
            for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP):
                with pytest.raises(PermissionError):
                    os.kill(pid, number)
        assert KEY.encode() not in line and session.token.encode() not in line


def test_the_port_is_no_use_without_the_token(session: Session) -> None:
    """It can be reached, and answers nothing."""
    for headers in ("", "Authorization: Bearer x\r\n", f"x-api-key: {'0' * 64}\r\n"):
        with another_user():
            connection = socket.create_connection(("127.0.0.1", session.port), timeout=60)
        with connection:
            host = f"Host: 127.0.0.1:{session.port}\r\n"
            connection.sendall(f"GET /v1/models HTTP/1.1\r\n{host}{headers}\r\n".encode())
            assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")


def test_connections_without_a_word_keep_nobody_out(session: Session) -> None:
    """Two hundred of them are held open, and the one with the token is answered."""
    with another_user():
        held = [
            socket.create_connection(("127.0.0.1", session.port), timeout=60) for _ in range(200)
        ]
    for each in held[::2]:
        each.sendall(b"POST /v1/mess")
    with socket.create_connection(("127.0.0.1", session.port), timeout=30) as connection:
        head = f"GET /v1/models HTTP/1.1\r\nHost: 127.0.0.1:{session.port}\r\n"
        connection.sendall(f"{head}x-api-key: {session.token}\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    for each in held:
        each.close()


def their_home(tmp_path: Path) -> tuple[Path, Path]:
    """Another user's home, and the state directory in it."""
    home = tmp_path / "their"
    state = home / ".local/state/dsfix"
    state.mkdir(parents=True, mode=0o755)
    for path in (home, *state.parents[:2], state):
        shutil.chown(path, NOBODY, NOBODY)
    return home, state


def test_root_may_use_another_users_home(tmp_path: Path) -> None:
    """As in a container that has that user's home; what is made there is private."""
    home, state = their_home(tmp_path)
    ran = dsfix("run", "--", "true", home=home)
    assert ran.code == 0, ran.err
    [events] = state.rglob("events.jsonl")
    assert all(path.stat().st_mode & 0o077 == 0 for path in (state, events.parent, events))


@pytest.mark.parametrize("name", ["", "memory.db", "sessions", "sessions/2026", "open", "placed"])
def test_root_is_not_led_elsewhere_by_another_user(tmp_path: Path, name: str) -> None:
    """A link in their directory or in its place, one open to others, or one where anybody may."""
    home, state = their_home(tmp_path)
    target = tmp_path / "target"
    target.mkdir(mode=0o755)
    if name == "open":
        state.chmod(0o775)
    elif name == "placed":
        state.parent.chmod(0o1777)
    else:
        if not name:
            state.rmdir()
        (state / name).parent.mkdir(exist_ok=True)
        (state / name).symlink_to(target)
        os.lchown(state / name, NOBODY, NOBODY)
    ran = dsfix("run", "--", "true", home=home)
    assert ran.code == 125 and "it belongs to another user" in ran.err
    assert target.stat().st_mode & 0o777 == 0o755 and not list(target.iterdir())


@pytest.mark.parametrize("words", [("list",), ("search", "x"), ("reindex",), ("gc", "--yes")])
def test_a_home_that_is_closed_to_us_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """As after `sudo -u`, which may leave HOME as it was."""
    monkeypatch.setenv("DSFIX_STATE_DIR", str(tmp_path / ".local/state/dsfix"))
    assert CliRunner().invoke(sessions_app, words).exit_code == 0  # all is imported by now
    (tmp_path / ".local").mkdir(mode=0o700)
    for above in (tmp_path, *tmp_path.parents[:-2]):
        above.chmod(above.stat().st_mode | 0o055)
    with another_user():
        done = CliRunner().invoke(sessions_app, words)
    assert done.exit_code == (words[0] == "reindex"), done.exception  # the others go on without it
    told = f"{done.stderr}{done.exception}"
    assert ("Permission denied" in told) is (words[0] != "gc")


@pytest.mark.parametrize(
    "words", [("list",), ("show", "last"), ("search", "x"), ("reindex",), ("gc", "--yes")]
)
def test_a_session_of_roots_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """A run as root in a user's home leaves one there that is closed to him."""
    state = tmp_path / "state"
    monkeypatch.setenv("DSFIX_STATE_DIR", str(state))
    small(state).end()
    assert CliRunner().invoke(sessions_app, words).exit_code == 0  # all is imported by now
    for each in (state, *state.rglob("*")):
        shutil.chown(each, NOBODY, NOBODY)
    theirs = state / "sessions/2026/11/20261122-031522-root/events.jsonl"
    theirs.parent.mkdir(mode=0o700)
    theirs.touch()
    for above in (tmp_path, *tmp_path.parents[:-2]):
        above.chmod(above.stat().st_mode | 0o055)
    with another_user():
        done = CliRunner().invoke(sessions_app, words)
    assert done.exit_code == 0, done.exception
    assert "k3f9" in done.stdout or words[0] not in ("list", "show")


def test_a_folder_that_is_closed_to_us_holds_no_page(tmp_path: Path) -> None:
    """Nor a link to one, as far as can be seen."""
    page = tmp_path / "closed/page.html"
    page.parent.mkdir(mode=0o700)
    page.touch()
    for above in (tmp_path, *tmp_path.parents[:-2]):
        above.chmod(above.stat().st_mode | 0o055)
    with another_user(), pytest.raises(UsageError, match="no such file"):
        sending.page(page)


def test_settings_in_a_folder_that_is_closed_to_us_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the command that would edit them, in one line."""
    (tmp_path / "closed").mkdir(mode=0o700)
    for above in (tmp_path, *tmp_path.parents[:-2]):
        above.chmod(above.stat().st_mode | 0o055)
    monkeypatch.setenv("DSFIX_CONFIG", str(tmp_path / "closed/config.toml"))
    monkeypatch.setenv("EDITOR", "true")
    with another_user():
        done = CliRunner().invoke(config_app, ["edit"])
    assert isinstance(done.exception, DsfixError) and "cannot be written" in str(done.exception)


@pytest.mark.parametrize("name", ["memory.db", "sessions", "index.db"])
def test_a_state_directory_of_theirs_is_refused(tmp_path: Path, name: str) -> None:
    """With a link planted in it, as in a shared place like /tmp: nothing is followed or made."""
    home, planted = tmp_path / "someone", tmp_path / "planted"
    target = tmp_path / "target"
    for folder in (home, planted, target):
        folder.mkdir()
    planted.chmod(0o777)
    shutil.chown(planted, NOBODY, NOBODY)
    (planted / name).symlink_to(target if name == "sessions" else target / "file")
    env = environment(home, DSFIX_STATE_DIR=str(planted))
    ran = dsfix("run", "--", "true", home=home, env=env)
    assert ran.code == 125 and "it belongs to another user" in ran.err
    assert list(target.iterdir()) == []
    assert {path.name for path in planted.iterdir()} == {name}


def test_a_report_server_of_theirs_is_not_ours(tmp_path: Path) -> None:
    """They made the state directory, and say in it where a server of theirs is: no page is sent."""
    page = tmp_path / "page.html"
    page.write_text("<p>a secret plan", encoding="utf-8")
    said = tmp_path / "state/reports/server"
    said.parent.mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as theirs, said.open("w", encoding="utf-8") as file:
        url = f"http://127.0.0.1:{theirs.getsockname()[1]}"
        file.write(json.dumps([url, url]))
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        for path in (tmp_path / "state", said.parent, said):
            shutil.chown(path, NOBODY, NOBODY)
        more = {"DSFIX_STATE_DIR": str(tmp_path / "state"), "DSFIX_REPORTS_TOKEN": "t" * 40}
        theirs.settimeout(0)
        ran = dsfix("send", str(page), home=tmp_path, env=environment(tmp_path, **more))
        with pytest.raises(BlockingIOError):
            theirs.accept()
    assert ran.code == 1 and "no report server is running" in ran.err


def test_a_directory_of_theirs_gets_no_index_of_our_records(tmp_path: Path) -> None:
    """They made it where anybody may, with a link to the sessions of the one who looks."""
    theirs, ours = tmp_path / "shared/theirs", tmp_path / "ours"
    small(ours)
    theirs.mkdir(parents=True)
    (theirs / "sessions").symlink_to(ours / "sessions")
    shutil.chown(theirs, NOBODY, NOBODY)
    theirs.parent.chmod(0o777)
    ran = dsfix(
        "sessions", "list", home=tmp_path, env=environment(tmp_path, DSFIX_STATE_DIR=str(theirs))
    )
    assert ran.code == 0 and "it belongs to another user" in ran.err
    assert [path.name for path in theirs.iterdir()] == ["sessions"]


@pytest.mark.parametrize(
    "name", ["index.db", "sessions", "memory.db-wal", "memory.db", "sessions/2026/a"]
)
def test_what_was_planted_while_it_was_open_is_refused(tmp_path: Path, name: str) -> None:
    """A directory of ours that anybody could write to, with a file or a link of another user.

    A file of ours that he could write to as well may have got a second name there.
    """
    state = tmp_path / "state"
    planted = state / name
    planted.parent.mkdir(parents=True)
    state.chmod(0o777)
    if name == "memory.db-wal":
        planted.symlink_to(tmp_path / "target")
    elif name == "memory.db":
        (tmp_path / "target").touch()
        planted.hardlink_to(tmp_path / "target")
    else:
        planted.touch()
        shutil.chown(planted, NOBODY, NOBODY)
    env = environment(tmp_path, DSFIX_STATE_DIR=str(state))
    ran = dsfix("run", "--", "true", home=tmp_path, env=env)
    assert ran.code == 125 and "others could write to it" in ran.err
    planted.unlink()
    assert dsfix("run", "--", "true", home=tmp_path, env=env).code == 0
    assert state.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("owner", "mode", "said"),
    [(0, 0o666, "written by anybody"), (1, 0o644, "belongs to somebody else"), (0, 0o664, "")],
)
def test_no_settings_of_others_count(tmp_path: Path, owner: int, mode: int, said: str) -> None:
    """A file in which another user can name the program that prints the key, or the upstream."""
    for above in (tmp_path, *tmp_path.parents[:-2]):
        above.chmod(above.stat().st_mode | 0o055)
    file = tmp_path / "config.toml"
    file.write_text('[upstream]\nkey_command = ["id"]\n')
    file.chmod(mode)
    os.chown(file, owner, -1)
    with another_user():
        if not said:
            assert text_of(file)
            return
        with pytest.raises(DsfixError, match=said):
            text_of(file)


@pytest.mark.parametrize("planted", [True, False])
def test_settings_that_anybody_may_plant_are_not_roots(tmp_path: Path, planted: bool) -> None:
    """Another user's file counts for root in that user's home, and not in a place like /tmp."""
    folder = tmp_path / "dsfix"
    folder.mkdir()
    file = folder / "config.toml"
    file.write_text("[run]\nquiet = true\n", encoding="utf-8")
    for path in (tmp_path, folder, file):
        shutil.chown(path, NOBODY, NOBODY)
    if planted:
        tmp_path.chmod(0o1777)
    env = environment(tmp_path, XDG_CONFIG_HOME=str(tmp_path))
    ran = dsfix("config", "show", home=tmp_path, env=env)
    assert ran.code == int(planted)
    assert ("belongs to somebody else" in ran.err) is planted


def test_what_is_made_is_closed_whatever_the_umask_is(tmp_path: Path) -> None:
    """Directories above the state's and the configuration's too: their owner could replace it."""
    home = tmp_path / "someone"
    home.mkdir()
    for words in (("run", "--", "true"), ("config", "init")):
        subprocess.run(
            [sys.executable, "-m", "dsfix", *words],
            env=environment(home), check=True, capture_output=True, timeout=60, umask=0,
        )  # fmt: skip
    made = list(home.rglob("*"))
    assert {".config", ".local", "events.jsonl", "config.toml"} <= {path.name for path in made}
    assert [path for path in made if path.stat().st_mode & 0o077] == []


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_the_address_of_a_page_opens_nothing_for_them(tmp_path: Path, family: int) -> None:
    """They read it in the browser's command line and are first; it is not used up by that, nor
    by one who is gone before anybody can see whose connection it was."""
    written = small(tmp_path / "state")
    written.end()

    def opened(connection: socket.socket, wait: bool = True) -> bytes:
        host = url.netloc
        near = "127.0.0.1" if family == socket.AF_INET else "::ffff:127.0.0.1"
        with connection:
            connection.settimeout(10)
            connection.connect((near, url.port))
            connection.sendall(f"GET {url.path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            return connection.recv(65536) if wait else b""

    with viewing(written.path) as view:
        url = urlsplit(view.url)
        with another_user():
            theirs = socket.socket(family)
        answer = opened(theirs)
        assert answer.startswith(b"HTTP/1.1 403 ") and b"Set-Cookie" not in answer
        with another_user():
            gone = socket.socket(family)
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        opened(gone, wait=False)
        assert opened(socket.socket(family)).startswith(b"HTTP/1.1 303 ")
