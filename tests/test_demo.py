"""The demo shows what it says, honestly, and leaves nothing behind."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from dsfix.cli.demo import show
from dsfix.demo import stage
from dsfix.demo.agent import history
from dsfix.demo.base import KEY, Kind, Scene, Step
from dsfix.demo.players import BUILTIN, CLAUDE, OPENCODE, PLAYERS
from dsfix.errors import AgentNotFound
from dsfix.simulator.options import Options
from dsfix.simulator.rules import Policy

ROOT = Path(__file__).parent.parent
CLIENTS = Path(os.environ.get("DSFIX_CLIENTS") or ROOT / "clients/node_modules/.bin").absolute()
WORDS = "must be passed back to the API"


def demo(*words: str, folder: Path, **variables: str) -> subprocess.Popen[str]:
    """Start `dsfix demo` with all its temporary files in one folder."""
    folder.mkdir()
    env = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(ROOT), **variables}
    return subprocess.Popen(
        [sys.executable, "-m", "dsfix", "demo", *words],
        cwd=folder.parent,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def left_in(folder: Path) -> list[str]:
    """Files that are left, and processes that were told of the folder."""
    listed = subprocess.run(["ps", "axeww", "-o", "args"], capture_output=True, text=True).stdout
    return [
        *map(str, folder.iterdir()),
        *(row for row in listed.splitlines() if str(folder) in row),
    ]


@pytest.mark.parametrize("width", [80, 120])
def test_built_in(tmp_path: Path, width: int) -> None:
    """Plain text, in time: each scene fails on the left and succeeds on the right."""
    began = time.monotonic()
    process = demo(folder=tmp_path / "tmp", COLUMNS=str(width))
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    assert time.monotonic() - began < 20  # 5 s where nothing else runs
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= width
    assert out.count("refused, no answer") == out.count("answered") == len(BUILTIN.scenes)
    done = out.rpartition("  repairs    ")[2].partition("  reasoning  ")[0]
    counted = "thinking-replay 5 · response-model 4 · signature 2 · missing-thinking 1"
    assert done.split() == counted.split()
    assert all(line.startswith(" " * 13) for line in done.splitlines()[1:])
    assert "real reasoning put back 4 times · a placeholder once" in out
    assert out.rstrip().endswith("dsfix run claude")
    assert not left_in(tmp_path / "tmp")


def test_interrupted(tmp_path: Path) -> None:
    """Ctrl-C ends every process and removes every folder."""
    folder = tmp_path / "tmp"
    process = demo(folder=folder)
    deadline = time.monotonic() + 20
    while not any(folder.glob("dsfix-demo-*/state")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode not in (0, None)
    assert not left_in(folder)


@pytest.mark.parametrize("scene", BUILTIN.scenes, ids=lambda scene: scene.title)
def test_scenes(scene: Scene) -> None:
    """The left side ends in DeepSeek's words, the right side with an answer and no refusal."""
    played = stage.play(BUILTIN, scene, os.environ)
    assert played.as_expected
    assert WORDS in played.direct.runs[-1].lines[-1].text
    assert played.through.refusals == 0
    assert len(played.through.summaries) == len(scene.steps)


def test_a_scene_that_goes_otherwise() -> None:
    """Where nothing fails on the left, the demo says so and does not claim success."""
    lenient = Options(Policy(pass_back="lenient"), seed=1)
    harmless = replace(BUILTIN, scenes=(BUILTIN.scenes[0]._replace(options=lenient),))
    console = Console(file=io.StringIO(), width=100)
    assert not show(harmless, console)
    said = console.file.getvalue()  # type: ignore[attr-defined]  # it is a StringIO
    assert "without dsfix it was answered, with dsfix it was answered" in " ".join(said.split())
    assert "Next:" not in said


def test_time_is_bounded() -> None:
    """An agent that hangs is ended, and the scene counts as failed."""

    def hang(step: Step, folder: Path) -> Sequence[str]:
        return [sys.executable, "-c", "import time; time.sleep(600)"]

    began = time.monotonic()
    played = stage.play(replace(BUILTIN, argv=hang, limit=1.5), BUILTIN.scenes[0], os.environ)
    assert time.monotonic() - began < 15
    assert not played.as_expected
    assert [side.runs[0].code for side in (played.direct, played.through)] == [None, None]
    assert "no end after" in played.direct.runs[0].lines[-1].text


