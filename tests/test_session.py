"""One run as the user sees it: what the agent gets, what it costs to go wrong, what is left."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dsfix.simulator.server import Simulator
from tests.support.commands import KEY, dsfix, environment

# A stand-in for an agent: one request to each endpoint that the environment names.
ASK = """
import json, os, sys, urllib.request
body = json.dumps({"model": "deepseek-v4-pro", "max_tokens": 4096,
                   "messages": [{"role": "user", "content": "hi"}]}).encode()
def ask(url, **headers):
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)
token = os.environ["ANTHROPIC_AUTH_TOKEN"]
print(ask(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", Authorization="Bearer " + token)["content"][-1]["text"])
print(ask(os.environ["OPENAI_BASE_URL"] + "/chat/completions", **{"x-api-key": token})["choices"][0]["message"]["content"])
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "someone"
    path.mkdir()
    return path


def test_any_command_finds_both_wires(home: Path) -> None:
    """The generic wiring reaches Messages and Chat, and the summary counts both exchanges."""
    with Simulator.in_thread() as upstream:
        ran = dsfix("run", "--upstream", upstream.url, "--", sys.executable, "-c", ASK, home=home)
        assert [each.headers["authorization"] for each in upstream.requests] == [
            f"Bearer {KEY}"
        ] * 2
    assert (ran.code, ran.out.split()) == (0, ["Simulated", "task"] * 2)
    assert ran.summary is not None
    assert ran.summary["exchanges"]["total"] == 2


@pytest.mark.parametrize("code", [0, 1, 7, 125, 255])
def test_the_exit_code_is_the_agents(home: Path, code: int) -> None:
    """Whatever it is, and nothing is written to its stdout."""
    ran = dsfix("run", "sh", "-c", f"exit {code}", home=home)
    assert (ran.code, ran.out) == (code, "")


def test_a_signal_is_told_as_the_shell_tells_it(home: Path) -> None:
    """128 and the signal's number."""
    assert dsfix("run", "sh", "-c", "kill -TERM $$", home=home).code == 143


def test_stdin_and_arguments_are_the_agents(home: Path) -> None:
    """A piped prompt arrives, and options behind the agent's name are not ours."""
    ran = dsfix(
        "run",
        "sh",
        "-c",
        'echo "$@"; cat',
        "sh",
        "--model",
        "x",
        "-q",
        "--",
        "y",
        home=home,
        text="prompt",
    )
    assert ran.out == "--model x -q -- y\nprompt"
    assert dsfix("run", "--", "echo", "--quiet", home=home).out == "--quiet\n"


def test_the_key_is_in_no_variable_and_no_argument_of_the_agent(home: Path) -> None:
    """Every variable that holds it is taken out, under whatever name; one can be given back."""
    env = environment(home, MY_COPY=KEY, PADDED=f" {KEY} ", OTHER="other-secret-value")
    show = "env; tr '\\0' '\\n' < /proc/$$/cmdline; tr '\\0' '\\n' < /proc/$PPID/cmdline"
    ran = dsfix("run", "sh", "-c", show, home=home, env=env)
    assert KEY not in ran.out
    assert "OTHER=other-secret-value" in ran.out
    ran = dsfix("run", "--keep-env", "MY_COPY", "sh", "-c", "env", home=home, env=env)
    assert f"MY_COPY={KEY}" in ran.out
    assert f"PADDED= {KEY}" not in ran.out


def test_loopback_is_never_reached_through_a_proxy(home: Path) -> None:
    """The user's NO_PROXY is extended, not replaced."""
    env = environment(home, HTTP_PROXY="http://127.0.0.1:9", NO_PROXY="corp.example")
    with Simulator.in_thread() as upstream:
        ran = dsfix(
            "run", "--upstream", upstream.url, "--", sys.executable, "-c", ASK, home=home, env=env
        )
    assert ran.code == 0
    ran = dsfix("run", "sh", "-c", 'echo "$NO_PROXY $no_proxy"', home=home, env=env)
    assert ran.out.split() == ["corp.example,127.0.0.1,localhost"] * 2


@pytest.mark.parametrize(
    ("words", "more", "code", "says"),
    [
        (("run", "true"), {"DEEPSEEK_API_KEY": ""}, 125, ("DEEPSEEK_API_KEY is not set", "export")),
        (("run", "true"), {"DEEPSEEK_API_KEY": "", "ANTHROPIC_AUTH_TOKEN": "t" * 30}, 125, ("--key-env ANTHROPIC_AUTH_TOKEN",)),
        (("run", "--key-env", "NOPE", "true"), {}, 125, ("NOPE is not set",)),
        (("run", "true"), {"DEEPSEEK_API_KEY": "a b"}, 125, ("characters",)),
        (("run", "claude"), {"PATH": "/nowhere"}, 127, ("claude: not found", "npm install -g @anthropic-ai/claude-code")),
        (("run", "no-such-agent"), {}, 127, ("not found",)),
        (("run", "/"), {}, 126, ("not an executable file",)),
        (("run",), {}, 2, ("no agent",)),
        (("run", "--unknown", "claude"), {}, 2, ("--unknown",)),
        (("run", "--upstream", "nowhere", "true"), {}, 2, ("unknown upstream", "deepseek")),
        (("run", "--upstream", "http://example.com", "true"), {}, 2, ("plain http", "--allow-plain-http")),
        (("run", "--upstream", "ftp://x", "true"), {}, 2, ("not a base URL",)),
        (("run", "--no-repair", "everything", "true"), {}, 2, ("unknown repair", "thinking-replay")),
        (("run", "--thinking", "maybe", "true"), {}, 2, ("maybe",)),
        (("run", "--summary-file", "-", "true"), {}, 2, ("stdout is the agent's", "name a file")),
        (("run", "true"), {"DSFIX_STATE_DIR": "/proc/nowhere"}, 125, ("state directory", "DSFIX_STATE_DIR")),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line(
    home: Path, words: tuple[str, ...], more: dict[str, str], code: int, says: tuple[str, ...]
) -> None:
    """With a hint and the right exit code; no traceback, and the agent is not started."""
    marker = home / "started"
    ran = dsfix(*words, home=home, env=environment(home, **more))
    assert ran.code == code, ran.err
    for part in says:
        assert part in ran.err
    assert "Traceback" not in ran.err
    assert KEY not in ran.err
    assert not marker.exists()


def test_a_secret_in_an_upstream_url_is_not_echoed(home: Path) -> None:
    """A URL with a password in it is refused without being repeated."""
    ran = dsfix("run", "--upstream", "https://me:hunter2@host/x", "true", home=home)
    assert ran.code == 2
    assert "hunter2" not in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("run", KEY),
        ("doctor", "https://me:hunter2-hunter2@host/x"),
        ("doctor", "https://me:hunter2-hunter2@host/x", "--json"),
        ("sessions", "show", "sk-0123456789abcdef0123456789abcdef", "--json"),
        (KEY,),
        ("run", f"--api-key {KEY}"),
        ("run", "--thinking", KEY, "true"),
        ("memory", "clear", KEY),
    ],
)
def test_a_secret_in_the_place_of_a_name_is_not_echoed(home: Path, words: tuple[str, ...]) -> None:
    """A key that was typed or pasted as an agent, a URL or an id stands in no error."""
    ran = dsfix(*words, home=home)
    assert ran.code and "[REDACTED:" in ran.out + ran.err
    assert not [each for each in (KEY, "hunter2", "abcdef0123") if each in ran.out + ran.err]


def test_private_leaves_nothing_behind(home: Path) -> None:
    """No record, no memory, no directory."""
    with Simulator.in_thread() as upstream:
        command = ("run", "--private", "--upstream", upstream.url, "--", sys.executable, "-c", ASK)
        ran = dsfix(*command, home=home)
    assert ran.code == 0
    assert sorted(each.name for each in home.rglob("*")) == ["summary.json"]


def test_what_is_left_is_private_and_free_of_secrets(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files 0600 in 0700 directories; neither the key nor the token is in any of them."""
    leak = (
        ASK
        + f"\nopen('token','w').write(token)\nask(os.environ['ANTHROPIC_BASE_URL'] + '/v1/messages?k={KEY}', Authorization='Bearer ' + token)"
    )
    with Simulator.in_thread() as upstream:
        dsfix(
            "run",
            "--debug",
            "--upstream",
            upstream.url,
            "--",
            sys.executable,
            "-c",
            leak,
            home=home,
        )
    state = home / ".local" / "state" / "dsfix"
    token = Path("token").read_text(encoding="utf-8")
    Path("token").unlink()
    assert len(token) >= 43
    files = [each for each in state.rglob("*") if each.is_file()]
    assert {each.name for each in files} >= {"memory.db", "events.jsonl"}
    for each in state.rglob("*"):
        mode = stat.S_IMODE(each.stat().st_mode)
        assert mode == (0o700 if each.is_dir() else 0o600), each
    for each in files:
        data = each.read_bytes()
        assert KEY.encode() not in data, each
        assert token.encode() not in data, each


def test_a_nested_run_goes_through_the_outer_one(home: Path) -> None:
    """The inner session forwards to the outer with its token; an outer that has ended is ignored."""
    with Simulator.in_thread() as upstream:
        inner = [sys.executable, "-m", "dsfix", "run", "-q", "--", sys.executable, "-c", ASK]
        ran = dsfix("run", "--upstream", upstream.url, "--", *inner, home=home)
        assert ran.code == 0, ran.err
        assert len(upstream.requests) == 2
        assert all(each.headers["authorization"] == f"Bearer {KEY}" for each in upstream.requests)
    assert ran.summary is not None
    assert ran.summary["exchanges"]["total"] == 2
    gone = environment(
        home, DSFIX_SESSION="x", DSFIX_ENDPOINT="http://127.0.0.1:9/x", DSFIX_TOKEN="t"
    )
    ran = dsfix("run", "sh", "-c", "echo $DEEPSEEK_BASE_URL", home=home, env=gone)
    assert ran.out.strip().endswith("/api.deepseek.com")


def test_quiet_says_nothing(home: Path) -> None:
    """Not even when something happened."""
    with Simulator.in_thread() as upstream:
        command = ("run", "-q", "--upstream", upstream.url, "--", sys.executable, "-c", ASK)
        assert dsfix(*command, home=home).err == ""


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("", "ended (0), no requests"),
        (
            ASK.replace('os.environ["ANTHROPIC_AUTH_TOKEN"]', '"of my own"'),
            "missing or wrong session token",
        ),
    ],
)
def test_an_agent_that_asked_for_nothing_and_one_with_another_key(
    home: Path, script: str, said: str
) -> None:
    """A line for the one; the other did ask, and what it was refused for is told."""
    command = [sys.executable, "-m", "dsfix", "run", "--", sys.executable, "-c", script]
    ran = subprocess.run(command, env=environment(home), capture_output=True, text=True, timeout=60)
    assert said in ran.stderr.splitlines()[-2 if script else -1]


def test_an_agent_that_went_past_us_is_told(home: Path) -> None:
    """It lived and asked nothing: the summary names the setting that is likely to blame."""
    settings = home / ".claude" / "settings.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"env": {"ANTHROPIC_UNIX_SOCKET": "/tmp/s"}}), encoding="utf-8")
    fake = home / "bin" / "claude"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nsleep 5.2\n", encoding="utf-8")
    fake.chmod(0o755)
    env = environment(home, PATH=f"{fake.parent}:{os.environ['PATH']}")
    ran = dsfix("run", "claude", home=home, env=env)
    said = " ".join(ran.err.split())
    assert "no request came through; if claude was asked anything, it bypassed dsfix" in said
    assert "ANTHROPIC_UNIX_SOCKET" in said


def test_a_proxy_that_cannot_serve_ends_the_agent(home: Path, tmp_path: Path) -> None:
    """The agent is not left with an endpoint that is gone; dsfix says why and exits 125."""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "uvloop.py").write_text("", encoding="utf-8")
    package = broken / "aiohttp"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('broken on purpose')", encoding="utf-8")
    env = environment(home)
    env["PYTHONPATH"] = f"{broken}:{env['PYTHONPATH']}"
    ran = dsfix("run", "sleep", "30", home=home, env=env)
    assert ran.code == 125
    assert "broken on purpose" in ran.err


def test_a_log_that_cannot_be_written_ends_nobody(home: Path) -> None:
    """Where there is no place for a record, there is none for a log: both are told at the end."""
    state = home / "state"
    state.mkdir(mode=0o700)
    (state / "sessions").touch()
    env = environment(home, DSFIX_STATE_DIR=str(state))
    with Simulator.in_thread() as upstream:
        agent = ("--upstream", upstream.url, "--", sys.executable, "-c", f"{ASK}\nsys.exit(7)")
        ran = dsfix("run", "--debug", *agent, home=home, env=env)
    assert ran.code == 7 and "debug.log: Not a directory" in ran.err
    assert "the record stopped: Not a directory" in ran.err


def test_an_agent_that_could_not_be_started_was_not_interrupted(home: Path) -> None:
    """Its file is there and cannot be executed: the record ends with the code that dsfix does."""
    script = home / "script"
    script.write_text("echo hi\n", encoding="utf-8")
    script.chmod(0o755)
    assert dsfix("run", str(script), home=home).code == 126
    [told] = json.loads(dsfix("sessions", "list", "--json", home=home).out)["data"]
    assert (told["state"], told["exit_code"]) == ("ended", 126)


def test_no_memory_for_the_summary_is_no_traceback(home: Path, tmp_path: Path) -> None:
    """Nor does it cost the agent's exit code."""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "rich.py").write_text("raise MemoryError", encoding="utf-8")
    env = environment(home)
    env["PYTHONPATH"] = f"{broken}:{env['PYTHONPATH']}"
    with Simulator.in_thread() as upstream:
        agent = (sys.executable, "-c", f"{ASK}\nsys.exit(7)")
        ran = dsfix("run", "--upstream", upstream.url, "--", *agent, home=home, env=env)
    assert (ran.code, ran.err) == (7, "")
