"""`dsfix agents`: whom dsfix can launch, what is installed, and who cannot be led here."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dsfix.cli.answers import AsJson, print_json
from dsfix.cli.screen import fitting, screen

if TYPE_CHECKING:
    from dsfix.agents.base import Agent
    from dsfix.cli.screen import Columns

_VERSION = re.compile(r"\d+(?:\.\d+)+[\w.+-]*")


def agents(
    versions: Annotated[
        bool, typer.Option("--versions", help="Ask each installed agent for its version.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the agents that have an entry; any other program gets the common variables.

    VERIFIED is the version that the entry was run with; without one it is made from the agent's
    own sources.
    """
    from dsfix.agents import AGENTS

    listed = [_row(agent, versions) for agent in AGENTS]
    if as_json:
        print_json("agents", {"agents": listed, "impossible": _impossible()})
        return
    _print(listed)


def _row(agent: Agent, versions: bool) -> dict[str, Any]:
    found = (shutil.which(command) for command in agent.commands)
    path = next(filter(None, found), None)
    return {
        "name": agent.name,
        "title": agent.title,
        "path": path,
        "version": _version(path) if versions and path else None,
        "dialects": [str(dialect) for dialect in agent.dialects],
        "verified": agent.verified or None,
        "install": agent.install,
        "homepage": agent.homepage,
    }


def _version(path: str) -> str | None:
    """What `--version` says, None when it fails or says nothing like a version."""
    from dsfix.doctor.machine import this_machine

    printed = this_machine(os.environ, Path("/")).run((path, "--version"))
    found = _VERSION.search(printed or "")
    return found[0] if found else None


def _impossible() -> list[dict[str, str]]:
    from dsfix.agents.foreign import FOREIGN

    names = ("name", "title", "reason", "hint", "homepage")
    return [{name: getattr(each, name) for name in names} for each in FOREIGN]


def _print(listed: list[dict[str, Any]]) -> None:
    from rich.table import Table

    columns: Columns = {
        "agent": [row["name"] for row in listed],
        "wires": [" ".join(row["dialects"]) for row in listed],
        "verified": [row["verified"] or "-" for row in listed],
        "installed": [row["version"] or ("yes" if row["path"] else "no") for row in listed],
    }
    console = screen()
    columns = fitting(columns, console.width, ("wires", "verified"), 2)
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name, no_wrap=True)
    for cells in zip(*columns.values(), strict=True):
        table.add_row(*cells)
    console.print(table)
    absent = [row for row in listed if not row["path"]]
    if absent:
        console.print("\ninstall with")
    for row in absent:  # lines of their own: a command is there to be copied
        console.print(f"  {row['name']:10}  {row['install']}", markup=False, soft_wrap=True)
    console.print()
    for each in _impossible():
        console.print(f"{each['name']}: {each['reason']}", markup=False)
