"""The index: whatever was read when, it says what the records say."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsfix.protocol.answer import Block
from dsfix.record.index.file import INDEX
from dsfix.record.index.opening import anew, current
from dsfix.record.index.query import Wanted, searched
from dsfix.record.index.schema import TABLES, VERSION
from dsfix.record.labels import labels, relabel
from dsfix.record.log import SessionLog
from dsfix.repairs.reply import Reply
from dsfix.report.transcript import transcript
from tests.record.support import (
    NONE,
    START,
    assistant,
    exchange,
    finished,
    indexed,
    opened,
    recorded,
    reply,
    request,
    user,
)

ROOT = Path(__file__).parent.parent.parent


def saying(text: str) -> Reply:
    """An answer."""
    return reply(Block("text", parts=[text], complete=True))


def session(state: Path, at: float = START, word: str = "tokenizer") -> SessionLog:
    """Two turns that use a word, and a tool's result."""
    log = SessionLog(state, NONE, clock=lambda: at)
    log.start({"agent": "claude", "upstream": "https://api.deepseek.com", "cwd": "/home/me/web"})
    recorded(log, request([user(f"fix the {word}")]), saying(f"the {word} is fixed"), 1)
    result = {"type": "tool_result", "tool_use_id": "t", "content": f"{word}.py: 三个文件已更改"}
    call = {"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "git status"}}
    turn = assistant(f"the {word} is fixed", "let me look")
    turn["content"].append(call)
    history = [user(f"fix the {word}"), turn, {"role": "user", "content": [result]}]
    recorded(log, request(history), saying("done"), 2)
    log.close(0, 12.5)
    return log


def dumped(state: Path) -> dict[str, list[object]]:
    """All that the index says, with texts in place of their numbers."""
    columns = dict.fromkeys(TABLES, "*") | {"texts": "hash, role, sort, name, text"}
    with current(state, transcript) as (db, note):
        assert note == ""
        tables = {
            name: sorted(db.execute(f"SELECT {columns[name]} FROM {name}"), key=repr)
            for name in TABLES
            if name != "places"
        }
        tables["places"] = sorted(
            db.execute(
                "SELECT session, hash, exchange, seq, part FROM places JOIN texts ON id = places.text"
            )
        )
        db.execute("INSERT INTO found (found) VALUES ('integrity-check')")
    return tables


def said(state: Path, *words: str, **wanted: object) -> list[tuple[int, str, str]]:
    """Exchange, role and sort of every text with these words."""
    with current(state, transcript) as (db, _):
        hits = searched(db, Wanted(words=words, **wanted), 100)  # type: ignore[arg-type]
    return [(hit.exchange, hit.role, hit.sort) for hit in hits]


def remade(state: Path) -> dict[str, list[object]]:
    """The same of an index that is made from the records alone."""
    kept = state / "kept"
    kept.mkdir(exist_ok=True)
    for each in state.glob(f"{INDEX}*"):
        each.replace(kept / each.name)
    tables = dumped(state)
    for each in kept.iterdir():
        each.replace(state / each.name)
    return tables


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.floats(0, 1), min_size=1, max_size=6), whole=st.booleans())
def test_an_index_that_grew_equals_one_made_anew(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[float], whole: bool
) -> None:
    """A record read at any byte on its way leaves the rows of one that is read at once."""
    state = tmp_path_factory.mktemp("state")
    path = session(state).path
    assert path is not None
    data = path.read_bytes() if whole else growing(path.read_bytes())
    os.truncate(path, 0)
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # as the writer holds it
        for size in sorted(int(cut * len(data)) for cut in cuts):
            file.write(data[file.tell() : size])
            file.flush()
            assert dumped(state) == remade(state)
    assert dumped(state) == remade(state)


