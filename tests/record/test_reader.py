"""Reading a record back: whole, cut anywhere, and from another version."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dsfix.admission import Refusal
from dsfix.errors import DsfixError
from dsfix.protocol.answer import Block
from dsfix.protocol.usage import Usage
from dsfix.record.exchange import Attempt
from dsfix.record.ids import new_id, session_dir
from dsfix.record.log import SessionLog
from dsfix.record.reader import read
from dsfix.record.sessions import EndState, event_files, find
from dsfix.record.turned_away import KINDS
from dsfix.redact import Redactor
from dsfix.repairs.base import Change, Step
from dsfix.report.page.document import document
from dsfix.report.recall import recalled
from dsfix.report.summary import Trouble
from tests.record.support import (
    START,
    assistant,
    exchange,
    finished,
    indexed,
    of_type,
    opened,
    recorded,
    reply,
    request,
    user,
)
from tests.support.pty_session import wait_until


def written(tmp_path: Path) -> SessionLog:
    """A small session: two turns of one conversation, and a title."""
    log = opened(tmp_path)
    answer = reply(Block("text", parts=["two"], complete=True))
    tools = [{"name": "Read", "input_schema": {}}]
    recorded(log, request([user("one")], tools=tools, system="be good"), answer, 1)
    recorded(log, request([user("title?")], "t"), None, 2)
    turns = [user("one"), assistant("two"), user("three")]
    recorded(log, request(turns, tools=tools, system="be good"), answer, 3)
    log.close(0, 12.5)
    return log


def test_what_was_recorded_is_read_back(tmp_path: Path) -> None:
    """Exchanges, messages, system prompt and tools are as the agent sent them."""
    log = written(tmp_path)
    assert log.path is not None
    record = read(log.path)
    assert (record.id, record.state, record.duration) == (log.id, EndState.ENDED, 12.5)
    assert record.started == START
    assert record.start["agent"] == "claude"
    assert [each.exchange for each in record.exchanges] == log.exchanges
    last = record.exchanges[2]
    assert record.messages(last) == [user("one"), assistant("two"), user("three")]
    assert record.part(last, "system") == "be good"
    assert record.part(last, "tools") == [{"name": "Read", "input_schema": {}}]
    assert record.part(last, "nothing") is None
    assert last.answer == ({"type": "text", "text": "two"},)
    assert [each.exchange.id for each in record.conversations()] == [3, 2]


class Counting(dict[str, dict[str, Any]]):
    """Nodes that count how often one is asked for."""

    asked = 0

    def get(self, *key: Any) -> Any:
        """As a mapping's."""
        self.asked += 1
        return super().get(*key)


def test_where_two_requests_part(tmp_path: Path) -> None:
    """From the first message that is another one; what they share is not looked at."""
    log = opened(tmp_path)
    history = [user(str(number)) for number in range(60)]
    other = [*history[:57], user("another"), user("58"), assistant("59")]
    for number, said in enumerate((history[:58], history, other, []), 1):
        recorded(log, request(said), None, number)
    log.close(0, 1)
    assert log.path is not None
    nodes = Counting((record := read(log.path)).nodes)
    record = replace(record, nodes=nodes)
    first, grown, changed, empty = record.exchanges
    assert record.parted(first, grown) == record.parted(grown, grown) == []
    found = record.parted(grown, changed)
    assert [place for place, _, _ in found] == [57, 58, 59]
    assert found[0][1:] == (record.names(grown)[57], record.names(changed)[57])
    assert found[1][1] == found[1][2]
    assert record.parted(empty, grown) == []
    nodes.asked = 0
    record.parted(grown, changed)
    assert nodes.asked < 10


def test_every_field_of_an_exchange_survives(tmp_path: Path) -> None:
    """Nothing that the summary is made of is lost on the way through the file."""
    log = opened(tmp_path)
    each = exchange(kind="sub-agent", stream=True, bytes_in=321)
    changes = [Change("roles", "system moved", 3), Change("effort", "KeyError", failed=True)]
    outgoing = request([user("hi")])
    log.began(each, outgoing)
    finished(
        each,
        usage=Usage(5, 4, 3, None),
        error="overloaded",
        cut="upstream",
        step=Step.NATIVE,
        replayed=7,
        placeholders=2,
        bytes_out=99,
        changes=changes,
        attempts=[Attempt(400, "no", "resend")],
    )
    log.ended(each, None)
    log.close(0, 1)
    assert log.path is not None
    assert read(log.path).exchanges[0].exchange == each


