"""Text that nobody has to change goes by untouched, and all the rest is found among it."""

from __future__ import annotations

import json
from functools import partial
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsfix.protocol import reading, sse
from dsfix.protocol.answer import BLOCK
from dsfix.protocol.body import Dialect
from dsfix.repairs import REPAIRS
from dsfix.repairs.base import ALL, Answering, AnswerRepair, Repair
from dsfix.repairs.chain import Outgoing
from dsfix.repairs.reply import Reply
from tests.repairs.support import RULES

ASKED = "claude-x"
Event = dict[str, Any]


def _messages(kind: str, text: str) -> Event:
    if kind == "model":
        return {"type": "message_start", "message": {"id": "m", "model": "deepseek-v4-pro"}}
    if kind == "open":
        block = {"type": "thinking", "thinking": text}
        return {"type": "content_block_start", "index": 0, "content_block": block}
    if kind == "name":
        block = {"type": "tool_use", "id": "c", "name": "sent", "input": {}}
        return {"type": "content_block_start", "index": 0, "content_block": block}
    if kind == "error":
        return {"type": "error", "error": {"message": text, "code": 400}}
    if kind == "stop":
        return {"type": "content_block_stop", "index": 0}
    name = {"text": "text", "thinking": "thinking", "sign": "signature"}.get(kind, "partial_json")
    delta = {"type": f"{name}_delta", name: text}
    return {"type": "content_block_delta", "index": 0, "delta": delta}


def _chat(kind: str, text: str) -> Event:
    opened = {"index": 0, "id": "c", "function": {"name": "sent", "arguments": ""}}
    deltas: dict[str, Event] = {
        "thinking": {"reasoning_content": text},
        "name": {"tool_calls": [opened]},
        "arguments": {"tool_calls": [{"index": 0, "function": {"arguments": text}}]},
    }
    model = "deepseek-v4-pro" if kind == "model" else ASKED
    choice = {"index": 0, "delta": deltas.get(kind, {"content": text}), "finish_reason": None}
    error = {"error": {"message": text}} if kind == "error" else {}
    return {"id": "x", "model": model, "choices": [choice], **error}


def _responses(kind: str, text: str) -> Event:
    if kind in ("model", "error"):
        response = {"id": "r", "model": "deepseek-v4-pro", "status": "in_progress"}
        return {"type": "response.created", "response": response}
    if kind in ("open", "name"):
        item = {"type": "function_call", "call_id": "c", "name": "sent", "arguments": ""}
        item |= {"name": "free"} if kind == "open" else {}
        return {"type": "response.output_item.added", "output_index": 0, "item": item}
    of = {"text": "output_text", "thinking": "reasoning_text"}.get(kind, "function_call_arguments")
    return {"type": f"response.{of}.delta", "output_index": 0, "delta": text}


WIRES = {Dialect.MESSAGES: _messages, Dialect.CHAT: _chat, Dialect.RESPONSES: _responses}
TEXTS = st.one_of(
    st.text(max_size=4),
    st.sampled_from(
        ["<", "a < b", "<｜", '"', "\\", "\n", '{"input":"', "content_block_stop", "…"]
    ),
)
KINDS = ["text", "thinking", "arguments", "model", "open", "name", "sign", "stop", "error"]
SAID = st.lists(st.tuples(st.sampled_from(KINDS), TEXTS, st.integers(1, 12)), max_size=12)


def _reply(dialect: Dialect) -> Reply:
    free = frozenset({("", "free")})
    outgoing = Outgoing(dialect, (b"{}",), asked=ASKED, renamed={"sent": "own"}, freeform=free)
    return Reply.to(outgoing, REPAIRS, RULES)


def _events(dialect: Dialect, said: list[tuple[str, str, int]]) -> list[bytes]:
    return [
        sse.encode(json.dumps(WIRES[dialect](kind, text)).encode())
        for kind, text, times in said
        for _ in range(times)
    ]


@pytest.mark.parametrize("dialect", Dialect)
@given(said=SAID, each=st.booleans(), sizes=st.lists(st.integers(1, 60), min_size=1))
def test_a_run_is_changed_where_its_events_would_be(
    dialect: Dialect, said: list[tuple[str, str, int]], each: bool, sizes: list[int]
) -> None:
    """What the agent gets, and what was read, do not depend on how many events come at once, nor
    on whether they are read before the next ones come."""
    events = _events(dialect, said)
    one, some, many = (_reply(dialect) for _ in range(3))
    singly = b"".join([one.feed(event) for event in events]) + one.end()
    rest, runs = iter(events), []
    while run := b"".join(islice(rest, sizes[len(runs) % len(sizes)])):
        runs.append(_fed(some, run, each))
    assert b"".join(runs) + some.end() == singly
    assert many.feed(b"".join(events)) + many.end() == singly
    assert _read(many) == _read(one) == _read(some)
    assert many.answering.changes == one.answering.changes