def growing(whole: bytes) -> bytes:
    """The record with an answer that grows all the time, and of whose session nobody saw the end.

    The other answers name another model than their requests did.
    """
    more: list[bytes] = []
    for line in whole.splitlines(keepends=True)[:-1]:
        event = json.loads(line)
        if event["type"] == "response":
            event["gen_ai.request.model"] = "deepseek-flash"
        at = 3 * (len(more) // 2)
        more.append(json.dumps(event).encode() + b"\n")
        news = {"index": 0, "at": at, "text": "so ", "type": "text"}
        fields = {"seq": event["seq"], "exchange": 9, "blocks": [news]}
        more.append(json.dumps({"type": "progress", **fields}).encode() + b"\n")
    return b"".join(more)


def test_a_record_that_is_still_written_is_read_on(tmp_path: Path) -> None:
    """What was said since the last listing is found, and nothing stands twice."""
    log = SessionLog(tmp_path, NONE, clock=lambda: START)
    log.start({"agent": "claude", "cwd": "/home/me/web"})
    assert [each.state for each in indexed(tmp_path)] == ["running"]
    recorded(log, request([user("first question")]), saying("first answer"), 1)
    log.close(0, 1)
    assert [(each.state, each.exchanges) for each in indexed(tmp_path)] == [("ended", 1)]
    assert said(tmp_path, "first") == [(1, "user", "text"), (1, "assistant", "text")]
    assert dumped(tmp_path) == remade(tmp_path)


def test_an_answer_that_was_cut_off_is_found(tmp_path: Path) -> None:
    """As far as it came, once nobody writes it any more."""
    path = session(tmp_path).path
    assert path is not None
    path.write_bytes(growing(path.read_bytes()))
    assert said(tmp_path, "so so so") == [(9, "assistant", "text")]
    assert len(indexed(tmp_path, Wanted(model="flash"))) == 1
    assert indexed(tmp_path)[0].state == "interrupted"


def test_what_is_said_again_is_kept_once(tmp_path: Path) -> None:
    """In later requests, and in other sessions; each session tells where it was said first."""
    session(tmp_path)
    session(tmp_path, START + 100)
    assert said(tmp_path, "tokenizer is fixed") == [(1, "assistant", "text")] * 2
    texts = dumped(tmp_path)["texts"]
    assert len(texts) == len({row[0] for row in texts})  # type: ignore[index]
    assert len(texts) == 6  # question, answer, reasoning, call, result, last answer


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("TOKENIZER",), [(1, "user", "text"), (1, "assistant", "text"), (2, "tool", "result")]),
        (("三个文件",), [(2, "tool", "result")]),
        (("文件",), [(2, "tool", "result")]),
        (("文",), [(2, "tool", "result")]),
        (("git status",), [(2, "assistant", "call")]),
        (("let me look",), [(2, "assistant", "reasoning")]),
        (("tokenizer", "fix", "is"), [(1, "assistant", "text")]),
        (('"fix', "OR"), []),
        (("%",), []),
        (("_o",), []),
        (("nowhere",), []),
    ],
)
def test_words_are_found(
    tmp_path: Path, words: tuple[str, ...], found: list[tuple[int, str, str]]
) -> None:
    """Whatever script they are in and however short they are; nothing in them is syntax."""
    session(tmp_path)
    assert said(tmp_path, *words) == found


def test_only_what_was_said_is_found(tmp_path: Path) -> None:
    """Not what an agent tells its model every time, and no placeholder of ours."""
    log = SessionLog(tmp_path, NONE, clock=lambda: START)
    log.start({})
    system = {"role": "system", "content": "be good to words"}
    turn = assistant("the word", "[reasoning not recorded: words]")
    recorded(log, request([system, user("some words"), turn], system="words"), None)
    log.close(0, 1)
    assert said(tmp_path, "word") == [(1, "user", "text"), (1, "assistant", "text")]


