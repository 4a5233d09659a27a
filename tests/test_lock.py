"""requirements-dev.txt: what the development environment is made of, each file by its hash."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
# One entry is a line that pip would read: its continuations put together.
ENTRIES = [
    each
    for each in TEXT.replace("\\\n", " ").splitlines()
    if each.strip() and not each.startswith("#")
]


def locked() -> dict[str, str]:
    """The versions by name."""
    found = (re.match(r"([\w-]+)==([\w.]+)", each) for each in ENTRIES)
    return {each[1]: each[2] for each in found if each}


def test_every_entry_is_a_version_with_hashes() -> None:
    """An exact version, perhaps for some platforms only, and hashes: no address, no option."""
    entry = re.compile(r"[\w-]+==[\w.]+( ; [^#]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*")
    assert [each for each in ENTRIES if not entry.fullmatch(each)] == []
    assert "://" not in TEXT


def test_all_that_the_project_asks_for_is_locked() -> None:
    """Its dependencies, what develops it and what builds it, each in a version that it allows."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = document["project"]
    extras = project["optional-dependencies"]["dev"]
    wanted = [
        Requirement(each)
        for each in (*project["dependencies"], *extras, *document["build-system"]["requires"])
    ]
    versions = locked()
    missing = [each for each in wanted if versions.get(each.name, "") not in each.specifier]
    assert len(wanted) > 12 and missing == []


def test_the_environment_is_made_of_the_lock() -> None:
    """`make` installs by hash, fetches nothing beside it, and has pip check that nothing lacks."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    rule = text.partition("$(VENV)/ready: pyproject.toml $(LOCK)\n")[2].partition("\n\n")[0]
    first, *others, check, _ = (
        line for line in rule.splitlines() if "$(PIP)" in line or "touch" in line
    )
    assert "--require-hashes --requirement $(LOCK)" in first
    assert all("--no-deps --no-build-isolation" in each for each in others)
    assert check.endswith("$(PIP) check")