def test_a_record_cut_anywhere_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """Every length of the file gives a session, and never more exchanges than a longer one."""
    log = written(tmp_path)
    assert log.path is not None
    longer = 3
    text = log.path.read_bytes()
    for length in range(log.path.stat().st_size, -1, -1):
        os.truncate(log.path, length)
        record = read(log.path)
        assert len(record.exchanges) <= longer
        longer = len(record.exchanges)
        for each in record.exchanges:
            assert len(record.messages(each)) == each.messages
        if length % 61 == 0 or b"\n" in text[length - 1 : length + 1]:
            [listed] = indexed(tmp_path)
            assert (listed.id, listed.state) == (record.id, record.state)
            assert listed.exchanges <= sum(each.ended for each in record.exchanges)
    assert longer == 0


def test_what_is_not_known_is_passed_over(tmp_path: Path) -> None:
    """Lines of a later version, of no JSON, or without what they should have."""
    log = written(tmp_path)
    assert log.path is not None
    lines = log.path.read_bytes().splitlines(keepends=True)
    strange = [
        b'{"v":9,"seq":1,"ts":"x","type":"hologram","data":{}}\n',
        b"not json\n",
        b"\xff\xfe\n",
        b"[]\n",
        b'{"type":"message"}\n',
        b'{"type":"progress","exchange":1,"blocks":[{}]}\n',
        b'{"type":"response","exchange":[]}\n',
        b"\n",
    ]
    log.path.write_bytes(b"".join(strange + [each for line in lines for each in (line, *strange)]))
    record = read(log.path)
    assert [each.exchange.id for each in record.exchanges] == [1, 2, 3]
    assert len(record.messages(record.exchanges[2])) == 3


def test_refusals_at_the_door_are_counted(tmp_path: Path) -> None:
    """The first of a kind is written when it is given, all others with the end."""
    log = opened(tmp_path, Redactor({"a-secret-of-mine": "token"}))
    twice, stranger = Refusal(404, "unknown path: GET /a"), Refusal(401, "no session token")
    secret = Refusal(404, "unknown path: GET /a-secret-of-mine")
    for each in (secret, twice, twice, stranger):
        log.refused(each)
    wait_until(lambda: len(of_type(log, "refused")) == 3)
    shown = Refusal(404, "unknown path: GET /[REDACTED:token]")
    assert log.path is not None
    assert read(log.path).turned_away == {shown: 1, twice: 1, stranger: 1}
    log.close(0, 1.0)
    record = read(log.path)
    assert record.turned_away == {shown: 1, twice: 2, stranger: 1}
    assert recalled(record).turned_away[0] == Trouble(*twice, 2)


def test_refusals_take_little_room(tmp_path: Path) -> None:
    """Whoever asks for other paths without end is counted and not written down each time."""
    log = opened(tmp_path)
    for number in range(10 * KINDS):
        log.refused(Refusal(404, f"unknown path: GET /{number}"))
    log.close(0, 1.0)
    assert len(of_type(log, "refused")) == KINDS + 2  # the others' first, and their count
    assert log.path is not None
    assert read(log.path).turned_away[Refusal(404, "other requests")] == 9 * KINDS


@pytest.mark.parametrize(
    ("kind", "odd"),
    [
        ("session.start", {"argv": 5}),
        ("session.start", {"branch": ["main"]}),
        ("session.end", {"duration": 1e308}),
        ("response", {"duration": 1e308}),
        ("response", {"changes": [{"detail": "m -> n"}]}),
        ("response", {"status": 10**30}),
    ],
)
def test_an_event_with_a_value_that_is_none_of_its_kind_is_passed_over(
    tmp_path: Path, kind: str, odd: dict[str, Any]
) -> None:
    """No report meets a number where a list belongs, or one that no session can have."""
    log = written(tmp_path)
    assert log.path is not None
    lines = [json.loads(line) for line in log.path.read_text(encoding="utf-8").splitlines()]
    found = []
    for said in (
        [each | odd if each["type"] == kind else each for each in lines],
        [each for each in lines if each["type"] != kind],
    ):
        log.path.write_text("".join(json.dumps(each) + "\n" for each in said), encoding="utf-8")
        record = read(log.path)
        found.append((record.start, record.end, record.exchanges, record.duration))
    assert found[0] == found[1]


def test_a_message_that_was_lost_is_told_as_none(tmp_path: Path) -> None:
    """The others of that request are still shown."""
    log = written(tmp_path)
    assert log.path is not None
    lines = log.path.read_bytes().splitlines(keepends=True)
    lost = [line for line in lines if b'"two"' not in line or b'"type":"message"' not in line]
    log.path.write_bytes(b"".join(lost))
    record = read(log.path)
    assert record.messages(record.exchanges[2])[-1] == user("three")


