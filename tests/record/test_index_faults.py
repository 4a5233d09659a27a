"""The index where its file or a record is not what it should be: the commands answer all the same."""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dsfix import locks
from dsfix.errors import DsfixError
from dsfix.record.index import file
from dsfix.record.index.opening import anew, current
from dsfix.record.labels import relabel
from dsfix.report.transcript import transcript
from tests.record.support import START, indexed, opened, recorded, request, user
from tests.support.commands import dsfix, environment

ROOT = Path(__file__).parent.parent.parent
# Bytes that a file may grow to: room for an empty index, not for what was said.
ROOM = 160 << 10


def session(state: Path, text: str = "hello") -> Path:
    """The record of a session in which a user says this."""
    log = opened(state)
    recorded(log, request([user(text)]), None)
    log.close(0, 1.0)
    assert log.path is not None
    return log.path


def ended(path: Path, **fields: Any) -> None:
    """Change what the last event of a record says."""
    *lines, last = path.read_text(encoding="utf-8").splitlines()
    lines.append(json.dumps(json.loads(last) | fields))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_a_full_disk_hides_nothing(tmp_path: Path) -> None:
    """What the file has no room for is read for the one command, and one line says so."""
    for number in range(3):
        session(tmp_path, f"{number} " + "".join(chr(0x4E00 + n) for n in range(number, 20_000)))
    code = (
        "import sys; from pathlib import Path; from tests.record.support import *;"
        "from dsfix.report.transcript import transcript;"
        "exec('with current(Path(sys.argv[1]), transcript) as (db, note):"
        " print(len(listed(db, ALL, 10)), note)')"
    )
    limits = ROOM, ROOM
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits),
    )
    assert done.stdout.startswith("3 "), done.stderr
    assert "for this command only" in done.stdout
    assert len(indexed(tmp_path)) == 3


def test_an_index_that_another_process_keeps_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was, after a few seconds, and one line says so."""
    assert file.PATIENCE <= 5.0
    monkeypatch.setattr(file, "PATIENCE", 0.05)
    session(tmp_path)
    assert len(indexed(tmp_path)) == 1
    session(tmp_path)
    with closing(sqlite3.connect(tmp_path / file.INDEX, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with current(tmp_path, transcript) as (db, note):
            assert db.execute("SELECT count(*) FROM sessions").fetchone() == (1,)
            assert "another process" in note
        with pytest.raises(DsfixError, match="another process"):
            anew(tmp_path, transcript)
    assert len(indexed(tmp_path)) == 2


def test_a_directory_that_another_process_keeps_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was stopped while it held the lock: nobody waits for it for long."""
    monkeypatch.setattr(locks, "PATIENCE", 0.05)
    path = session(tmp_path)
    with locks.alone(tmp_path), current(tmp_path, transcript) as (db, note):
        assert db.execute("SELECT count(*) FROM sessions").fetchone() == (1,)
        assert "another process keeps it locked" in note
        with pytest.raises(DsfixError, match="keeps it locked"):
            anew(tmp_path, transcript)
    with locks.alone(path.parent), pytest.raises(DsfixError, match="keeps it locked"):
        relabel(path.parent, lambda own: own.tagged("a"))
    assert relabel(path.parent, lambda own: own.tagged("a")).tags == ("a",)


@pytest.mark.parametrize("duration", [10**400, 1e308, -1, "long", None, [], 1e17])
def test_a_session_that_lived_for_no_length_of_time(tmp_path: Path, duration: Any) -> None:
    """It is listed; how long it lived is not known."""
    ended(session(tmp_path), duration=duration)
    [found] = indexed(tmp_path)
    assert (found.duration, found.started) == (0.0, START)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
@pytest.mark.parametrize("at", ["9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00.000Z", "9999"])
def test_a_moment_that_has_no_date_everywhere(tmp_path: Path, at: str, zone: str) -> None:
    """The session is told as if nobody had said when, and hides no other."""
    home = tmp_path / "home"
    env = environment(home, TZ=zone)
    state = home / ".local/state/dsfix"
    path, other = session(state), session(state).parent.name
    lines = [
        json.loads(line) | {"ts": at} for line in path.read_text(encoding="utf-8").splitlines()
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    shown = [dsfix(*words, home=home, env=env) for words in
             (("sessions", "list"), ("sessions", "show", path.parent.name), ("cost",))]  # fmt: skip
    assert [each.err for each in shown if each.code] == []
    assert other in shown[0].out and path.parent.name in shown[0].out


@pytest.mark.parametrize("count", [2**63 - 1, 10**400, -1, 1e308, "many", True])
def test_counts_that_are_none(tmp_path: Path, count: Any) -> None:
    """They are left out of the sums, which hold."""
    for _ in range(2):
        path = session(tmp_path)
        lines = list(map(json.loads, path.read_text(encoding="utf-8").splitlines()))
        for line in lines:
            if line["type"] == "response":
                line["gen_ai.usage.input_tokens"] = count
        path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert [(each.input <= 1, each.output) for each in indexed(tmp_path)] == [(True, 50)] * 2


@pytest.mark.parametrize(
    "odd", [{"seq": 10**30}, {"seq": None}, {"blocks": [{"index": "0", "at": 0, "text": "x"}]}, {}]
)
def test_an_unfinished_answer_that_is_damaged_hides_no_session(
    tmp_path: Path, odd: dict[str, Any]
) -> None:
    """It is not found, and all sessions are listed."""
    session(tmp_path)
    path = session(tmp_path)
    block = {"index": 0, "at": 0, "text": "x", "type": "text"}
    grown = {"type": "progress", "exchange": 2, "seq": 9, "blocks": [block]} | odd
    later = {**grown, "blocks": [{**block, "index": 1}]}
    if odd.get("seq", 9) is None:
        del grown["seq"], later["seq"]
    *lines, _ = path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines += [json.dumps(each) + "\n" for each in (grown, later)]
    path.write_text("".join(lines), encoding="utf-8")
    assert sorted(each.state for each in indexed(tmp_path)) == ["ended", "interrupted"]


def test_a_state_directory_whose_name_is_no_text(tmp_path: Path) -> None:
    """Its sessions are summed up and listed as those of any other."""
    env = environment(tmp_path, DSFIX_STATE_DIR=os.fsdecode(bytes(tmp_path) + b"/st\xff"))
    ran = dsfix("run", "--", "true", home=tmp_path, env=env)
    assert ran.code == 0 and ran.summary is not None
    listed = dsfix("sessions", "list", "--json", home=tmp_path, env=env)
    assert listed.code == 0 and ran.summary["session"]["id"] in listed.out
