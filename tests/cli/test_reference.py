"""The pages that follow from the code do follow from it, and leave nothing out."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from dsfix.agents import AGENTS
from dsfix.cli.reference import PAGES, main
from dsfix.errors import ExitCode
from dsfix.repairs import REPAIRS
from tests.support.commands import every_command

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"


def page(name: str) -> str:
    """A page as it is checked in."""
    return (DOCS / name).read_text(encoding="utf-8")


# Typer words arguments and types in --help anew in each release: `TEXT` in 0.26, `<str>` in 0.28.
SAME_TYPER = typer.__version__.startswith("0.28.")


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_up_to_date(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is checked in is what the generator writes, in a terminal of any width: make docs."""
    if name == "commands.md" and not SAME_TYPER:
        pytest.skip(f"made with Typer 0.28, this is {typer.__version__}")
    for width in ("40", "200"):
        monkeypatch.setenv("COLUMNS", width)
        assert page(name) == PAGES[name]()


def test_generator_writes_every_page(tmp_path: Path) -> None:
    """`python -m dsfix.cli.reference FOLDER` writes all pages."""
    folder = tmp_path / "docs"
    folder.mkdir()
    main(str(folder))
    assert {path.name for path in folder.iterdir()} == set(PAGES)


@pytest.mark.parametrize(("words", "command"), every_command().items())
def test_every_command_and_option(words: str, command: Any) -> None:
    """Each command has a section that names its options and arguments."""
    section = page("commands.md").partition(f"## {words}\n")[2].partition("\n## ")[0]
    assert section
    for param in command.params:
        assert (
            getattr(param, "hidden", False)
            or param.opts[-1] in section
            or (param.metavar and param.metavar in section)
        )


@pytest.mark.parametrize("repair", REPAIRS, ids=lambda repair: repair.name)
def test_every_repair(repair: Any) -> None:
    """Each repair has a section with its summary and its evidence."""
    section = page("repairs.md").partition(f"\n## {repair.name}\n")[2].partition("\n## ")[0]
    assert repair.summary in section
    assert re.search(r"https?://|#\d+|measured", section), "no evidence"


@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
def test_every_agent(agent: Any) -> None:
    """Each agent has a section, with the version it was run with."""
    section = page("agents.md").partition(f"\n## {agent.title}\n")[2].partition("\n## ")[0]
    run = f"verified with {agent.verified}" if agent.verified else "made from its sources"
    assert f"`{agent.name}`, {run}: <{agent.homepage}>" in section
    assert agent.install in section and "| `NO_PROXY` |" in section


def test_every_variable_of_our_own() -> None:
    """Each DSFIX_ variable in the sources is explained."""
    sources = "".join(path.read_text() for path in (ROOT / "dsfix").rglob("*.py"))
    named = set(re.findall(r"\"(DSFIX_[A-Z_]+)\"", sources))
    assert named
    for name in named:
        assert f"`{name}`" in page("environment.md") + page("agents.md")


@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_code(code: ExitCode) -> None:
    """Each exit code of our own is explained."""
    assert f"\n| {code.value} | " in page("environment.md")


def test_every_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run writes the files that are named, and no others."""
    state = tmp_path / "state"
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-test-0123456789")
    agent = "import os, urllib.request as u; u.urlopen(u.Request("
    agent += "os.environ['OPENAI_BASE_URL'], method='HEAD'), timeout=20).read()"
    line = ["run", "--debug", "--upstream", "http://127.0.0.1:9", "--", sys.executable, "-c", agent]
    done = subprocess.run(
        [sys.executable, "-m", "dsfix", *line], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    written = {path for path in state.rglob("*") if path.is_file()}
    kinds = {
        re.sub(r"\d{4}/\d\d/[^/]+", "YYYY/MM/ID", str(path.relative_to(state))) for path in written
    }
    assert {"memory.db", "sessions/YYYY/MM/ID/events.jsonl"} <= kinds
    for kind in kinds:
        assert f"`{re.sub(r'-(wal|shm)$', '', kind)}`" in page("environment.md")
    assert all(path.stat().st_mode & 0o077 == 0 for path in written)