def test_sessions_are_filtered(tmp_path: Path) -> None:
    """By all that is known of them; what is hidden is never listed."""
    old, new = session(tmp_path, START, "parser"), session(tmp_path, START + 1000)
    assert old.directory is not None and new.directory is not None
    relabel(old.directory, lambda own: own.tagged("keep", "wip")._replace(category="bug"))
    relabel(new.directory, lambda own: own._replace(project="site", title="Tokens"))
    fits = [
        (Wanted(), [new.id, old.id]),
        (Wanted(tags=("wip", "keep")), [old.id]),
        (Wanted(tags=("wip", "no")), []),
        (Wanted(category="BUG"), [old.id]),
        (Wanted(project="web"), [old.id]),
        (Wanted(project="site"), [new.id]),
        (Wanted(agent="codex"), []),
        (Wanted(model="v4-pro"), [new.id, old.id]),
        (Wanted(model="sonnet"), [new.id, old.id]),
        (Wanted(model="%"), []),
        (Wanted(since=START + 1), [new.id]),
        (Wanted(until=START + 1), [old.id]),
        (Wanted(words=("parser",)), [old.id]),
    ]
    for wanted, ids in fits:
        assert [each.id for each in indexed(tmp_path, wanted)] == ids, wanted
    first = indexed(tmp_path)[1]
    assert (first.tags, first.said, first.models) == (
        ("keep", "wip"),
        "fix the parser",
        ("deepseek-v4-pro",),
    )
    assert (first.input, first.cached, first.output) == (2000, 1800, 100)
    relabel(new.directory, lambda own: own._replace(hidden=True))
    assert [each.id for each in indexed(tmp_path)] == [old.id]
    assert said(tmp_path, "tokenizer") == []


def test_labels_survive_the_index(tmp_path: Path) -> None:
    """They are in the session's own directory; no index is needed for them."""
    log = session(tmp_path)
    assert log.directory is not None
    relabel(log.directory, lambda own: own.tagged("keep"))
    before = dumped(tmp_path)
    anew(tmp_path, transcript)
    assert dumped(tmp_path) == before
    assert labels(log.directory).tags == ("keep",)
    assert indexed(tmp_path)[0].tags == ("keep",)


def test_a_session_that_is_gone_leaves_nothing(tmp_path: Path) -> None:
    """Not even the texts that only it held."""
    gone, stays = session(tmp_path, START, "parser"), session(tmp_path, START + 1000)
    assert len(indexed(tmp_path)) == 2
    assert gone.path is not None
    gone.path.unlink()
    assert [each.id for each in indexed(tmp_path)] == [stays.id]
    assert said(tmp_path, "parser") == []
    assert dumped(tmp_path) == remade(tmp_path)


@pytest.mark.parametrize("damage", ["noise", "torn", "version"])
def test_an_index_that_cannot_be_used_is_made_anew(tmp_path: Path, damage: str) -> None:
    """The old one is kept aside, and one line says so."""
    session(tmp_path)
    whole = dumped(tmp_path)
    path = tmp_path / INDEX
    if damage == "version":
        db = sqlite3.connect(path)
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
        db.close()
    elif damage == "noise":
        path.write_bytes(b"no index " * 1000)
    else:
        data = path.read_bytes()
        path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    with current(tmp_path, transcript) as (_, note):
        assert "made anew" in note and "\n" not in note
    assert dumped(tmp_path) == whole
    assert (tmp_path / "index.db.unusable").is_file()


def test_the_index_is_private(tmp_path: Path) -> None:
    """Whatever the umask; it holds what was said."""
    session(tmp_path)
    before = os.umask(0)
    try:
        with current(tmp_path, transcript):
            modes = {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.glob(f"{INDEX}*")}
    finally:
        os.umask(before)
    assert modes == {0o600}


def test_a_state_directory_that_cannot_be_written_can_be_read(tmp_path: Path) -> None:
    """The index is then made in RAM, and one line says so."""
    session(tmp_path)
    (tmp_path / INDEX).mkdir()
    with current(tmp_path, transcript) as (db, note):
        assert "for this command only" in note
        assert len(searched(db, Wanted(words=("tokenizer",)), 10)) == 3


