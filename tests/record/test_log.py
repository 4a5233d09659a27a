"""The journal: what it writes, what it never does to the session."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
import threading
from importlib.abc import MetaPathFinder
from pathlib import Path

import pytest

from dsfix.protocol import spans
from dsfix.protocol.answer import Block
from dsfix.protocol.usage import Usage
from dsfix.record import log as log_module
from dsfix.record.log import SessionLog
from dsfix.record.reader import read
from dsfix.record.writer import Writer
from dsfix.redact import Redactor
from dsfix.repairs.base import Change, Step
from dsfix.repairs.reply import Reply
from tests.record.support import (
    META,
    NONE,
    assistant,
    events,
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
from tests.repairs.support import RULES
from tests.support.pty_session import wait_until


def test_an_exchange_is_told_in_the_names_of_opentelemetry(tmp_path: Path) -> None:
    """Usage, models and times of a response stand under gen_ai.* names, input with the cache."""
    log = opened(tmp_path)
    each = exchange(kind="title")
    log.began(each, request([user("hi")], changes=[Change("model-name", "m -> n")]))
    each.changes.append(Change("signature", "signed", 2))
    log.ended(finished(each, usage=Usage(1000, 900, 50, 20)), None)
    log.close(3, 61.2345)
    sent, came = of_type(log, "request")[0], of_type(log, "response")[0]
    assert sent["ts"] == "2026-11-21T03:15:23.000Z"
    assert sent["kind"] == "title"
    assert sent["asked"] == "claude-sonnet-4-5"
    assert sent["gen_ai.request.model"] == "deepseek-v4-pro"
    assert sent["gen_ai.conversation.id"] == "c1"
    assert sent["changes"] == [{"repair": "model-name", "detail": "m -> n"}]
    assert sent["params"] == {"max_tokens": 100}
    assert came["gen_ai.response.model"] == "deepseek-v4-pro"
    assert came["gen_ai.response.finish_reasons"] == ["end_turn"]
    assert came["gen_ai.response.time_to_first_chunk"] == 0.25
    assert came["gen_ai.usage.input_tokens"] == 1000
    assert came["gen_ai.usage.cache_read.input_tokens"] == 900
    assert came["gen_ai.usage.output_tokens"] == 50
    assert came["gen_ai.usage.reasoning.output_tokens"] == 20
    assert came["changes"] == [{"repair": "signature", "detail": "signed", "count": 2}]
    end = events(log)[-1]
    assert (end["type"], end["exit_code"], end["duration"]) == ("session.end", 3, 61.234)
    assert end["totals"] == {
        "exchanges": 1, "errors": 0, "input": 1000, "cached": 900, "output": 50,
    }  # fmt: skip
    assert [event["seq"] for event in events(log)] == list(range(1, len(events(log)) + 1))


def test_a_message_is_stored_once(tmp_path: Path) -> None:
    """What a request repeats of the one before it costs nothing, wherever the markers are."""
    log = opened(tmp_path)
    mark = {"cache_control": {"type": "ephemeral"}}
    system = [{"type": "text", "text": "You are", **mark}]
    first = [user("one", **mark)]
    second = [user("one"), assistant("two"), user("three", **mark)]
    recorded(log, request(first, system=system), None, 1)
    recorded(log, request(second, system=[{"type": "text", "text": "You are"}]), None, 2)
    recorded(log, request(second[:1], "other"), None, 3)
    log.close(0, 1)
    said = of_type(log, "message")
    assert [each["content"]["role"] for each in said] == ["user", "assistant", "user"]
    assert "cache_control" not in log.path.read_text() if log.path else False
    assert len(of_type(log, "part")) == 2  # the block, and the list of one
    heads = [(each["head"], each["messages"]) for each in of_type(log, "request")]
    assert heads == [(said[0]["id"], 1), (said[2]["id"], 3), (said[0]["id"], 1)]
    assert said[2]["parent"] == said[1]["id"]


def test_a_repeated_message_is_a_node_without_content(tmp_path: Path) -> None:
    """The same words in another place are another node, and the same content."""
    log = opened(tmp_path)
    recorded(log, request([user("go on"), assistant("yes"), user("go on")]), None)
    log.close(0, 1)
    first, _, again = of_type(log, "message")
    assert again["hash"] == first["hash"] and again["id"] != first["id"]
    assert "content" in first and "content" not in again


def test_a_tool_input_named_like_a_marker_is_kept(tmp_path: Path) -> None:
    """Only an agent's markers are left out, never a part of what is said."""
    log = opened(tmp_path)
    call = {"type": "tool_use", "id": "t1", "name": "f", "input": {"cache_control": "x"}}
    recorded(log, request([user("a"), {"role": "assistant", "content": [call]}]), None)
    log.close(0, 1)
    assert of_type(log, "message")[1]["content"]["content"] == [call]


