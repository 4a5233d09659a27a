"""`dsfix sessions list` with filters, and `search`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dsfix.cli.sessions import sessions_app
from dsfix.cli.sessions.moments import moment
from dsfix.errors import UsageError
from dsfix.protocol.answer import Block
from dsfix.record.log import SessionLog
from dsfix.report.snippet import snippet
from tests.record.support import META, NONE, START, recorded, reply, request, user


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory of its own, and a time zone that does not move."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("DSFIX_STATE_DIR", str(tmp_path))
    time.tzset()
    return tmp_path


def session(state: Path, word: str, at: float = START, agent: str = "claude") -> SessionLog:
    """A session of one exchange about that word."""
    log = SessionLog(state, NONE, clock=lambda: at)
    log.start({**META, "agent": agent, "project": "web", "branch": "main"})
    answer = reply(Block("text", parts=[f"I have\n  fixed the {word}."], complete=True))
    recorded(log, request([user(f"fix the {word}")]), answer)
    log.close(0, 61)
    return log


def run(*words: str, columns: int = 80) -> str:
    """The command's output; it succeeds."""
    runner = CliRunner(env={"COLUMNS": str(columns), "TERM": "dumb"})
    result = runner.invoke(sessions_app, list(words))
    assert result.exit_code == 0, (result.output, result.exception)
    return "\n".join(line.rstrip() for line in result.stdout.splitlines())


def data(*words: str) -> Any:
    """What the JSON document says."""
    document = json.loads(run(*words, "--json"))
    assert document["command"] == ["sessions", words[0]] and document["errors"] == []
    return document["data"]


def ids(*words: str) -> list[str]:
    """The sessions that are listed."""
    return [each["id"] for each in data("list", *words)]


def test_a_hit_is_shown_with_its_place(state: Path) -> None:
    """Session, exchange and role, and the words around it in one line."""
    log = session(state, "tokenizer")
    assert (
        run("search", "TOKENIZER", "fixed")
        == f"""\
{log.id}  2026-11-21 03:15  web
  #1 assistant: I have fixed the tokenizer."""
    )
    assert data("search", "tokenizer.") == [
        {
            "session": log.id,
            "started": "2026-11-21T03:15:22.000Z",
            "project": "web",
            "exchange": 1,
            "role": "assistant",
            "sort": "text",
            "tool": "",
            "snippet": "I have fixed the tokenizer.",
            "marks": [[17, 27]],
        }
    ]


def test_filters_hold_for_lists_and_searches(state: Path) -> None:
    """All that are given, together."""
    old = session(state, "parser")
    new = session(state, "parser", START + 86_400, "codex")
    run("tag", old.id, "keep")
    for filters in (["--agent", "codex"], ["--since", "2026-11-22"], ["--limit", "1"]):
        assert ids(*filters) == [new.id]
        assert {each["session"] for each in data("search", "parser", *filters)} == {new.id}
    for filters in (["--tag", "keep"], ["--until", "2026-11-21"], ["--agent", "claude"]):
        assert ids(*filters) == [old.id]
        assert {each["session"] for each in data("search", "parser", *filters)} == {old.id}
    assert ids("--text", "parser", "--model", "v4", "--project", "web") == [new.id, old.id]
    assert ids("--text", "nothing") == [] == ids("--category", "x")
    assert data("search", "nothing") == []


def test_a_wide_list_says_what_it_was_about(state: Path) -> None:
    """Project, branch, tags, and a title or how the user began."""
    log = session(state, "parser")
    assert run("list", columns=140).endswith("exit 0 web main fix the parser")
    run("tag", log.id, "keep", "#wip")
    run("rename", "last", "The parser")
    assert run("list", columns=140).endswith("exit 0 web main #keep #wip The parser")


@pytest.mark.parametrize("columns", [30, 60, 120])
def test_an_id_is_whole_in_every_list(state: Path, columns: int) -> None:
    """It is what other commands are given; also where a project's name has wide letters."""
    log = SessionLog(state, NONE, clock=lambda: START)
    log.start({**META, "project": "\u6f22\u5b57" * 6})
    log.close(0, 1)
    run("rename", "last", "a title " * 20)
    assert log.id in run("list", columns=columns)


def test_a_narrow_list_leaves_columns_out_and_cuts_none(state: Path) -> None:
    """`exit` alone would be no exit code."""
    session(state, "parser")
    for columns in (80, 70, 60, 50, 40):
        shown = run("list", columns=columns)
        assert shown.endswith("exit 0") and "…" not in shown, columns
        assert max(map(len, shown.splitlines())) <= columns
    assert len(run("list", columns=80).split()) > len(run("list", columns=60).split())