def test_a_history_that_goes_round_in_a_circle_has_an_end(tmp_path: Path) -> None:
    """Somebody wrote each message's parent to be itself, and their number to be enormous."""
    log = written(tmp_path)
    assert log.path is not None
    events = [json.loads(line) for line in log.path.read_bytes().splitlines()]
    for event in events:
        event |= {"parent": event["id"]} if event["type"] == "message" else {}
        event |= {"messages": 1 << 50} if event["type"] == "request" else {}
    log.path.write_text("".join(f"{json.dumps(event)}\n" for event in events), encoding="utf-8")
    record = read(log.path)
    first, _, last = record.exchanges
    assert len(record.messages(last)) <= len(record.nodes) + 1
    assert len(record.parted(first, last)) <= len(record.nodes) + 1
    nodes = document(record, recalled(record))["nodes"]
    assert all(parent < place for place, (parent, _) in enumerate(nodes))


def test_an_answer_that_was_never_finished_is_shown_as_far_as_it_came(tmp_path: Path) -> None:
    """From what was written while it grew; a text that had to be redacted later is corrected."""
    log = written(tmp_path)
    assert log.path is not None
    blocks = [
        [{"index": 0, "at": 0, "text": "think", "type": "thinking"}],
        [{"index": 1, "at": 0, "text": "hello -----BEGIN ", "type": "text"}],
        [{"index": 1, "at": 6, "text": "[REDACTED:private-key] done"}],
    ]
    with log.path.open("a") as file:
        for news in blocks:
            event = {"type": "progress", "exchange": 9, "blocks": news}
            file.write(json.dumps(event) + "\n")
        file.write('{"type":"request","exchange":9,"ts":"2026-11-21T03:15:22.000Z"}\n')
    last = read(log.path).exchanges[-1]
    assert not last.ended
    assert last.answer == (
        {"type": "thinking", "text": "think"},
        {"type": "text", "text": "hello [REDACTED:private-key] done"},
    )


def session(state: Path, name: str) -> Path:
    """An empty record under that name."""
    path = session_dir(state, name) / "events.jsonl"
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def test_sessions_come_newest_first(tmp_path: Path) -> None:
    """By their ids, over months and years; strange files beside them are no sessions."""
    names = ["20251231-235959-bbbb", "20260101-000000-cccc", "20260201-000000-dddd"]
    for name in names:
        session(tmp_path, name)
    (tmp_path / "sessions/notes.txt").write_text("")
    (tmp_path / "sessions/2026/01/empty").mkdir()
    assert [each.parent.name for each in event_files(tmp_path)] == names[::-1]
    assert list(event_files(tmp_path / "nowhere")) == []


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("20260201-000000-dddd", 1),
        ("20260201", 1),
        ("dddd", 1),
        ("last", 1),
        ("20260101-000000-cccc", 0),
    ],
)
def test_a_session_is_found_by_what_tells_it_apart(tmp_path: Path, name: str, found: int) -> None:
    """Its id, a beginning of it, or its last four characters."""
    paths = [session(tmp_path, "20260101-000000-cccc"), session(tmp_path, "20260201-000000-dddd")]
    assert find(tmp_path, name) == paths[found]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("2026", "2 sessions begin with '2026'"),
        ("zzzz", "no session 'zzzz'"),
        ("", "no session ''"),
        ("../../etc", "no session '../../etc'"),
    ],
)
def test_a_session_that_cannot_be_told_is_an_error(tmp_path: Path, name: str, message: str) -> None:
    """With what to do next."""
    session(tmp_path, "20260101-000000-cccc")
    session(tmp_path, "20260201-000000-dddd")
    with pytest.raises(DsfixError, match=message) as error:
        find(tmp_path, name)
    assert error.value.hint


@pytest.mark.parametrize("hidden", [False, True])
def test_the_last_of_no_sessions_is_an_error_of_its_own(tmp_path: Path, hidden: bool) -> None:
    """A list of none would help nobody."""
    with pytest.raises(DsfixError, match="no session has been recorded") as error:
        find(tmp_path, "last", hidden=hidden)
    assert error.value.hint == "dsfix run AGENT records one"


def test_ids_sort_by_time_and_differ(tmp_path: Path) -> None:
    """Also within one second."""
    assert new_id(START).startswith("20261121-031522-")
    assert new_id(START) < new_id(START + 1)
    assert len({new_id(START) for _ in range(50)}) > 45