def test_a_volatile_block_does_not_store_the_system_prompt_again(tmp_path: Path) -> None:
    """A system prompt is stored block by block, as one block changes with every request."""
    log = opened(tmp_path)
    for number in range(10):
        system = [
            {"type": "text", "text": f"x-anthropic-billing-header: cch={number}"},
            {"type": "text", "text": "long " * 2000},
        ]
        recorded(log, request([user("hi")], system=system), None, number)
    log.close(0, 1)
    assert log.path is not None and log.path.stat().st_size < 10_000 + 10 * 1500


def test_the_answer_is_stored_as_it_came(tmp_path: Path) -> None:
    """Reasoning, text and calls are blocks; a call that was cut keeps the text of its arguments."""
    log = opened(tmp_path)
    answer = reply(
        Block("thinking", parts=["let me ", "see"], complete=True),
        Block("text", parts=["hello"], complete=True),
        Block("tool_use", "t1", "Read", parts=['{"path"', ':"a"}'], complete=True),
        Block("tool_use", "t2", "Read", parts=['{"path":"b']),
    )
    recorded(log, request([user("hi")]), answer)
    log.close(0, 1)
    assert of_type(log, "response")[0]["answer"] == [
        {"type": "thinking", "text": "let me see"},
        {"type": "text", "text": "hello"},
        {"type": "tool_use", "id": "t1", "name": "Read", "input": {"path": "a"}},
        {"type": "tool_use", "id": "t2", "name": "Read", "partial": '{"path":"b'},
    ]


@pytest.mark.parametrize("levels", [700, 5000, 100_000])
def test_arguments_that_go_too_deep_cost_nothing_else(tmp_path: Path, levels: int) -> None:
    """They are told as the text that they are, and the exchange with its tokens as any other.

    How deep that is, is Python's: for 3.11 it is 700, for 3.14 beyond 5,000.
    """
    log = opened(tmp_path)
    deep = '{"a":' * levels + "1" + "}" * levels
    recorded(log, request([user("hi")]), reply(Block("tool_use", "t1", "f", parts=[deep])))
    log.close(0, 1)
    (came,) = of_type(log, "response")
    (call,) = came["answer"]
    assert deep == call.pop("partial", None) or deep == spans.encode(call.pop("input")).decode()
    assert call == {"type": "tool_use", "id": "t1", "name": "f"}
    assert came["gen_ai.usage.input_tokens"] == 1000 and not log.trouble


def test_recovery_is_told_attempt_by_attempt(tmp_path: Path) -> None:
    """Each try that was refused stands in the response with the upstream's words."""
    from dsfix.record.exchange import Attempt

    log = opened(tmp_path)
    each = exchange()
    log.began(each, request([user("hi")]))
    tried = [Attempt(400, "must be passed back", "resend"), Attempt(400, "again", "native")]
    log.ended(finished(each, attempts=tried, step=Step.NATIVE, placeholders=2), None)
    log.close(0, 1)
    came = of_type(log, "response")[0]
    assert came["attempts"][0] == {"status": 400, "words": "must be passed back", "then": "resend"}
    assert (came["step"], came["placeholders"], len(came["attempts"])) == ("native", 2, 2)


def test_without_bodies_no_text_is_written(tmp_path: Path) -> None:
    """Hashes, sizes and counts remain."""
    log = opened(tmp_path, bodies=False)
    answer = reply(Block("text", parts=["NEVER this"], complete=True))
    system = [{"type": "text", "text": "NEVER the system"}]
    outgoing = request([user("NEVER that")], system=system, stop_sequences=["NEVER"])
    each = exchange()
    log.began(each, outgoing)
    log.answering(each, answer)
    log.ended(finished(each), answer)
    log.close(0, 1)
    assert log.path is not None and "NEVER" not in log.path.read_text()
    assert of_type(log, "response")[0]["answer"] == [{"type": "text", "characters": 10}]
    assert of_type(log, "message")[0]["bytes"] > 20


def test_without_bodies_no_argument_is_written(tmp_path: Path) -> None:
    """A prompt may be one, and is as much of what was said as any other."""
    log = SessionLog(tmp_path, NONE, bodies=False)
    log.start({**META, "argv": ["claude", "-p", "NEVER this"]})
    log.close(0, 1)
    assert log.path is not None and "NEVER" not in log.path.read_text()
    assert read(log.path).start["argv"] == ["claude"]


def test_a_private_session_leaves_nothing_on_disk(tmp_path: Path) -> None:
    """The exchanges are kept for the summary, and that is all."""
    log = SessionLog(None, NONE)
    log.start(META)
    recorded(log, request([user("hi")]), None)
    log.close(0, 1)
    assert len(log.exchanges) == 1 and log.path is None and not log.trouble
    assert not [path for path in tmp_path.rglob("*") if path.name != "home"]


