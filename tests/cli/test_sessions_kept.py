"""Commands that label sessions, hide them, and clear them away."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dsfix.cli.complete import hidden_session_ids, session_ids
from dsfix.cli.sessions import sessions_app
from dsfix.errors import DsfixError, UsageError
from dsfix.record.labels import META as META_FILE
from dsfix.record.labels import Labels, labels
from dsfix.record.log import SessionLog
from tests.record.support import META, NONE, START, recorded, request, user
from tests.support.commands import dsfix, environment


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory of its own."""
    monkeypatch.setenv("DSFIX_STATE_DIR", str(tmp_path))
    return tmp_path


def session(state: Path, at: float = START, said: str = "what was said") -> SessionLog:
    """A session of one exchange."""
    log = SessionLog(state, NONE, clock=lambda: at)
    log.start(META)
    recorded(log, request([user(said)]), None)
    log.close(0, 1)
    return log


def run(*words: str) -> list[str]:
    """The lines of the command's output; it succeeds."""
    result = CliRunner().invoke(sessions_app, list(words))
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout.splitlines()


def failure(*words: str) -> BaseException | None:
    """What the command fails with."""
    return CliRunner().invoke(sessions_app, list(words)).exception


def own(log: SessionLog) -> Labels:
    """The labels of that session."""
    assert log.directory is not None
    return labels(log.directory)


def listed() -> list[str]:
    """The ids that are listed."""
    return [each["id"] for each in json.loads("\n".join(run("list", "--json")))["data"]]


def test_labels_are_put_on_and_taken_off(state: Path) -> None:
    """One line each, without what a terminal would act on; empty takes away."""
    log = session(state)
    assert run("tag", "last", "b", "#a") == [log.id]
    run("categorize", "last", "bug")
    run("project", "last", "web site")
    run("rename", "last", " two\n lines\x1b[0m ")
    assert own(log) == Labels("two lines[0m", ("a", "b"), "bug", "web site")
    run("untag", "last", "#b", "never")
    for command in ("categorize", "project", "rename"):
        run(command, "last", "")
    assert own(log) == Labels(tags=("a",))
    shown = run("show", "last")
    assert any(line.split() == ["tags", "a"] for line in shown)
    for bad in ("", "#", "two words", "bell\x07"):
        assert isinstance(failure("tag", "last", bad), UsageError), bad


def test_labels_that_are_no_file_keep_nobody_waiting(state: Path) -> None:
    """A pipe in their place, which nobody writes to, as in a record from elsewhere."""
    log = session(state)
    assert log.directory is not None
    os.mkfifo(log.directory / META_FILE)
    ran = dsfix("sessions", "list", home=state, env=environment(state, DSFIX_STATE_DIR=str(state)))
    assert ran.code == 0 and log.id in ran.out


def test_labels_hold_no_secret(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent may give its session a title, and anything may stand in that."""
    monkeypatch.setenv("SERVICE_TOKEN", "value-of-the-token")
    log = session(state)
    for command in ("tag", "categorize", "project", "rename"):
        run(command, "last", "x:value-of-the-token")
    shown = "x:[REDACTED:SERVICE_TOKEN]"
    assert own(log) == Labels(shown, (shown,), shown, shown)


def test_a_deleted_session_is_hidden_until_it_comes_back(state: Path) -> None:
    """From lists, from `last` and from TAB; its record stays."""
    old, new = session(state), session(state, START + 10)
    assert run("delete", new.id) == [new.id]
    assert listed() == [old.id]
    assert run("path", "last") == [str(old.path)]
    assert new.id not in session_ids("") and hidden_session_ids("") == [new.id]
    assert isinstance(failure("show", new.id), DsfixError)
    assert new.path is not None and new.path.is_file()
    assert run("undelete", "last") == [new.id]
    assert listed() == [new.id, old.id] and hidden_session_ids("") == []
    assert session_ids("") == ["last", new.id, old.id]


def test_a_list_without_a_session_says_why(state: Path) -> None:
    """What was deleted was recorded all the same."""

    def said(*words: str) -> str:
        return CliRunner().invoke(sessions_app, ["list", *words]).stderr.strip()

    assert said() == "no session has been recorded"
    run("delete", session(state).id)
    assert said().startswith("every session was deleted; `dsfix sessions undelete`")
    assert said("--agent", "claude") == "no session fits"


def test_a_hidden_session_says_how_it_comes_back(state: Path) -> None:
    """Where it is asked for by its id."""
    log = session(state)
    run("delete", log.id)
    error = failure("path", log.id)
    assert isinstance(error, DsfixError) and error.hint == f"dsfix sessions undelete {log.id}"


def test_none_is_hidden_where_one_is_unknown(state: Path) -> None:
    """A slip of the fingers changes nothing."""
    log = session(state)
    assert isinstance(failure("delete", log.id, "zzzz"), DsfixError)
    assert listed() == [log.id]


def test_nothing_is_removed_before_it_is_confirmed(state: Path) -> None:
    """Without --yes it is only said what would go."""
    old, new, tagged = session(state), session(state, START + 10), session(state, START - 10)
    run("tag", tagged.id, "keep")
    lines = run("gc", "--keep", "1")
    assert lines[0].startswith(old.id) and lines[0].endswith("too many")
    assert lines[1].startswith("1 session, ") and "--yes" in lines[1]
    assert listed() == [new.id, old.id, tagged.id]
    run("gc", "--keep", "1", "--yes")
    assert listed() == [new.id, tagged.id]
    assert run("gc") == ["nothing to remove"]


RARE = "§¶ß"  # three letters, as the index of words has them


def test_deleted_sessions_are_emptied(state: Path) -> None:
    """Also tagged ones, for the user has said so last; nothing of them stays in the index."""
    log = session(state, said=f"what was said {RARE}")
    other = session(state, START - 10, "other words")
    run("tag", log.id, "keep")
    assert listed() == [log.id, other.id]
    assert b"what was said" in (state / "index.db").read_bytes()
    run("delete", log.id)
    document = json.loads("\n".join(run("gc", "--yes", "--json")))["data"]
    assert document["removed"] and document["sessions"][0]["why"] == "deleted"
    assert log.path is not None and not log.path.exists()
    left = b"".join(each.read_bytes() for each in state.glob("index.db*"))
    assert b"what was said" not in left and RARE.encode() not in left
    assert listed() == [other.id]


def test_one_that_cannot_be_removed_keeps_no_words_of_the_others(state: Path) -> None:
    """The error comes when the index has forgotten what is gone."""
    log, stuck = session(state, said=f"what was said {RARE}"), session(state, START - 10)
    assert listed() == [log.id, stuck.id]
    run("delete", log.id, stuck.id)
    assert stuck.directory is not None
    moved = stuck.directory.rename(state / "sessions" / "elsewhere")
    stuck.directory.symlink_to(moved)
    assert isinstance(failure("gc", "--yes"), DsfixError)
    assert log.path is not None and not log.path.exists()
    left = b"".join(each.read_bytes() for each in state.glob("index.db*"))
    assert RARE.encode() not in left


def test_bounds_of_age_and_size(state: Path) -> None:
    """Days back from now, and a number with a unit."""
    log = session(state, 1e6)
    assert run("gc", "--size", "1GB", "--days", "100000") == ["nothing to remove"]
    for bound in (["--days", "0"], ["--size", "0.001kb"]):
        assert run("gc", *bound)[0].startswith(log.id), bound
    for bad in ("1", "many", "-1GB", "1e305GB"):
        assert isinstance(failure("gc", "--size", bad), UsageError), bad
