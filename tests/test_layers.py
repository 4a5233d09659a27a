"""Imports point one way, each library has one home, and no agent is named outside its entry."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from dsfix.agents import AGENTS

ROOT = Path(__file__).parent.parent / "dsfix"
ORDER = [
    "errors",
    "interrupts",
    "admission",
    "accepting",
    "serving",
    "redact",
    "paths",
    "locks",
    "foreground",
    "changes",
    "protocol",
    "repairs",
    "upstreams",
    "agents",
    "config",
    "family",
    "printed",
    "keys",
    "environment",
    "memory",
    "record",
    "report",
    "telemetry",
    "process",
    "proxy",
    "view",
    "simulator",
    "doctor",
    "reports",
    "session",
    "demo",
    "cli",
]
HOMES = {
    "aiohttp": {"proxy", "serving", "view", "simulator", "demo", "reports"},
    "yarl": {"proxy"},
    "typer": {"cli"},
    "rich": {"cli"},
    "sqlite3": {"config", "memory", "record", "reports"},
    "subprocess": {"printed", "family", "process", "demo", "doctor"},
    "platformdirs": {"paths"},
    "tomlkit": {"config"},
}
PURE = {
    "errors",
    "interrupts",
    "admission",
    "redact",
    "changes",
    "protocol",
    "repairs",
    "upstreams",
    "agents",
    "report",
}
IMPURE = {"asyncio", "socket", "subprocess", "threading", "time", "sqlite3", "os", "logging"}


def layer_of(path: Path) -> str:
    part = path.relative_to(ROOT).parts[0]
    return part.removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            module = node.module or ""
            found |= {f"{module}.{alias.name}" for alias in node.names} | {module}
    return found


SOURCES = sorted(
    path
    for path in ROOT.rglob("*.py")
    if path.name not in ("__init__.py", "__main__.py") or path.parent != ROOT
)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    """A module imports only from layers to its left, and libraries only in their home."""
    own = layer_of(path)
    for name in imports_of(path):
        parts = name.split(".")
        if parts[0] == "dsfix" and len(parts) > 1 and parts[1] != "__version__":
            assert ORDER.index(parts[1]) <= ORDER.index(own), f"{path.name} imports {name}"
        if parts[0] in HOMES:
            assert own in HOMES[parts[0]], f"{parts[0]} has no business in {own}"
        if own in PURE:
            assert parts[0] not in IMPURE, f"{own} is pure and imports {name}"


def test_the_simulators_rules_read_the_wire_by_themselves() -> None:
    """A misreading of a dialect must not pass on both sides."""
    for path in (ROOT / "simulator").rglob("*.py"):
        if "rules" in path.relative_to(ROOT).as_posix():
            ours = {name for name in imports_of(path) if name.startswith("dsfix.")}
            for name in ours:
                assert name.startswith(("dsfix.errors", "dsfix.simulator.rules")), (path, name)


@pytest.mark.parametrize("module", ["dsfix.cli", "dsfix.cli.run"])
def test_the_command_line_is_cheap_to_import(module: str) -> None:
    """Neither aiohttp nor rich nor asyncio is imported before it is needed."""
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"aiohttp", "rich", "asyncio", "pydantic", "sqlite3"} & set(loaded)


def test_agents_are_values() -> None:
    """No module but the agents' own asks which agent it is."""
    for path in SOURCES:
        if layer_of(path) in ("agents", "simulator", "demo", "cli"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare):
                constants = [c.value for c in node.comparators if isinstance(c, ast.Constant)]
                assert not {agent.name for agent in AGENTS} & set(map(str, constants)), path