def test_files_and_directories_are_private(tmp_path: Path) -> None:
    """Nobody else can enter, from the first moment on, whatever the umask."""
    old = os.umask(0)
    try:
        log = opened(tmp_path / "state")
    finally:
        os.umask(old)
    log.close(0, 1)
    assert log.path is not None
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600
    for directory in list(log.path.parents)[:5]:
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700, directory
    assert log.path.parent.parent == tmp_path / "state/sessions/2026/11"


def test_a_link_in_the_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    """A file that is there already is not ours to write to."""
    log = SessionLog(tmp_path, NONE)
    assert log.path is not None
    log.path.parent.mkdir(parents=True)
    log.path.symlink_to(tmp_path / "elsewhere")
    log.start(META)
    assert log.trouble and not (tmp_path / "elsewhere").exists()


def test_a_full_disk_stops_the_record_and_nothing_else(tmp_path: Path) -> None:
    """One that stays full is told at the end, once; the exchanges of the summary go on."""
    log = opened(tmp_path)
    assert log._file is not None
    os.dup2(os.open("/dev/full", os.O_WRONLY | os.O_CLOEXEC), log._file._fd)
    recorded(log, request([user("hi")]), None, 1)
    recorded(log, request([user("hi")]), None, 2)
    log.close(0, 1)
    assert log.trouble == f"the record stopped: {os.strerror(errno.ENOSPC)}"
    assert len(log.exchanges) == 2


def test_a_state_directory_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """A file in the way, for instance."""
    (tmp_path / "sessions").write_text("")
    log = opened(tmp_path)
    recorded(log, request([user("hi")]), None)
    log.close(0, 1)
    assert log.trouble.startswith("the record stopped: ")


def test_a_deleted_directory_is_noticed(tmp_path: Path) -> None:
    """Writing to a file that has no name any more is no record."""
    log = opened(tmp_path)
    recorded(log, request([user("hi")]), None)
    shutil.rmtree(tmp_path / "sessions")
    log.close(0, 1)
    assert log.trouble == "the record stopped: the file was deleted"


def test_an_event_that_cannot_be_told_leaves_a_gap(tmp_path: Path) -> None:
    """One broken exchange is told as trouble, and the next is written."""
    log = opened(tmp_path)
    broken = exchange()
    log.ended(finished(broken, usage="no usage"), None)
    recorded(log, request([user("hi")]), None, 2)
    log.close(0, 1)
    assert log.trouble == "the record has a gap: AttributeError"
    assert [each["exchange"] for each in of_type(log, "response")] == [2]


def test_what_is_no_text_spoils_no_event(tmp_path: Path) -> None:
    """A directory's name and an argument may hold any bytes; the rest of the event can be read."""
    log = SessionLog(tmp_path, NONE)
    log.start(
        {**META, "cwd": "/home/me/\udce9t\udce9", "project": "\udce9t\udce9", "argv": ["\udcff"]}
    )
    log.close(0, 1)
    assert log.path is not None
    start = read(log.path).start
    assert (start["agent"], start["cwd"], start["argv"]) == (META["agent"], "/home/me/?t?", ["?"])
    assert [each.project for each in indexed(tmp_path)] == ["?t?"]


def test_a_session_without_requests_has_a_beginning_and_an_end(tmp_path: Path) -> None:
    """No thread is started for it."""
    log = opened(tmp_path)
    log.close(0, 0.5)
    assert [event["type"] for event in events(log)] == ["session.start", "session.end"]
    assert log._thread is None


def test_an_unfinished_answer_is_written_while_it_grows(tmp_path: Path) -> None:
    """What has come is on disk within a second or so, but for the last words."""
    log = opened(tmp_path)
    each, growing = exchange(), reply(Block("text", parts=["word " * 40]))
    log.began(each, request([user("hi")]))
    log.answering(each, growing)
    wait_until(lambda: of_type(log, "progress"))
    growing.answer.blocks[0].parts.append("more " * 40)
    wait_until(lambda: len(of_type(log, "progress")) > 1)
    log.ended(finished(each), growing)
    log.close(0, 1)
    first, second = (event["blocks"][0] for event in of_type(log, "progress"))
    assert first["type"] == "text" and first["at"] == 0
    assert ("word " * 40).startswith(first["text"]) and len(first["text"]) >= 130
    assert second["at"] == len(first["text"])


class _Chokes(Redactor):
    """One that cannot take a certain word."""

    def text(self, text: str) -> str:
        if "odd" in text:
            raise ValueError
        return super().text(text)