def test_as_many_words_as_a_page_has(state: Path) -> None:
    """A whole error may be looked for."""
    page = [f"word{number}" for number in range(3_000)]
    log = session(state, " ".join(page))
    assert {each["session"] for each in data("search", *page[::-1])} == {log.id}
    assert ids("--text", " ".join(page[:2])) == [log.id]
    assert data("search", *page, "another") == []


def test_a_limit_beyond_all_numbers(state: Path) -> None:
    """It is told as a mistake, whoever held the key down."""
    session(state, "parser")
    for words in (["list"], ["search", "parser"]):
        result = CliRunner().invoke(sessions_app, [*words, "--limit", "9" * 30])
        assert result.exit_code == 2 and "--limit" in result.output
        assert CliRunner().invoke(sessions_app, [*words, "--limit", "9" * 6]).exit_code == 0


def test_words_that_are_no_text(state: Path) -> None:
    """An argument may hold any bytes, as a directory's name may: it is looked for as it is kept."""
    log = SessionLog(state, NONE, clock=lambda: START)
    log.start({**META, "project": "\udce9t\udce9"})
    log.close(0, 1)
    assert ids("--project", "\udce9t\udce9") == [log.id]
    for option in ("--agent", "--model", "--tag", "--category", "--text"):
        assert ids(option, "\udce9t\udce9") == []
    assert data("search", "\udce9t\udce9") == []


def test_words_that_cannot_be_searched(state: Path) -> None:
    """Nothing at all, and a time that is none."""
    runner = CliRunner()
    for words in (["search", " "], ["list", "--since", "soon"], ["list", "--until", "5"]):
        result = runner.invoke(sessions_app, words)
        assert isinstance(result.exception, UsageError), words
        result = runner.invoke(sessions_app, [*words, "--json"])
        assert result.exit_code == 2 and json.loads(result.stdout)["errors"], words


def test_a_broken_index_is_said_in_one_line(state: Path) -> None:
    """On stderr, with the list as it should be."""
    log = session(state, "parser")
    (state / "index.db").write_bytes(b"no index " * 1000)
    result = CliRunner().invoke(sessions_app, ["list", "--json"])
    assert result.exit_code == 0
    assert result.stderr.count("\n") == 1 and "made anew" in result.stderr
    assert json.loads(result.stdout)["data"][0]["id"] == log.id
    assert run("reindex") == ""


def test_an_index_that_cannot_be_made_is_said_as_that(state: Path) -> None:
    """`reindex` reads no records for itself, as it said; the others do."""
    session(state, "parser")
    (state / "index.db").mkdir()
    runner = CliRunner()
    for word in ("reindex", "list"):
        result = runner.invoke(sessions_app, [word])
        said = f"{result.exception or ''}{result.stderr}".strip()
        only = word == "list"
        assert "index.db cannot be used (" in said
        assert said.endswith("; the records are read for this command only") == only, said


@pytest.mark.parametrize(
    ("words", "end", "seconds"),
    [
        ("2026-11-21", False, 0.0),
        ("2026-11-21", True, 86_400.0),
        ("2026-11-21T01:00", True, 3600.0),
        ("2026-11-21T01:00+01:00", False, 0.0),
        ("2h", False, -7200.0),
        ("1.5d", False, -129_600.0),
        ("1w", True, -604_800.0),
    ],
)
def test_moments(state: Path, words: str, end: bool, seconds: float) -> None:
    """Dates are whole days in the user's zone; lengths are counted back from now."""
    midnight = 1_795_219_200.0
    assert moment(words, midnight, end=end) == midnight + seconds


@pytest.mark.parametrize(
    "words",
    ["", "d", "nand", "-1d", "infd", "1e308w", "1e9w", "3x", "2026-13-01", "9999-12-31", "-"],
)
def test_no_moments(words: str) -> None:
    """One line that speaks of dates, of which most are, and examples."""
    with pytest.raises(UsageError, match=r"is no date, and no number|is too far away") as error:
        moment(words, 0.0, end=True)
    assert error.value.hint


def test_a_snippet_marks_every_word_in_one_line() -> None:
    """Cut around the first of them; a word in a longer one is not marked twice."""
    text = "x" * 100 + " the Parser\n\tparses a par " + "y" * 200
    pieces = snippet(text, ["par", "parser"])
    assert [piece for piece, marked in pieces if marked] == ["Parser", "par", "par"]
    line = "".join(piece for piece, _ in pieces)
    assert line.startswith("…") and line.endswith("…") and "\n" not in line
    assert len(line) < 170
    assert snippet("", ["a"]) == []
