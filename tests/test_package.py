"""What is shipped: version, changelog, wheel, and pages that name what there is."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from dsfix import __version__
from dsfix.repairs import REPAIRS
from tests.support.commands import every_command

ROOT = Path(__file__).parent.parent


def read(name: str) -> str:
    """A file of the checkout."""
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    here = ["--no-build-isolation"] if importlib.util.find_spec("hatchling") else []
    line = [sys.executable, "-m", "pip", "wheel", "--no-deps", *here, "-w", str(folder), str(ROOT)]
    done = subprocess.run(line, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


def test_version() -> None:
    """The command, the package, the project and the changelog agree."""
    told = subprocess.run(
        [sys.executable, "-m", "dsfix", "--version"], cwd=ROOT, capture_output=True, text=True
    )
    assert told.stdout == f"dsfix {__version__}\n"
    assert tomllib.loads(read("pyproject.toml"))["project"]["version"] == __version__
    headings = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", read("CHANGELOG.md"), re.M)
    assert headings[0] == ("Unreleased", "")
    assert headings[1][0] == __version__
    assert all(date for _, date in headings[1:])


def test_changelog_has_its_form() -> None:
    """Sections are those of Keep a Changelog, and each heading has its link."""
    text = read("CHANGELOG.md")
    kinds = {"Security", "Removed", "Deprecated", "Added", "Changed", "Fixed"}
    assert set(re.findall(r"^### (.+)$", text, re.M)) <= kinds
    for name in re.findall(r"^## \[(.+?)\]", text, re.M):
        assert re.search(rf"^\[{re.escape(name)}\]: https://", text, re.M)


def test_changelog_names_the_repairs() -> None:
    """Whoever reads it learns when each repair came."""
    text = read("CHANGELOG.md")
    for repair in REPAIRS:
        assert f"`{repair.name}`" in text


def test_wheel_has_what_is_needed(wheel: Path) -> None:
    """Types, data, completions and license are in it; tests and caches are not."""
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "dsfix/py.typed" in names
    for kind in ("toml", "json", "js"):
        data = {path.relative_to(ROOT).as_posix() for path in ROOT.glob(f"dsfix/**/*.{kind}")}
        assert data and data <= names
    share = f"dsfix-{__version__}.data/data/share"
    assert f"{share}/bash-completion/completions/dsfix" in names
    assert f"{share}/zsh/site-functions/_dsfix" in names
    assert f"{share}/fish/vendor_completions.d/dsfix.fish" in names
    assert any(name.endswith("/LICENSE") for name in names)
    assert not [name for name in names if name.startswith("tests") or "__pycache__" in name]
    code = {f"dsfix/{path.relative_to(ROOT / 'dsfix')}" for path in ROOT.glob("dsfix/**/*.py")}
    assert code <= names


def test_wheel_installs(wheel: Path, tmp_path: Path) -> None:
    """In a clean environment the command is there, and works from any directory."""
    folder = tmp_path / "venv"
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    site = next(folder.glob("lib/python*/site-packages"))
    # the dependencies of the environment at hand, without another dsfix that may be there
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    line = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*line, "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def told(*words: str) -> str:
        done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = told(str(python), "-c", "import dsfix; print(dsfix.__file__)").strip()
    assert Path(where).is_relative_to(site)
    dsfix = str(folder / "bin" / "dsfix")
    assert told(dsfix, "--version") == f"dsfix {__version__}\n"
    assert "pass-back" in told(dsfix, "simulate", "--list-rules")
    assert (folder / "share/zsh/site-functions/_dsfix").is_file()


def test_readme_names_every_command() -> None:
    """Whoever reads it learns of all commands and repairs."""
    text = read("README.md")
    for words, command in every_command().items():
        assert f"`{words}" in text or hasattr(command, "list_commands"), words
    for repair in REPAIRS:
        assert f"`{repair.name}`" in text, repair.name


@pytest.mark.parametrize("page", ["README.md", "SECURITY.md", "CHANGELOG.md"])
def test_links_lead_somewhere(page: str) -> None:
    """Files that a page links to, or tests that it appeals to, exist."""
    text = read(page)
    linked = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    for name in [*linked, *re.findall(r"`(tests/[\w/.]+)`", text)]:
        assert (ROOT / name).exists(), name