def test_an_answer_that_cannot_be_told_holds_up_no_other(tmp_path: Path) -> None:
    """It is passed over until its next turn comes."""
    log = opened(tmp_path, _Chokes({}))
    for number, word in enumerate(("odd ", "word ")):
        each = exchange(number)
        log.began(each, request([user("hi")]))
        log.answering(each, reply(Block("text", parts=[word * 40])))
    wait_until(lambda: of_type(log, "progress"))
    log.close(0, 1)
    assert [event["exchange"] for event in of_type(log, "progress")] == [1]


def test_requests_that_pile_up_are_told_without_their_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that hangs does not fill the memory."""
    monkeypatch.setattr(log_module, "WAITING", 10)
    log = opened(tmp_path)
    recorded(log, request([user("hi")]), None)
    log.close(0, 1)
    assert "head" not in of_type(log, "request")[0] and not of_type(log, "message")


def test_what_waits_for_a_disk_that_hangs_holds_no_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a request beyond what may wait, and of its answer, nothing keeps the body in memory."""
    monkeypatch.setattr(log_module, "WAITING", 10)
    hangs = threading.Event()
    log = opened(tmp_path)
    log._put(lambda writer: hangs.wait(10) and None)
    outgoing = request([user("hi" * 1000)])
    before = sys.getrefcount(outgoing), sys.getrefcount(outgoing.data)
    recorded(log, outgoing, Reply.to(outgoing, (), RULES))
    assert (sys.getrefcount(outgoing), sys.getrefcount(outgoing.data)) == before
    hangs.set()
    log.close(0, 1)
    assert of_type(log, "request")[0]["bytes_sent"] == len(outgoing.data)


def test_what_waited_for_a_disk_that_failed_is_let_go(tmp_path: Path) -> None:
    """Nobody will write it down any more: its texts, all that has waited, are not in memory."""
    hangs = threading.Event()

    def fails(writer: Writer) -> None:
        hangs.wait(10)
        raise OSError("no more")

    log = opened(tmp_path)
    log._put(fails)
    outgoing = request([user("hi" * 1000)])
    assert outgoing.body is not None
    said = outgoing.body.messages
    before = sys.getrefcount(said), sys.getrefcount(outgoing.body.source)
    recorded(log, outgoing, reply(Block("text", parts=["word"])))
    waiting = sys.getrefcount(said), sys.getrefcount(outgoing.body.source)
    assert (waiting[0] > before[0], waiting[1]) == (True, before[1])
    hangs.set()
    wait_until(lambda: sys.getrefcount(said) == before[0])
    log.close(0, 1)
    assert log.trouble == "the record stopped: no more"


def test_a_thread_that_cannot_be_had_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system that has no thread to give for a moment costs nothing of the record."""
    log = opened(tmp_path)
    with monkeypatch.context() as few:
        few.setattr(threading.Thread, "start", _refuse)
        recorded(log, request([user("first")]), None)
    recorded(log, request([user("second")]), None)
    log.close(0, 1)
    assert not log.trouble
    assert len(of_type(log, "request")) == len(of_type(log, "response")) == 2


def _refuse(thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_a_body_that_is_no_request_is_told_by_its_size(tmp_path: Path) -> None:
    """What cannot be taken apart was passed through, and is not stored."""
    from dsfix.protocol.body import Dialect
    from dsfix.repairs.chain import Outgoing

    log = opened(tmp_path)
    recorded(log, Outgoing(Dialect.CHAT, (b"{broken",)), None)
    log.close(0, 1)
    assert of_type(log, "request")[0]["bytes_sent"] == 7
    assert "broken" not in (log.path.read_text() if log.path else "broken")


def test_at_the_end_the_rest_is_told_without_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no time for all of it, no exchange is missing, and the end is there."""
    monkeypatch.setattr(log_module, "IN_FULL", 0.02)
    log = opened(tmp_path)
    log._put(lambda writer: wait_until(lambda: log._late))
    recorded(log, request([user("hi")]), None)
    log.close(0, 1)
    assert not log.trouble
    assert "head" not in of_type(log, "request")[0] and not of_type(log, "message")
    assert of_type(log, "session.end")[0]["totals"]["exchanges"] == 1


class _NoDescriptor(MetaPathFinder):
    """Finds none for the writer, the first time that it is looked for."""

    found = False

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        """Nothing, so that others look."""
        if name == "dsfix.record.writer" and not self.found:
            self.found = True
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def test_a_descriptor_that_cannot_be_had_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first burst that uses all of them up costs nothing of the record."""
    finder = _NoDescriptor()
    monkeypatch.delitem(sys.modules, "dsfix.record.writer")
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    log = opened(tmp_path)
    recorded(log, request([user("hi")]), None)
    wait_until(lambda: of_type(log, "response"))
    log.close(0, 1)
    assert finder.found and not log.trouble
