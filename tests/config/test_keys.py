"""Where the key comes from: real programs and files, and what is said when they fail."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from dsfix import keys
from dsfix.errors import LaunchError
from dsfix.simulator.server import Simulator
from tests.support.commands import KEY, Ran, dsfix, environment
from tests.support.pty_session import wait_until
from tests.test_killed import gone

ASK = """
import json, os, urllib.request
body = json.dumps({"model": "deepseek-v4-pro", "max_tokens": 9000,
                   "messages": [{"role": "user", "content": "hi"}]}).encode()
head = {"Content-Type": "application/json", "x-api-key": os.environ["ANTHROPIC_AUTH_TOKEN"]}
url = os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages"
urllib.request.urlopen(urllib.request.Request(url, body, head), timeout=60).read()
"""
OTHER = "other-key-fedcba9876543210"


def asked(home: Path, table: str, **more: str) -> tuple[Ran, list[str]]:
    """A run whose agent asks once, and the keys that came upstream."""
    with Simulator.in_thread() as upstream:
        config(home, f'[upstream]\nurl = "{upstream.url}"\n{table}')
        env = {**environment(home), "DEEPSEEK_API_KEY": "", **more}
        ran = dsfix("run", "--", sys.executable, "-c", ASK, home=home, env=env)
        return ran, [each.headers["authorization"] for each in upstream.requests]


def config(home: Path, text: str) -> Path:
    path = home / ".config/dsfix/config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def private(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def command(*words: str) -> str:
    return f"key_command = {json.dumps(words)}\n"


def test_a_program_prints_the_key(tmp_path: Path) -> None:
    """Its first line goes upstream, what it says on stderr to the terminal, and no file has it."""
    script = f"echo {KEY}; echo second; echo unlocking >&2"
    ran, came = asked(tmp_path, command("sh", "-c", script))
    assert came == [f"Bearer {KEY}"], ran.err
    assert "unlocking" in ran.err and KEY not in ran.err
    for each in (tmp_path / ".local").rglob("*"):
        assert each.is_dir() or KEY.encode() not in each.read_bytes(), each


def test_a_file_holds_the_key(tmp_path: Path) -> None:
    """One that only its owner can read, by a path below home."""
    private(tmp_path / "key", f"{KEY}\n")
    ran, came = asked(tmp_path, 'key_file = "~/key"\n')
    assert came == [f"Bearer {KEY}"], ran.err


def test_variable_then_program_then_file(tmp_path: Path) -> None:
    """The first that is there; the next ones are not even asked."""
    private(tmp_path / "key", OTHER)
    rest = f'key_file = "{tmp_path}/key"\n'
    program = command("sh", "-c", f"touch {tmp_path}/ran; echo {KEY}")
    assert asked(tmp_path, program + rest)[1] == [f"Bearer {KEY}"]
    (tmp_path / "ran").unlink()
    assert asked(tmp_path, program + rest, DEEPSEEK_API_KEY=OTHER)[1] == [f"Bearer {OTHER}"]
    assert not (tmp_path / "ran").exists()
    named = command("false") + rest + 'key_env = "MINE"\n'
    assert asked(tmp_path, named, MINE=KEY, DEEPSEEK_API_KEY=OTHER)[1] == [f"Bearer {KEY}"]


@pytest.mark.parametrize("table", ['key_env = "MINE"\n', 'key_file = "~/key"\n'])
def test_a_key_for_another_upstream_is_not_sent_and_that_is_said(
    tmp_path: Path, table: str
) -> None:
    """Who has put the key there would look for what is wrong with it."""
    private(tmp_path / "key", f"{KEY}\n")
    path = config(tmp_path, f"[upstream]\n{table}")
    env = {**environment(tmp_path), "DEEPSEEK_API_KEY": "", "MINE": KEY}
    with Simulator.in_thread() as upstream:
        ran = dsfix("run", "--upstream", upstream.url, "true", home=tmp_path, env=env)
    assert ran.code == 125 and upstream.requests == []
    said = f"DEEPSEEK_API_KEY is not set; the one of {path}:2 is for another upstream\n"
    assert said in ran.err


def test_a_nested_run_goes_through_the_outer_one(tmp_path: Path) -> None:
    """The file's upstream and key are the outer session's affair; the inner one asks nobody."""
    with Simulator.in_thread() as upstream:
        program = command("sh", "-c", f"echo ran >> {tmp_path}/ran; echo {KEY}")
        config(tmp_path, f'[upstream]\nurl = "{upstream.url}"\n{program}')
        inner = [sys.executable, "-m", "dsfix", "run", "-q", "--", sys.executable, "-c", ASK]
        env = {**environment(tmp_path), "DEEPSEEK_API_KEY": ""}
        ran = dsfix("run", "--", *inner, home=tmp_path, env=env)
        assert len(upstream.requests) == 1, ran.err
    assert ran.summary is not None and ran.summary["exchanges"]["total"] == 1
    assert (tmp_path / "ran").read_text(encoding="utf-8") == "ran\n"


def test_the_token_of_a_session_is_no_key_elsewhere(tmp_path: Path) -> None:
    """It stands in the variable of the key, also where a terminal outlives its session.

    Who was asked for by a flag was sent it, and so was the vendor once the session was over.
    """
    with Simulator.in_thread() as other:
        run = (sys.executable, "-m", "dsfix", "run", "-q")
        inner = (*run, "--upstream", other.url, "--", sys.executable, "-c", ASK)
        ran = dsfix("run", "-q", "--", *inner, home=tmp_path)
        assert (ran.code, other.requests) == (125, [])
    assert "DEEPSEEK_API_KEY holds the token of a session" in ran.err
    inner = (*run, "--key-env", "MINE", "true")
    assert "hint: export MINE=..." in dsfix("run", "-q", "--", *inner, home=tmp_path).err
    over = {"DSFIX_SESSION": "x", "DSFIX_ENDPOINT": "http://127.0.0.1:9/x", "DSFIX_TOKEN": "t" * 64}
    table = command("sh", "-c", f"echo {KEY}")
    ran, sent = asked(tmp_path, table, **over, DEEPSEEK_API_KEY="t" * 64)
    assert (ran.code, sent) == (0, [f"Bearer {KEY}"])


def test_a_flag_asks_nobody_else(tmp_path: Path) -> None:
    """`--key-env` of a variable that is not set is an error, whatever the file offers."""
    config(tmp_path, f"[upstream]\n{command('sh', '-c', 'touch ran; echo key')}")
    ran = dsfix("run", "--key-env", "MINE", "true", home=tmp_path)
    assert (ran.code, "MINE is not set" in ran.err) == (125, True)


def test_no_file_of_a_project_runs_for_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs run what some files say where they are started, as `python -m keyring` does."""
    (tmp_path / "ring_of_keys.py").write_text("print('a-key')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LaunchError, match="ended with exit code 1"):
        keys.from_command((sys.executable, "-m", "ring_of_keys"), os.environ)


def test_a_program_has_no_stdin(tmp_path: Path) -> None:
    """What is piped in is the agent's prompt."""
    config(tmp_path, f"[upstream]\n{command('sh', '-c', 'cat >&2; echo ' + KEY)}")
    env = {**environment(tmp_path), "DEEPSEEK_API_KEY": ""}
    ran = dsfix("run", "cat", home=tmp_path, env=env, text="prompt")
    assert (ran.code, ran.out) == (0, "prompt")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("sh", "-c", f"echo {KEY}; exit 3"), "sh ended with exit code 3"),
        (("sh", "-c", "kill -9 $$"), "sh ended with a signal"),
        (("true",), "true prints no key"),
        (("sh", "-c", "echo; echo later"), "sh prints no key"),
        (("printf", "two words"), "characters that no key has"),
        (("printf", r"\377\376"), "characters that no key has"),
        (("no-such-program",), "no-such-program: No such file or directory"),
        (("/",), "/: Permission denied"),
    ],
)
def test_a_program_that_fails_is_one_clear_error(
    tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    """The file is not tried in its place; what it printed is not shown."""
    private(tmp_path / "key", OTHER)
    ran, came = asked(tmp_path, command(*words) + f'key_file = "{tmp_path}/key"\n')
    assert (ran.code, came) == (125, [])
    assert says in ran.err and KEY not in ran.err and "Traceback" not in ran.err


def test_a_program_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended, and the error says how long it had."""
    monkeypatch.setattr(keys, "PATIENCE", 0.2)
    began = time.monotonic()
    with pytest.raises(LaunchError, match="took more than"):
        keys.from_command(("sleep", "30"), os.environ)
    assert time.monotonic() - began < 20


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_what_a_program_that_takes_too_long_has_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends as well: a script may have the work done by others."""
    monkeypatch.setattr(keys, "PATIENCE", 1.0)
    script = f"(sleep 60 & echo $! > {tmp_path}/pid; wait); echo never"
    with pytest.raises(LaunchError, match="took more than"):
        keys.from_command(("sh", "-c", script), os.environ)
    wait_until(lambda: gone(int((tmp_path / "pid").read_text())))


def test_what_a_program_leaves_running_keeps_nobody_waiting() -> None:
    """A key's agent that it starts holds its stdout for as long as it lives."""
    began = time.monotonic()
    script = f"sleep 3 & echo {KEY}; sleep 0.3; echo second"
    assert keys.from_command(("sh", "-c", script), os.environ) == KEY
    assert 0.3 <= time.monotonic() - began < 2


def test_a_program_that_prints_without_end(tmp_path: Path) -> None:
    """It is ended before it fills the memory."""
    ran, came = asked(tmp_path, command("sh", "-c", f"echo $$ > {tmp_path}/pid; exec yes"))
    assert (ran.code, came) == (125, [])
    assert ran.err == "dsfix: error: key_command: sh prints more than 65,536 bytes\n"
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """With the command that mends it."""
    path = private(tmp_path / "key", KEY, mode)
    with pytest.raises(LaunchError, match="can be read by others") as caught:
        keys.from_file(str(path))
    assert caught.value.hint == f"chmod 600 {path}"


def test_what_is_no_key_file(tmp_path: Path) -> None:
    """Nothing there, nothing in it, a folder, a pipe, or somebody else's."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    private(tmp_path / "empty", "\n")
    for name, says in (
        ("gone", "No such file"),
        ("empty", "holds no key"),
        ("", "is no regular file"),
        ("pipe", "is no regular file"),
    ):
        with pytest.raises(LaunchError, match=says):
            keys.from_file(str(tmp_path / name))
    if os.geteuid() == 0:
        theirs = private(tmp_path / "theirs", KEY)
        os.chown(theirs, 12345, 12345)
        with pytest.raises(LaunchError, match="belongs to somebody else"):
            keys.from_file(str(theirs))