@pytest.mark.parametrize("dialect", Dialect)
@given(
    said=st.lists(st.tuples(st.sampled_from(KINDS), TEXTS, st.integers(1, 80)), max_size=4),
    sizes=st.lists(st.integers(1, 100), min_size=1),
)
def test_an_answer_of_which_no_more_is_kept(
    dialect: Dialect, said: list[tuple[str, str, int]], sizes: list[int]
) -> None:
    """More text goes by unread, and all else is found among it as before."""
    events = _events(dialect, said)
    one, some, many = (_reply(dialect) for _ in range(3))
    for reply in (one, some, many):
        reply.answer.room = -1
    singly = b"".join([one.feed(event) for event in events]) + one.end()
    rest, runs = iter(events), []
    while run := b"".join(islice(rest, sizes[len(runs) % len(sizes)])):
        runs.append(some.feed(run))
    assert b"".join(runs) + some.end() == singly
    assert many.feed(b"".join(events)) + many.end() == singly
    assert _read(many) == _read(one) == _read(some)
    assert many.answering.changes == one.answering.changes


@pytest.mark.parametrize("dialect", Dialect)
def test_what_waits_goes_before_what_is_no_longer_kept(dialect: Dialect) -> None:
    """A text that could begin markup is held back, and more text does not overtake it."""
    begun, *more = _events(dialect, [("text", "<", 1), ("text", "so ", 100)])
    reply = Reply.to(Outgoing(dialect, (b"{}",), asked=ASKED), REPAIRS, RULES)
    reply.answer.room = -1
    assert reply.feed(begun) == b""
    assert reply.feed(b"".join(more)) == b"".join([begun, *more])


def _fed(reply: Reply, event: bytes, at_once: bool) -> bytes:
    given = reply.feed(event)
    if at_once:
        reply.catch_up()
    return given


def _read(reply: Reply) -> tuple[object, ...]:
    answer = reply.answer
    blocks = [(place, block.kind, block.text) for place, block in answer.blocks.items()]
    return blocks, answer.turn(), answer.error, answer.done, answer.unread


@pytest.mark.parametrize("dialect", [Dialect.MESSAGES, Dialect.CHAT])
@pytest.mark.parametrize("text", ["so ", "\n", 'say "yes"', "\\", "é"])
def test_what_only_says_more_is_read_later(dialect: Dialect, text: str) -> None:
    """It goes on at once and is read with what follows, all of it, and in its place."""
    reply = _reply(dialect)
    opening, *events = _events(dialect, [("open", "", 1), ("thinking", text, 100)])
    reply.feed(opening)
    behind = []
    for event in events:
        assert reply.feed(event) == event
        behind.append(reply.behind)
    assert behind.count(False) < 10
    reply.catch_up()
    assert not reply.behind
    assert [block.text for block in reply.answer.blocks.values()] == [text * 100]


@pytest.mark.parametrize("dialect", [Dialect.MESSAGES, Dialect.CHAT])
def test_text_that_may_be_a_call_is_not_read_later(dialect: Dialect) -> None:
    """What a repair waits for is found among text that goes on unread."""
    reply = _reply(dialect)
    for event in _events(dialect, [("open", "", 1), ("text", "so ", 3)]):
        reply.feed(event)
    assert reply.behind
    (angle,) = _events(dialect, [("text", "<", 1)])
    assert reply.feed(angle) == b""


@pytest.mark.parametrize("dialect", [Dialect.MESSAGES, Dialect.CHAT])
def test_text_behind_what_waits_waits_too(dialect: Dialect) -> None:
    """Also where what waits came at the end of a run whose first half went by."""
    reply = _reply(dialect)
    opening, *run = _events(dialect, [("open", "", 1), ("text", "so ", 100), ("text", "<", 1)])
    reply.feed(opening)
    assert reply.feed(b"".join(run)) == b"".join(run[:-1])
    (text,) = _events(dialect, [("text", "so ", 1)])
    assert reply.feed(text) == run[-1] + text


@pytest.mark.parametrize("dialect", Dialect)
@given(said=SAID)
def test_no_repair_needs_an_event_that_goes_by(
    dialect: Dialect, said: list[tuple[str, str, int]]
) -> None:
    """An event that is told to be text and nothing else says nothing to any repair.

    But to one that changes such events, which is asked first.
    """
    free = frozenset({("", "free")})
    (opening,) = map(sse.data_of, _events(dialect, [("open", "", 1)]))
    for event in filter(partial(_goes_by, dialect), _events(dialect, said)):
        for repair in REPAIRS:
            answering = Answering(dialect, ASKED, renamed={"sent": "own"}, freeform=free)
            of_dialect = repair.answer.get(dialect)
            if of_dialect is not None and not of_dialect.deltas:
                of_dialect.event(opening, answering)
                state = dict(answering.state)
                payload = sse.data_of(event)
                assert of_dialect.event(payload, answering) == [payload], repair.name
                assert answering.state == state, repair.name


