"""`dsfix sessions`: lists and shows what was recorded."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dsfix.cli.sessions import sessions_app
from dsfix.errors import DsfixError, UsageError
from dsfix.protocol.answer import Block
from dsfix.protocol.body import Dialect
from dsfix.protocol.usage import Usage
from dsfix.record.exchange import Attempt
from dsfix.record.log import SessionLog
from dsfix.redact import Redactor
from dsfix.repairs.base import Change
from tests.record.support import META, assistant, exchange, finished, reply, request, user
from tests.repairs.support import call, result, sent

RUNNER = CliRunner(env={"COLUMNS": "80", "TERM": "dumb"})


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory of its own, and a time zone that does not move."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    return tmp_path / "state"


def session(state: Path, at: float = 1_795_230_922.0) -> SessionLog:
    """Two exchanges, the second of which went wrong; not yet closed."""
    log = SessionLog(state, Redactor({}), clock=lambda: at)
    log.start({**META, "argv": ["claude", "-p", "hi"]})
    answer = reply(
        Block("thinking", parts=["one\ntwo\nthree\nfour\nfive"], complete=True),
        Block("tool_use", "t", "Read", parts=['{"path":"a"}'], complete=True),
    )
    first, second = exchange(1), exchange(2)
    first.started = second.started = at
    log.began(first, request([user("read it")]))
    changes = [Change("model-name", "x"), Change("thinking-replay", "y")]
    log.ended(finished(first, changes=changes, finish="tool_use"), answer)
    lines = {"type": "tool_result", "tool_use_id": "t", "content": "line\n" * 30}
    reading = {"type": "tool_use", "id": "t", "name": "Read", "input": {"path": "a"}}
    said = [user("read it"), assistant("reading", "hm"), {"role": "user", "content": [lines]}]
    said[1]["content"].append(reading)
    log.began(second, request(said))
    finished(second, error="Rate limit reached", placeholders=1, usage=None)
    second.status, second.finish, second.usage = 429, "", None
    second.attempts = [Attempt(400, "must be passed back", "resend")]
    log.ended(second, None)
    return log


def run(*words: str) -> str:
    """The command's output; it succeeds."""
    ran = RUNNER.invoke(sessions_app, list(words))
    assert ran.exit_code == 0, ran.output
    return "\n".join(line.rstrip() for line in ran.stdout.splitlines())


def document(*words: str) -> dict[str, Any]:
    """The one JSON document on stdout."""
    found = json.loads(run(*words, "--json"))
    assert list(found) == ["schema", "command", "data", "errors"]
    assert found["schema"] == 1 and found["errors"] == []
    return dict(found)


def test_sessions_are_listed_newest_first(state: Path) -> None:
    """With when, who, how long, how much and how it ended."""
    log = session(state)
    log.close(0, 61)
    later = session(state, 1_795_320_922.0)
    assert later.path is not None
    deadline = time.monotonic() + 10
    while later.path.read_text(encoding="utf-8").count('"response"') < 2:
        assert time.monotonic() < deadline, "the writer did not write"
        time.sleep(0.01)
    assert (
        run("list")
        == f"""\
id                   started      agent    lived requests tokens end
{later.id} 22 Nov 04:15 claude                2  1,050 running
{log.id} 21 Nov 03:15 claude 0:01:01        2  1,050 exit 0"""
    )
    assert [each["id"] for each in document("list", "--limit", "1")["data"]] == [later.id]
    later.close(0, 1)


def test_nothing_recorded_is_no_error(state: Path) -> None:
    """A line on stderr, an empty list in JSON."""
    assert run("list") == ""
    assert document("list")["data"] == []