def test_nothing_of_the_users_is_used(tmp_path: Path) -> None:
    """Neither keys nor homes nor settings of the user reach the agent, on either side."""
    print_env = (
        "import json, os; print(json.dumps({'kind': 'answer', 'text': '\\n'.join("
        "f'{name}={value}' for name, value in os.environ.items())}))"
    )
    environ = {
        **os.environ,
        "DEEPSEEK_API_KEY": "sk-users-own-key-123456",
        "ANTHROPIC_BASE_URL": "https://elsewhere.example",
        "CLAUDE_CONFIG_DIR": str(tmp_path / "users"),
    }
    told = replace(BUILTIN, argv=lambda step, folder: [sys.executable, "-c", print_env])
    played = stage.play(told, BUILTIN.scenes[0], environ)
    for side in (played.direct, played.through):
        (said,) = (line.text for line in side.runs[0].lines if line.kind is Kind.ANSWER)
        assert "sk-users-own" not in said
        assert "elsewhere.example" not in said
        assert str(tmp_path) not in said.replace(os.environ["PATH"], "")
    assert KEY not in said, "the agent holds the key although it runs through dsfix"


@pytest.mark.parametrize("player", PLAYERS.values(), ids=PLAYERS)
def test_agent_that_is_not_installed(tmp_path: Path, player: object) -> None:
    """A missing agent is told with the line that installs it."""
    name = next(name for name, each in PLAYERS.items() if each is player)
    with pytest.raises(AgentNotFound) as caught:
        stage.check(PLAYERS[name], {"PATH": str(tmp_path)})
    assert "npm install -g" in caught.value.hint


def test_exit_codes(tmp_path: Path) -> None:
    """127 for an agent that is missing, 2 for one that cannot play."""
    for number, (name, code) in enumerate((("claude", 127), ("hal", 2))):
        process = demo(name, folder=tmp_path / str(number), PATH=str(tmp_path))
        _, err = process.communicate(timeout=60)
        assert process.returncode == code
        assert err.startswith("dsfix: error: ")


THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "s"}
TEXT = {"type": "text", "text": "yes"}


@pytest.mark.parametrize(
    ("content", "model", "kept", "lost"),
    [
        ([THOUGHT, TEXT], "a", [THOUGHT, TEXT], []),
        ([THOUGHT, TEXT], "b", [TEXT], ["reasoning of an answer by a"]),
        ([{**THOUGHT, "signature": ""}, TEXT], "a", [TEXT], ["reasoning without a signature"]),
        ([{"type": "redacted_thinking", "data": "x"}], "a", None, []),
    ],
)
def test_what_the_agent_loses(
    content: list[dict[str, str]], model: str, kept: list[dict[str, str]] | None, lost: list[str]
) -> None:
    """It drops what real agents drop, and says so."""
    turns = [{"role": "assistant", "model": "a", "content": content}]
    messages, said = history(turns, model)
    assert messages == [{"role": "assistant", "content": content if kept is None else kept}]
    assert said == lost


def test_the_agent_needs_nothing() -> None:
    """The built-in agent imports the standard library only."""
    code = "import sys, dsfix.demo.agent; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    own = {name.partition(".")[0] for name in loaded if not name.startswith("_")}
    assert own - sys.stdlib_module_names - {"site", "sitecustomize"} <= {"dsfix"}


@pytest.mark.agents
@pytest.mark.parametrize("player", [CLAUDE, OPENCODE], ids=lambda player: player.name)
def test_real_agents(tmp_path: Path, player: object) -> None:
    """The same with Claude Code and OpenCode: each scene fails bare and succeeds through dsfix."""
    name = next(name for name, each in PLAYERS.items() if each is player)
    if not os.access(CLIENTS / name, os.X_OK):
        if os.environ.get("DSFIX_REQUIRE_CLIENTS"):
            pytest.fail(f"{name} is not in {CLIENTS}: make clients")
        pytest.skip(f"{name} is not in {CLIENTS}: make clients")
    process = demo(name, folder=tmp_path / "tmp", PATH=f"{CLIENTS}:/usr/local/bin:/usr/bin:/bin")
    out, err = process.communicate(timeout=400)
    assert process.returncode == 0, out + err
    assert WORDS.split()[0] in out
    assert out.rstrip().endswith(f"dsfix run {name}")
    assert not left_in(tmp_path / "tmp")
