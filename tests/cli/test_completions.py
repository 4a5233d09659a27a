"""What TAB offers, and that real shells offer it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dsfix.agents import AGENTS
from dsfix.cli.completions import FILES, main, script
from dsfix.repairs import NAMES as REPAIRS
from dsfix.upstreams import NAMES as UPSTREAMS
from dsfix.upstreams import named
from tests.support.pty_session import PtySession

ROOT = Path(__file__).parent.parent.parent
SCRIPTS = ROOT / "completions"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment whose PATH has a `dsfix`, a `claude` and a file to complete."""
    places = tmp_path / "bin"
    places.mkdir()
    program = f"#!{sys.executable}\nfrom dsfix.cli import main\nmain()\n"
    for name, text in (("dsfix", program), ("claude", "#!/bin/sh\n")):
        (places / name).write_text(text)
        (places / name).chmod(0o755)
    (tmp_path / "home" / "notes-of-mine.txt").write_text("")
    return {
        "PATH": f"{places}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
        "HOME": str(tmp_path / "home"),
        "DSFIX_STATE_DIR": os.environ["DSFIX_STATE_DIR"],
        "TERM": "dumb",
        "LANG": "C.UTF-8",
        "PS1": "ready> ",
    }


def asked(env: dict[str, str], line: str) -> subprocess.CompletedProcess[str]:
    """What the callback answers at the end of a line."""
    count = len(line.split(" ")) - 1
    said = {"_DSFIX_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(count)}
    return subprocess.run(
        [sys.executable, "-X", "importtime", shutil.which("dsfix", path=env["PATH"]) or ""],
        env=env | said,
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.mark.parametrize("shell", FILES)
def test_scripts_are_up_to_date(shell: str) -> None:
    """What is checked in is what the generator writes: make completions."""
    assert (SCRIPTS / FILES[shell]).read_text(encoding="utf-8") == script(shell)


def test_generator_writes_every_script(tmp_path: Path) -> None:
    """One file for each shell."""
    folder = tmp_path / "completions"
    folder.mkdir()
    main(str(folder))
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES.values())


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("dsfix ru", {"run"}),
        ("dsfix run ", {agent.name for agent in AGENTS}),
        ("dsfix run cl", {"claude"}),
        ("dsfix run --quiet openco", {"opencode"}),
        ("dsfix run claude ", set()),
        ("dsfix run --upstream ", set(UPSTREAMS)),
        ("dsfix run --no-repair ", set(REPAIRS)),
        ("dsfix run --no-repair user", {"user-id"}),
        ("dsfix run --thinking ", {"on", "off", "agent"}),
        ("dsfix demo ", {"claude", "opencode"}),
        ("dsfix doctor ", {agent.name for agent in AGENTS}),
    ],
)
def test_callback(env: dict[str, str], line: str, offered: set[str]) -> None:
    """Commands, agents, upstreams and repairs are offered, and nothing once an agent is named."""
    assert set(asked(env, line).stdout.split()) == offered


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("dsfix run --model ", {each.id for each in named("deepseek").models}),
        ("dsfix run --upstream kimi --small-model kimi-k3", {"kimi-k3"}),
        ("dsfix run --upstream mine --model ", {"its-own"}),
        ("dsfix run --upstream nobody --model ", set()),
        ("dsfix run --upstream mi", {"mine", "mimo", "minimax"}),
    ],
)
def test_callback_offers_models(env: dict[str, str], line: str, offered: set[str]) -> None:
    """The models are those of the upstream that was named, the user's own among them."""
    config = Path(env["HOME"]) / "config.toml"
    config.write_text(
        '[upstreams.mine]\nlike = "deepseek"\norigin = "https://mine.example"\n'
        'main = "its-own"\nsmall = "its-own"\naliases = {}\n'
        'models = [{id = "its-own", context = 9000, output = 900}]\n'
    )
    given = env | {"DSFIX_CONFIG": str(config)}
    assert set(asked(given, line).stdout.split()) == offered


