"""A user without a home: one that is in no list of users, as in containers, and no HOME."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import platformdirs  # noqa: F401  # not to be looked for as somebody else
import pytest

from dsfix import keys, paths
from dsfix.errors import LaunchError

NOBODY_KNOWS = 54_321


@pytest.fixture
def unknown(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process belongs to such a user."""
    if os.geteuid():
        pytest.skip("only root can become another user")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    os.setresuid(NOBODY_KNOWS, NOBODY_KNOWS, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.mark.usefixtures("unknown")
@pytest.mark.parametrize("find", [paths.home_dir, paths.state_dir, paths.config_file])
def test_no_home_is_told_with_what_to_do(find: Callable[[dict[str, str]], Path]) -> None:
    """An error that names HOME, and not one of Python's own."""
    with pytest.raises(LaunchError, match="no home directory") as found:
        find({})
    assert "HOME" in found.value.hint


@pytest.mark.usefixtures("unknown")
def test_what_names_its_place_needs_no_home() -> None:
    """A variable with a whole path is enough."""
    assert paths.state_dir({"DSFIX_STATE_DIR": "/x"}) == Path("/x")
    assert paths.config_file({"DSFIX_CONFIG": "/y"}) == Path("/y")


def test_the_home_of_nobody() -> None:
    """A key is not looked for in the home of a user that there is not."""
    with pytest.raises(LaunchError, match="key_file"):
        keys.from_file("~no-such-user/key")
    with pytest.raises(LaunchError, match="key_command"):
        keys.from_command(("~no-such-user/key",), {})