def test_a_session_is_shown(state: Path) -> None:
    """Its summary, its facts, and one row for each exchange with what went wrong below."""
    log = session(state)
    log.close(0, 61)
    assert (
        run("show", "last")
        == f"""\
dsfix: claude via api.deepseek.com · 1 min 01 s · exit 0
  exchanges  2 · main 2
  models     claude-sonnet-4-5 → deepseek-v4-pro (2)
  tokens     1,000 in (90% cached) · 50 out
  cost       $0.0002 by deepseek's price list · the cache saved $0.0006
  reasoning  placeholders of dsfix in 1 exchange
  repairs    model-name 1 · thinking-replay 1
  retries    400: must be passed back → resend
  errors     429: Rate limit reached
  started    2026-11-21 03:15:22
  directory  /home/me/work
  command    claude -p hi
  file       {log.path}

# time     kind model              in hit out    cost took end      fix
1 03:15:22 main deepseek-v4-pro 1,000 90%  50 $0.0002  1.5 tool_use   2
2 03:15:22 main deepseek-v4-pro                        1.5 429
  #2  400: must be passed back → resend
  #2  Rate limit reached
  #2  1 placeholder of dsfix in place of reasoning"""
    )


def test_an_exchange_in_which_the_web_was_looked_up(state: Path) -> None:
    """What costs money beside the tokens stands beside them."""
    log = SessionLog(state, Redactor({}))
    log.start(META)
    each = exchange()
    log.began(each, request([user("hi")]))
    log.ended(finished(each, usage=Usage(1000, 900, 50, searches=2, fetches=1)), None)
    log.close(0, 61)
    shown = run("show", "last", str(each.id))
    assert "1,000 in (900 cached) · 50 out · 2 searches · 1 page read" in shown


@pytest.mark.parametrize("columns", [80, 66, 60, 50, 40])
def test_a_narrow_screen_has_the_number_of_each_exchange(state: Path, columns: int) -> None:
    """`show ID N` wants it; columns are left out and none is cut."""
    log = session(state)
    log.close(0, 61)
    shown = RUNNER.invoke(sessions_app, ["show", "last"], env={"COLUMNS": str(columns)}).stdout
    head, first, second = (line.rstrip() for line in shown.split("\n\n")[1].splitlines()[:3])
    assert (head[0], first[0], second[0]) == ("#", "1", "2") and head.endswith("end      fix")
    assert "…" not in head + first + second and max(map(len, (head, first, second))) <= columns


def test_what_was_said_is_shown_folded(state: Path) -> None:
    """Reasoning, calls and results in a few lines each, the whole of a conversation in order."""
    log = session(state)
    log.close(0, 61)
    shown = run("show", log.id[-4:], "--messages").partition("main, exchange 2")[2]
    assert shown.splitlines()[1:] == [
        "user",
        "  read it",
        "assistant",
        "  thinks: hm",
        "  reading",
        '  calls Read: {"path": "a"}',
        "tool",
        "  result: line",
        "  line",
        "  … 28 more lines",
    ]


def test_a_session_as_json(state: Path) -> None:
    """The keys are pinned: scripts depend on them."""
    log = session(state)
    log.close(0, 61)
    assert log.path is not None
    data = document("show", log.id)["data"]
    assert list(data) == [
        "id", "state", "started", "argv", "cwd", "version", "path", "summary", "exchanges",
    ]  # fmt: skip
    assert data["state"] == "ended" and data["argv"] == ["claude", "-p", "hi"]
    first, second = data["exchanges"]
    assert list(first) == [
        "id", "started", "first_byte", "duration", "ended", "dialect", "path", "kind",
        "conversation", "stream", "models", "status", "finish", "error", "cut", "tokens",
        "cost", "replayed", "placeholders", "step", "repairs", "edits", "attempts",
    ]  # fmt: skip
    assert first["tokens"].items() >= {"input": 1000, "cached": 900, "output": 50}.items()
    assert (first["cost"], second["cost"]) == (data["summary"]["cost"]["amount"], None)
    assert second["tokens"] is None and second["attempts"][0]["then"] == "resend"
    said = document("show", log.id, "--messages")["data"]["conversations"]
    assert [list(each) for each in said] == [
        ["id", "kind", "exchange", "system", "messages", "answer"]
    ]
    assert said[0]["messages"][0] == user("read it")
    [row] = document("list")["data"]
    assert list(row) == [
        "id", "state", "started", "duration", "exit_code", "agent", "upstream", "cwd", "project",
        "branch", "title", "said", "category", "tags", "models", "exchanges", "errors", "tokens",
        "path",
    ]  # fmt: skip
    assert row["tokens"] == {"input": 1000, "cached": 900, "output": 50}