def test_callback_offers_sessions(env: dict[str, str]) -> None:
    """`sessions show` offers the recorded sessions by id."""
    from dsfix.record.log import SessionLog
    from dsfix.redact import Redactor

    log = SessionLog(Path(env["DSFIX_STATE_DIR"]), Redactor({}))
    log.start({"agent": "claude"})
    log.close(0, 1.0)
    assert set(asked(env, "dsfix sessions show ").stdout.split()) == {"last", log.id}


@pytest.mark.parametrize("state", ["state", "~nobody-of-that-name"])
def test_a_state_directory_that_is_none_offers_nothing(env: dict[str, str], state: str) -> None:
    """A relative one, and one that nobody knows: no error breaks into the line that is typed."""
    for line in ("dsfix reports tag ", "dsfix sessions show 2"):
        done = asked(env | {"DSFIX_STATE_DIR": state}, line)
        assert not done.stdout.strip()
        assert "Error" not in done.stderr and "error:" not in done.stderr


@pytest.mark.parametrize(
    "line", ["dsfix ", "dsfix run cl", "dsfix run --no-repair ", "dsfix demo "]
)
def test_a_press_is_cheap(env: dict[str, str], line: str) -> None:
    """A press of TAB imports neither a server nor a printer of tables."""
    began = time.monotonic()
    imported = asked(env, line).stderr
    assert time.monotonic() - began < 5
    loaded = {row.rpartition("|")[2].strip().partition(".")[0] for row in imported.splitlines()}
    assert not loaded & {"aiohttp", "rich", "asyncio", "sqlite3", "pydantic"}


def shell(name: str, env: dict[str, str], *, autoload: bool = False) -> PtySession:
    """An interactive shell with the completion loaded."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    file = SCRIPTS / FILES[name]
    if name == "bash":
        session = PtySession([path, "--norc", "--noprofile", "-i"], env)
        session.type(f"cd ~; source {file}; bind 'set bell-style none'; echo set-$((1+1))\r")
    elif name == "zsh":
        session = PtySession([path, "-f", "-i"], env)
        load = f"fpath=({SCRIPTS} $fpath); " if autoload else ""
        later = "" if autoload else f"source {file}; "
        session.type(
            f"cd ~; {load}autoload -U compinit; compinit -u -D; {later}echo set-$((1+1))\r"
        )
    else:
        session = PtySession([path, "--no-config", "-i"], env)
        session.type(f"cd ~; source {file}; echo set-(math 1+1)\r")
    return session


PRESSES = [
    ("dsfix run cl\t", "dsfix run claude"),
    ("dsfix run --upstream https://x.y/z cl\t", "claude"),
    ("dsfix run --no-repair=user\t", "--no-repair=user-id"),
    ("dsfix run claude notes\t", "notes-of-mine.txt"),
    ("dsfix run -q -- claude notes\t", "notes-of-mine.txt"),
]


@pytest.mark.parametrize(("keys", "shown"), PRESSES, ids=[keys.strip() for keys, _ in PRESSES])
@pytest.mark.parametrize("name", ["bash", "zsh", "zsh-autoload", "fish"])
def test_shells(env: dict[str, str], name: str, keys: str, shown: str) -> None:
    """TAB in a real shell completes what dsfix knows, and files after the agent's name."""
    kind, _, autoload = name.partition("-")
    with shell(kind, env, autoload=bool(autoload)) as session:
        session.expect("set-2")
        session.type(keys)
        session.expect(shown)


AGENTS_OWN = {
    "bash": "complete -W --agents-own claude",
    "zsh": "_own() { compadd -- --agents-own }; compdef _own claude",
    "fish": "complete -c claude -l agents-own",
}


@pytest.mark.parametrize("name", AGENTS_OWN)
def test_agents_own_completion(env: dict[str, str], name: str) -> None:
    """After its name the agent's own completion answers, not dsfix's options."""
    offset = Path("/usr/share/bash-completion/bash_completion")
    if name == "bash" and not offset.exists():
        pytest.skip("bash-completion is not installed")
    with shell(name, env) as session:
        session.expect("set-2")
        if name == "bash":
            session.type(f"source {offset}\r")
        session.type(f"{AGENTS_OWN[name]}; echo own-set\r")
        session.expect("own-set")
        session.expect("own-set")
        session.type("dsfix run --model m claude --agents\t")
        session.expect("--agents-own")
