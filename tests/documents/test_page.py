"""The page of documents is what the commands print, and no command is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documents.page import NAME, members, page

DOCS = Path(__file__).parent.parent.parent / "docs"


@pytest.fixture(scope="module")
def checked_in() -> str:
    """The page as it is in the repository."""
    return (DOCS / NAME).read_text(encoding="utf-8")


def test_the_page_is_what_the_commands_print(checked_in: str) -> None:
    """A member that comes, goes or changes its kind shows here: then `make docs`."""
    assert checked_in == page()


def test_every_command_with_json_is_on_the_page(checked_in: str) -> None:
    """Whatever takes --json has a section, or is one of those whose answer another's is like."""
    commands = (DOCS / "commands.md").read_text(encoding="utf-8").split("\n## ")[1:]
    with_json = {each.splitlines()[0] for each in commands if " --json" in each}
    alike = {
        "dsfix send": "reports send",
        **{f"dsfix reports {verb}": "reports tag" for verb in
           ("untag", "categorize", "project", "delete", "undelete")},
    }  # fmt: skip
    for command in sorted(with_json):
        section = f"## dsfix {alike.get(command, command.removeprefix('dsfix '))}"
        assert section.strip() in checked_in, command


def test_members_are_told_by_their_path() -> None:
    """Lists are told by their items, and a number is no switch."""
    told = list(members({"a": [{"b": 1}, {"b": None}], "c": {"d": True}, "e": []}))
    assert told == [
        ("a[].b", "number"), ("a[].b", "null"), ("c.d", "true or false"), ("e", "empty list"),
    ]  # fmt: skip