def test_several_processes_make_one_index(tmp_path: Path) -> None:
    """They wait for each other and leave what one alone would have left."""
    for number in range(6):
        session(tmp_path, START + number, f"word{number}")
    code = (
        "import sys; from pathlib import Path; from tests.record.support import indexed;"
        "assert len(indexed(Path(sys.argv[1]))) == 6"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT) for _ in range(4)
    ]
    assert [each.wait(120) for each in running] == [0, 0, 0, 0]
    assert dumped(tmp_path) == remade(tmp_path)


def test_strange_lines_are_passed_over(tmp_path: Path) -> None:
    """Of a later version, of no JSON, or without what they should have."""
    path = session(tmp_path).path
    assert path is not None
    whole = dumped(tmp_path)
    strange = [
        b'{"v":9,"seq":1,"ts":"x","type":"hologram"}\n',
        b"not json\n",
        b'{"type":"response","exchange":[]}\n',
        b'{"type":"response","exchange":99999999999999999999999}\n',
        b'{"type":"request","exchange":1,"kind":{}}\n',
        b'{"type":"message","content":{"role":"user","content":"hm"}}\n',
        b'{"type":"progress","exchange":1,"blocks":[{}]}\n',
        b"\n",
    ]
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"".join([*strange, *lines[1:]]))
    changed = dumped(tmp_path)
    assert changed["texts"] == whole["texts"] and changed["places"] == whole["places"]
    assert [row[:3] for row in changed["exchanges"]] == [row[:3] for row in whole["exchanges"]]  # type: ignore[index]


def test_two_labellings_at_once_lose_nothing(tmp_path: Path) -> None:
    """Each waits for the other."""
    log = session(tmp_path)
    assert log.directory is not None
    code = (
        "import sys; from pathlib import Path; from dsfix.record.labels import relabel\n"
        "for n in range(40): relabel(Path(sys.argv[1]), lambda own: own.tagged(sys.argv[2] + str(n)))"
    )
    command = [sys.executable, "-c", code, str(log.directory)]
    running = [subprocess.Popen([*command, name], cwd=ROOT) for name in "ab"]
    assert [each.wait(60) for each in running] == [0, 0]
    assert len(labels(log.directory).tags) == 80
    assert stat.S_IMODE((log.directory / "meta.json").stat().st_mode) == 0o600


def test_a_session_is_known_by_how_its_user_began(tmp_path: Path) -> None:
    """In the main thread, without what an agent puts before the user's words."""
    log = SessionLog(tmp_path, NONE, clock=lambda: START)
    log.start({})
    for number, kind, texts in ((1, "title", ["name it"]), (2, "main", ["<note>", "do it"])):
        said = {"role": "user", "content": [{"type": "text", "text": text} for text in texts]}
        log.began(exchange(number, kind=kind), request([said], kind))
    log.close(0, 1)
    assert indexed(tmp_path)[0].said == "do it"


def test_an_unfinished_exchange_is_not_counted(tmp_path: Path) -> None:
    """Totals are of answers; an error is counted with them."""
    log = SessionLog(tmp_path, NONE, clock=lambda: START)
    log.start({})
    log.began(exchange(1), request([user("hi")]))
    failed = exchange(2)
    log.began(failed, request([user("hi")]))
    log.ended(finished(failed, error="overloaded"), None)
    log.close(None, 1)
    [each] = indexed(tmp_path)
    assert (each.exchanges, each.errors) == (1, 1)


def test_a_session_is_told_by_how_its_user_began(tmp_path: Path) -> None:
    """Behind what the agent says first; where all of it stood in a call for a title, by its end."""
    title = request([user("Name this chat:"), user("mend it")], "t")
    context = [user("You run on Linux."), user("test it"), user("<note>be brief</note>")]
    said = []
    for main in ([user("mend it")], context):
        log = opened(tmp_path / main[0]["content"][0]["text"])
        recorded(log, title, None, 1, kind="title")
        recorded(log, request(main), None, 2)
        log.close(0, 1)
        said += [each.said for each in indexed(tmp_path / main[0]["content"][0]["text"])]
    assert said == ["mend it", "test it"]
