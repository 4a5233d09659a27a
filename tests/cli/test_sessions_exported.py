"""`dsfix sessions export` and `diff`."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dsfix.cli.complete import formats
from dsfix.cli.sessions import sessions_app
from dsfix.errors import DsfixError, UsageError
from dsfix.report.export import FORMATS
from tests.record.support import assistant, opened, recorded, request, user

DRIVES = "\x1b\x07\x9b\u202e\u2066"


@pytest.fixture(autouse=True)
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a session of two requests."""
    monkeypatch.setenv("DSFIX_STATE_DIR", str(tmp_path))
    log = opened(tmp_path)
    recorded(log, request([user("one")], max_tokens=1), None, 1)
    recorded(log, request([user("one"), assistant("two"), user("\x1b[2Jthree")]), None, 2)
    log.close(0, 1)
    return log.id


def run(*words: str) -> str:
    """The command's output; it succeeds."""
    result = CliRunner().invoke(sessions_app, list(words))
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def failure(*words: str) -> BaseException | None:
    """What the command fails with."""
    return CliRunner().invoke(sessions_app, list(words)).exception


def test_every_format_goes_to_stdout(session: str) -> None:
    """Each is a name that TAB offers."""
    for form in formats(""):
        exported = run("export", "last", "--format", form)
        assert session in exported or form == "har"
        assert run("export", "last", "--format", form, "-o", "-") == exported
    assert formats("") == list(FORMATS)
    assert isinstance(failure("export", "last", "--format", "pdf"), UsageError)


def test_a_file_is_private_and_never_overwritten_unasked(tmp_path: Path) -> None:
    """Its name is printed; with --force the old one is replaced as a whole."""
    path = tmp_path / "out.jsonl"
    before = os.umask(0)
    try:
        assert run("export", "last", "--format", "jsonl", "-o", str(path)) == f"{path}\n"
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text(encoding="utf-8").splitlines()) == 3
    path.write_text("mine")
    words = ["export", "last", "--format", "jsonl", "-o", str(path)]
    refused = failure(*words)
    assert isinstance(refused, DsfixError) and refused.exit_code == 1
    assert path.read_text() == "mine"
    run(*words, "--force")
    assert path.read_text() != "mine"
    assert isinstance(failure(*words[:-1], str(tmp_path / "no" / "where")), DsfixError)
    assert sorted(each.name for each in tmp_path.iterdir() if each.is_file()) == ["out.jsonl"]


@pytest.mark.parametrize("form", FORMATS)
def test_no_export_drives_a_terminal(form: str, tmp_path: Path) -> None:
    """Not when it is printed, nor later as a file; in JSON the same characters are escapes."""
    log = opened(tmp_path)
    recorded(log, request([user(f"{DRIVES}four")]), None, 1)
    log.close(0, 1)
    file = tmp_path / "file"
    run("export", log.id, "--format", form, "-o", str(file))
    for text in (run("export", log.id, "--format", form), file.read_text(encoding="utf-8")):
        assert "four" in text or form in ("har", "otlp")
        assert not set(DRIVES) & set(text)
    if form == "jsonl":
        [exchange] = [json.loads(line) for line in text.splitlines()[1:]]
        assert exchange["request"]["messages"] == [user(f"{DRIVES}four")]


def test_what_changed_is_told(session: str) -> None:
    """Short members, and the first message that is new; nothing drives the terminal."""
    assert run("diff", "last", "1", "2").splitlines() == [
        "max_tokens: 1 → 100",
        "messages: 1 the same, then 0 → 2",
        '  + {"role": "assistant", "content": [{"type": "thinking", "thin…',
    ]
    assert run("diff", "last", "2", "2") == "no difference\n"
    document = json.loads(run("diff", "last", "2", "1", "--json"))
    assert document["command"] == ["sessions", "diff"]
    data = document["data"]
    assert (data["session"], data["first"], data["second"]) == (session, 2, 1)
    assert data["params"] == {"max_tokens": [100, 1]}
    assert data["messages"]["before"] == 3 and data["system"] is None
    assert isinstance(failure("diff", "last", "1", "3"), UsageError)
