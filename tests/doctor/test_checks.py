"""What the doctor sees of a machine; nothing of it leaves that machine."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any

import pytest

from dsfix.config import Config
from dsfix.doctor import guarding
from dsfix.doctor.examine import Wish, examine
from dsfix.doctor.finding import Finding, Level
from dsfix.doctor.machine import Machine, this_machine
from dsfix.errors import UsageError
from dsfix.upstreams import named
from tests.doctor.support import KEY, machine


def found(name: str, given: Machine, **wish: Any) -> list[Finding]:
    """The findings of one check."""

    def announce(origin: str, cost: object) -> None:
        raise AssertionError("nothing may be asked")

    report = examine(Wish(only=(name,), **wish), given, announce)
    return [each for each in report.findings if each.name == name]


def word(name: str, given: Machine, **wish: Any) -> tuple[str, Level]:
    """Word and level of a check that has one finding."""
    (finding,) = found(name, given, **wish)
    return finding.raw, finding.level


def installed(folder: Path, printed: str | None) -> Machine:
    """A machine with a `claude` that prints this as its version."""
    program = folder / "claude"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return machine(PATH=str(folder))._replace(run=lambda words: printed)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("2.1.197 (Claude Code)", ("known-good", Level.GOOD)),
        ("2.1.300 (Claude Code)", ("known-good", Level.GOOD)),
        ("3.0.1", ("other-version", Level.WARN)),
        ("hello", ("untold", Level.WARN)),
        (None, ("untold", Level.WARN)),
    ],
)
def test_the_agents_version(
    tmp_path: Path, printed: str | None, expected: tuple[str, Level]
) -> None:
    """A version of the series that dsfix was run with is good, any other a warning."""
    assert word("agent", installed(tmp_path, printed), agent="claude") == expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("0.14.0", "other-version"),
        ("0.15.2", "known-good"),
        ("0.20.0", "known-good"),
        ("0.24.9", "known-good"),
        ("0.25.0", "other-version"),
        ("1.20.0", "other-version"),
    ],
)
def test_a_range_of_versions(tmp_path: Path, version: str, expected: str) -> None:
    """What lies between the oldest and the newest that dsfix was run with is good."""
    (tmp_path / "qwen").write_text("#!/bin/sh\n")
    (tmp_path / "qwen").chmod(0o755)
    there = machine(PATH=str(tmp_path))._replace(run=lambda words: version)
    assert word("agent", there, agent="qwen")[0] == expected


def test_an_agent_that_was_never_run_here(tmp_path: Path) -> None:
    """Where no version is known to work, none is called so."""
    (tmp_path / "crush").write_text("#!/bin/sh\n")
    (tmp_path / "crush").chmod(0o755)
    there = machine(PATH=str(tmp_path))._replace(run=lambda words: "crush 0.9.1")
    assert word("agent", there, agent="crush") == ("never-run", Level.WARN)


def test_agents_that_are_not_there(tmp_path: Path) -> None:
    """The agent that was named must be there; otherwise one of them is enough."""
    assert word("agent", machine(), agent="codex") == ("not-installed", Level.ACT)
    assert word("agent", machine()) == ("not-installed", Level.WARN)
    assert word("agent", installed(tmp_path, "2.1.197")) == ("known-good", Level.GOOD)
    (tmp_path / "kimi-cli").symlink_to("claude")  # its other name
    there = machine(PATH=str(tmp_path))._replace(run=lambda words: "kimi, version 2.1.0")
    assert word("agent", there, agent="kimi") == ("known-good", Level.GOOD)
    (tmp_path / "claude").chmod(0o644)
    there = machine(PATH=str(tmp_path))
    assert word("agent", there, agent="claude") == ("not-executable", Level.ACT)


def test_the_version_is_asked_without_the_key_and_not_in_the_project(tmp_path: Path) -> None:
    """A program that is asked for its version sees neither: a project's files may be hostile."""
    program = tmp_path / "show"
    program.write_text('#!/bin/sh\necho "key:$DEEPSEEK_API_KEY in $(pwd)"\n')
    program.chmod(0o755)
    environ = {"DEEPSEEK_API_KEY": KEY, "PATH": os.environ["PATH"]}
    assert this_machine(environ, tmp_path).run((str(program),)) == "key: in /\n"


def test_the_key() -> None:
    """A key is there, is not, or can be none; or need not be there."""
    own = Config("simulator", by_flag=True)
    assert word("api-key", machine(), config=own) == ("not-needed", Level.GOOD)
    assert word("api-key", machine(DSFIX_SIMULATOR_KEY=KEY), config=own)[0] == "present"
    assert word("api-key", machine()) == ("present", Level.GOOD)
    assert word("api-key", machine(DEEPSEEK_API_KEY="")) == ("missing", Level.ACT)
    assert word("api-key", machine(DEEPSEEK_API_KEY="a b")) == ("unusable", Level.ACT)
    assert word("api-key", machine(MINE=KEY), config=Config(key_env="MINE")) == (
        "present",
        Level.GOOD,
    )