def _goes_by(dialect: Dialect, event: bytes) -> bool:
    return reading.texts(dialect, event, ASKED) is not None


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("kind", ["text", "thinking"])
def test_text_goes_by(dialect: Dialect, kind: str) -> None:
    """Deltas of text are told at once, with code in them as well, and no repair is asked."""
    said = [(kind, "if a < b:\n", 3)]
    texts = reading.texts(dialect, b"".join(_events(dialect, said)), ASKED)
    assert texts is not None
    assert "".join(texts.said) == "if a < b:\n" * 3


@pytest.mark.parametrize("dialect", Dialect)
def test_no_repair_is_asked_about_text(dialect: Dialect) -> None:
    """Text passes a repair by that wants to see every delta; what is more than text does not."""
    asked: list[bytes] = []

    def event(data: bytes, answering: Answering) -> list[bytes]:
        asked.append(data)
        return [data]

    curious = Repair("curious", "", ALL, answer={dialect: AnswerRepair((b"delta", b"sent"), event)})
    reply = Reply.to(Outgoing(dialect, (b"{}",), asked=ASKED), (curious,), RULES)
    reply.feed(b"".join(_events(dialect, [("text", "if a < b:", 40), ("thinking", "so", 3)])))
    assert not asked
    reply.feed(b"".join(_events(dialect, [("name", "", 1), ("arguments", "{}", 1)])))
    assert asked


@pytest.mark.parametrize("line", [b"\n", b"\r\n"])
def test_an_event_of_several_parts_stays_whole(line: bytes) -> None:
    """A payload that comes in several `data:` lines is as well formed after an edit, and is read."""
    choices = b'data: "choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":null}]}'
    parts = (b'data: {"id": "c",', b'data: "model":"deepseek-v4-pro",', choices, b"", b"")
    reply = _reply(Dialect.CHAT)
    given = reply.feed(line.join(parts))
    assert json.loads(sse.data_of(given))["model"] == ASKED
    assert reply.answer.turn().text == "Hello"


def test_an_event_that_has_begun_goes_first() -> None:
    """What looks like a delta in a known form, but stands in an unfinished comment, is none."""
    reply = _reply(Dialect.CHAT)
    (event,) = _events(Dialect.CHAT, [("text", "so ", 1)])
    pieces = [event, event, b": a comment ", event, event]
    assert b"".join([reply.feed(each) for each in pieces]) + reply.end() == b"".join(pieces)
    assert [block.text for block in reply.answer.blocks.values()] == ["so " * 3]


def test_an_answer_that_names_thousands_of_models_is_told_in_a_few_lines() -> None:
    """Each is rewritten; what is told of them does not grow with them."""
    reply = _reply(Dialect.CHAT)
    for number in range(1000):
        event = _chat("text", "so") | {"model": f"m{number}"}
        given = reply.feed(sse.encode(json.dumps(event).encode()))
        assert json.loads(sse.data_of(given))["model"] == ASKED
    assert len(reply.answering.changes) == 100


def test_a_signature_without_end_is_not_kept() -> None:
    """It goes on, and takes no more room than an answer may; then that is no turn to replay."""
    reply = _reply(Dialect.MESSAGES)
    reply.answer.room = BLOCK + 1000
    for event in _events(Dialect.MESSAGES, [("open", "", 1), ("sign", "s" * 100, 50)]):
        assert reply.feed(event)
    assert len(reply.answer.blocks[0].signature) == 1000 and reply.answer.overlong


def test_a_call_is_complete_where_the_next_one_begins() -> None:
    """All those before it are, in whichever order they began."""
    reply = _reply(Dialect.CHAT)
    calls = [{"tool_calls": [{"index": each, "id": f"c{each}"}]} for each in (0, 2, 1)]
    for delta in ({"reasoning_content": "hm"}, *calls[:2], {"content": "so"}, calls[2]):
        event = {"id": "x", "model": ASKED, "choices": [{"index": 0, "delta": delta}]}
        reply.feed(sse.encode(json.dumps(event).encode()))
    found = {place: block.complete for place, block in reply.answer.blocks.items()}
    assert found == {0: True, 2: True, 4: True, 1: True, 3: False}


@pytest.mark.parametrize("dialect", Dialect)
def test_arguments_go_by_as_text_does(dialect: Dialect) -> None:
    """Where no tool takes plain text: what a call is given is most of what many answers say."""
    reply = Reply.to(Outgoing(dialect, (b"{}",), asked=ASKED), REPAIRS, RULES)
    opening, *deltas = _events(dialect, [("name", "", 1), ("arguments", "x = 1\n", 20)])
    reply.feed(opening)
    assert [reply.feed(event) for event in deltas] == deltas
    assert reply.behind
    reply.catch_up()
    assert [block.text for block in reply.answer.blocks.values()] == ["x = 1\n" * 20]