def edited(state: Path) -> SessionLog:
    """Two exchanges in which reasoning was put back, the second with nothing new."""
    log = SessionLog(state, Redactor({}), clock=lambda: 1_795_230_922.0)
    log.start(META)
    said = [user("hi"), call("t"), result("t")]
    for number in (1, 2):
        each = exchange(number)
        _, outgoing = sent(Dialect.MESSAGES, {"model": "deepseek-v4-pro", "messages": said})
        log.began(each, outgoing)
        each.changes = list(outgoing.changes)
        log.ended(finished(each), None)
    log.close(0, 1)
    return log


def test_one_exchange_is_shown_with_what_was_changed(state: Path) -> None:
    """Before and after, where; what an earlier request tells already is counted."""
    edited(state)
    first, edits = run("show", "last", "1").split("\n\n")
    assert "  cost      $0.0002\n" in first and "  repairs   thinking-replay: " in first
    head, where, after = edits.splitlines()
    assert head.startswith("changed in the request")
    assert where == "thinking-replay  messages[1].content[0]"
    assert after.startswith('  + {"type":"thinking","thinking":"')
    assert run("show", "last", "2").endswith(
        "1 more edit, as in an earlier request of this conversation"
    )
    assert "  calls f: {}" in run("show", "last", "1", "--messages")


def test_one_exchange_as_json(state: Path) -> None:
    """The same members as in the list of all."""
    log = edited(state)
    data = document("show", log.id, "1")["data"]
    assert list(data) == ["session", "exchange"] and data["session"] == log.id
    assert data["exchange"] == document("show", log.id)["data"]["exchanges"][0]
    edits = data["exchange"]["edits"]
    assert list(edits) == ["request", "repeated", "left_out", "answer"]
    assert list(edits["request"][0]) == ["repair", "where", "before", "after"]
    said = document("show", log.id, "1", "--messages")["data"]["conversations"]
    assert said[0]["messages"][0] == user("hi")
    ran = RUNNER.invoke(sessions_app, ["show", log.id, "3"])
    assert isinstance(ran.exception, UsageError)


def test_a_session_that_was_killed_is_told_as_interrupted(state: Path) -> None:
    """Its record ends anywhere, and nobody is writing it."""
    log = session(state)
    log.close(0, 61)
    assert log.path is not None
    log.path.write_bytes(log.path.read_bytes()[:-60])
    assert run("list").endswith("interrupted")
    assert "  state      interrupted\n" in run("show", "last")
    assert document("list")["data"][0]["state"] == "interrupted"


def test_an_unknown_session_is_an_error(state: Path) -> None:
    """As a DsfixError for the terminal, and as a document where JSON was asked for."""
    ran = RUNNER.invoke(sessions_app, ["show", "zzzz"])
    assert isinstance(ran.exception, DsfixError) and ran.stdout == ""
    ran = RUNNER.invoke(sessions_app, ["show", "zzzz", "--json"])
    assert ran.exit_code == 1
    assert json.loads(ran.stdout) == {
        "schema": 1,
        "command": ["sessions", "show"],
        "data": None,
        "errors": [{"code": "failed", "message": "no session 'zzzz'"}],
    }


def test_a_record_without_texts_can_be_shown(state: Path) -> None:
    """There is no conversation to show, and no failure."""
    log = SessionLog(state, Redactor({}), bodies=False)
    log.start(META)
    each = exchange()
    log.began(each, request([user("hi")]))
    log.ended(finished(each), None)
    log.close(0, 1)
    assert "message that was not kept" in run("show", "last", "--messages")


def test_a_prompt_on_the_command_line_does_not_hide_the_rest(state: Path) -> None:
    """Of `claude -p "$(cat prompt.md)"` the beginning is shown; the record has all of it."""
    log = SessionLog(state, Redactor({}), clock=lambda: 1_795_230_922.0)
    log.start({**META, "argv": ["claude", "-p", "word\n" * 20_000]})
    log.close(0, 1)
    shown = run("show", "last")
    assert "claude -p word" in shown and "…" in shown and len(shown) < 2_000
    assert len(json.loads(run("show", "last", "--json"))["data"]["argv"][2]) == 100_000