def test_settings_that_lead_elsewhere_and_leak() -> None:
    """A settings file with another URL, and with the key in it, is named for both."""
    env = {"ANTHROPIC_BASE_URL": "https://example.com", "ANTHROPIC_AUTH_TOKEN": KEY}
    text = json.dumps({"env": env})
    given = machine()._replace(
        home=Path("/home/me"),
        read=lambda path: text if str(path) == "/home/me/.claude/settings.json" else None,
    )
    (override,) = found("settings", given, agent="claude")
    (leak,) = found("leaks", given, agent="claude")
    assert (override.raw, leak.raw) == ("override", "key")
    assert "/home/me/.claude/settings.json" in override.means
    assert "/home/me/.claude/settings.json" in leak.means
    assert KEY not in override.means + leak.means
    assert word("settings", machine(), agent="claude") == ("clear", Level.GOOD)


def test_a_key_of_a_few_letters() -> None:
    """It is looked for in no word: not on the screen, nor in files that the agent reads."""
    given = machine(DEEPSEEK_API_KEY="key")._replace(read=lambda path: '{"apiKey": "key"}')
    assert found("api-key", given)[0].means == "It is in DEEPSEEK_API_KEY."
    assert found("proxy", machine(DEEPSEEK_API_KEY="e"))[0].means == (
        "The upstream is reached directly."
    )
    assert word("leaks", given, agent="claude") == ("none", Level.GOOD)


def test_a_key_inside_another_variable() -> None:
    """It does not hand the key to the agent, as the key's own variable does not."""
    assert word("leaks", machine(HEADERS=f"Authorization: Bearer {KEY}")) == ("none", Level.GOOD)
    assert word("leaks", machine(OTHER=KEY)) == ("none", Level.GOOD)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "direct"),
        ({"HTTPS_PROXY": "http://user:secret@proxy:3128"}, "proxied"),
        ({"https_proxy": "proxy:3128"}, "proxied"),
        ({"ALL_PROXY": "socks5://proxy:1080"}, "unsupported"),
        ({"HTTPS_PROXY": "http://[::1"}, "no-address"),
        ({"HTTPS_PROXY": ":::3128"}, "no-address"),
        ({"HTTP_PROXY": "http://proxy:3128"}, "direct"),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "deepseek.com"}, "direct"),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "deepseek.com:443"}, "direct"),
    ],
)
def test_the_way_to_the_upstream(environ: dict[str, str], expected: str) -> None:
    """Proxy variables lead through a proxy, past it, or nowhere; no password is shown."""
    (finding,) = found("proxy", machine(**environ))
    assert finding.raw == expected
    assert "secret" not in finding.means


def test_a_network_that_needs_no_proxy() -> None:
    """It is named as an office names it."""
    given = machine(HTTPS_PROXY="http://proxy:3128", NO_PROXY="10.0.0.0/8")
    for host, expected in (("10.1.2.3", "direct"), ("11.1.2.3", "proxied")):
        config = Config(f"https://{host}", by_flag=True)
        (finding,) = found("proxy", given, config=config)
        assert finding.raw == expected


def test_the_state_directory(tmp_path: Path) -> None:
    """It is yours alone, readable by others, or unusable."""
    state = tmp_path / "my state"
    given = machine(DSFIX_STATE_DIR=str(state))
    assert word("state", given) == ("new", Level.GOOD)
    state.mkdir(mode=0o700)
    (state / "memory.db").touch(mode=0o600)
    assert word("state", given) == ("private", Level.GOOD)
    (state / "memory.db").chmod(0o644)
    assert word("state", given) == ("open", Level.WARN)
    assert shlex.split(found("state", given)[0].do) == ["chmod", "-R", "go=", str(state)]
    (state / "memory.db").chmod(0o600)
    state.chmod(0o755)
    assert word("state", given) == ("open", Level.WARN)
    (tmp_path / "file").touch()
    for place in ("file", "file/below"):
        there = machine(DSFIX_STATE_DIR=str(tmp_path / place))
        assert word("state", there) == ("unusable", Level.ACT)


def test_the_clock() -> None:
    """A time before dsfix was written is wrong."""
    assert word("clock", machine()._replace(now=lambda: 0.0)) == ("behind", Level.ACT)
    assert word("clock", machine()) == ("possible", Level.GOOD)


def test_a_session_around_us() -> None:
    """Markers of a session that has ended are ignored."""
    markers = {"DSFIX_SESSION": "s", "DSFIX_ENDPOINT": "http://127.0.0.1:9", "DSFIX_TOKEN": "t"}
    assert word("nested", machine()) == ("no", Level.GOOD)
    assert word("nested", machine(**markers)) == ("ended", Level.GOOD)


def test_the_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy is opened and lets in nobody but the agent; a door that stands open is told."""
    assert word("guard", machine()) == ("guarded", Level.GOOD)
    monkeypatch.setattr(guarding, "_KNOCKS", (("anybody", "Accept", "*/*", 401),))
    (finding,) = guarding.guard(named("deepseek"))
    assert (finding.raw, finding.level) == ("open", Level.ACT)
    assert finding.means == "It lets in who must be refused: anybody."


def test_names_that_there_are_not() -> None:
    """An unknown agent, and an unknown name, are errors of the command line."""
    for wish in (Wish(agent="vim"), Wish(only=("nonsense",)), Wish(only=("chat-json",))):
        with pytest.raises(UsageError):
            examine(wish, machine(), lambda origin, cost: None)
