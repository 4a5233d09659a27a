"""How commands end: an error is JSON where JSON was asked for, under a code that is not `run`'s."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.commands import dsfix, environment, every_command

# What makes each of them fail.
FAILING = {
    "balance": (),
    "config show": (),
    "cost": ("--since", "never"),
    "doctor": ("--save",),
    "memory stats": (),
    "reports categorize": ("0123", "x"),
    "reports delete": ("0123",),
    "reports gc": (),
    "reports list": (),
    "reports project": ("0123", "x"),
    "reports search": ("x",),
    "reports send": ("none.html",),
    "reports tag": ("0123", "x"),
    "reports undelete": ("0123",),
    "reports untag": ("0123", "x"),
    "send": ("none.html",),
    "sessions budget": ("none",),
    "sessions diff": ("none", "1", "2"),
    "sessions gc": ("--size", "much"),
    "sessions list": ("--since", "never"),
    "sessions search": ("x", "--since", "never"),
    "sessions show": ("none",),
}
HARMLESS = {"agents", "repairs"}  # nothing in them can fail


def test_every_command_with_json_is_tried() -> None:
    """A new one is added here."""
    with_json = {
        words.removeprefix("dsfix ")
        for words, command in every_command().items()
        if any("--json" in param.opts for param in command.params)
    }
    assert with_json == FAILING.keys() | HARMLESS


@pytest.mark.parametrize("command", FAILING)
def test_an_error_is_json_too(command: str, tmp_path: Path) -> None:
    """One document on stdout, nothing on stderr, and 1 or 2: 125 says that a run has failed."""
    (tmp_path / "state").touch()  # so that no state directory can be made
    (tmp_path / "config.toml").write_text("[run]\nquiet = 1\n" if "config" in command else "")
    given = {"DSFIX_STATE_DIR": "state", "DSFIX_CONFIG": "config.toml"}
    more = {name: str(tmp_path / path) for name, path in given.items()}
    env = environment(tmp_path, **more, DEEPSEEK_API_KEY="")
    ran = dsfix(*command.split(), *FAILING[command], "--json", home=tmp_path, env=env)
    document = json.loads(ran.out)
    words = ["reports", "send"] if command == "send" else command.split()
    assert (document["command"], document["data"], ran.err) == (words, None, "")
    (error,) = document["errors"]
    assert error["message"]
    assert (error["code"], ran.code) in {("failed", 1), ("usage", 2)}
