"""`dsfix repairs`: the registry, for people and for programs."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from dsfix.cli import app
from dsfix.repairs import NAMES

RUNNER = CliRunner(env={"COLUMNS": "100", "TERM": "dumb"})


def test_every_repair_is_listed_in_order() -> None:
    """The table names each repair once, in the order in which they act."""
    out = RUNNER.invoke(app, ["repairs"]).stdout
    lines = [line.split()[0] for line in out.splitlines()[1:] if not line.startswith(" ")]
    assert lines == list(NAMES)


@pytest.mark.parametrize("columns", ["0", "9" * 5000, "\u00b2", "many"])
def test_a_width_that_is_none(columns: str) -> None:
    """The table is as wide as without it."""
    given = {"TERM": "dumb", "LINES": columns}
    wide = CliRunner(env={**given, "COLUMNS": columns}).invoke(app, ["repairs"])
    assert wide.stdout == CliRunner(env={**given, "COLUMNS": "80"}).invoke(app, ["repairs"]).stdout


def test_a_narrow_table_has_whole_names_and_what_they_mean() -> None:
    """A name is to be typed behind --no-repair; wires and sides are left out before."""
    out = CliRunner(env={"COLUMNS": "40", "TERM": "dumb"}).invoke(app, ["repairs"]).stdout
    head, *lines = out.splitlines()
    assert head.split() == ["repair", "what", "it", "does"]
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == list(NAMES)


def test_as_json() -> None:
    """The document tells wires and sides of each repair."""
    data = json.loads(RUNNER.invoke(app, ["repairs", "--json"]).stdout)["data"]
    by_name = {each["name"]: each for each in data["repairs"]}
    assert list(by_name) == list(NAMES)
    assert by_name["signature"]["dialects"] == ["messages"]
    assert by_name["signature"]["acts_on"] == ["answer"]
    assert by_name["thinking-replay"]["acts_on"] == ["request"]
