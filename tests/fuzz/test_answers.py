"""Whatever an upstream streams or sends, it is passed on and read without an exception."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsfix.protocol import reading, spans, sse
from dsfix.protocol.answer import Answer
from dsfix.protocol.body import Dialect
from dsfix.repairs import REPAIRS
from dsfix.repairs.base import Step
from dsfix.repairs.chain import prepare
from dsfix.repairs.reply import Reply
from tests.fuzz.inputs import any_bytes, each_replaced, examples, odd_bodies, seeds
from tests.repairs.support import RULES, TOOLS, memory, request

DIALECTS = pytest.mark.parametrize("dialect", list(Dialect))


def events(data: bytes) -> list[Any]:
    """The payloads of a seed that can be decoded."""
    found = (spans.value(line) for line in sse.lines(data))
    return [event for event in found if isinstance(event, dict)]


EVENTS = [event for data in seeds("sse") for event in events(data)]


def reply_to(dialect: Dialect) -> Reply:
    """A reply with every repair at work, to a request that streams and offers a tool."""
    said = {"role": "user", "content": "x"}
    body = request(said, dialect=dialect, stream=True, tools=TOOLS[dialect])
    data = json.dumps({**body, "model": "claude-x"}).encode()
    out = prepare(dialect, data, REPAIRS, RULES, memory(), lambda _: Step.NONE)
    return Reply.to(out, REPAIRS, RULES)


def pieces(data: bytes, sizes: list[int]) -> list[bytes]:
    """The bytes cut at these sizes, over and over."""
    out, at, turn = [], 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        out.append(data[at : at + size])
        at, turn = at + size, turn + 1
    return out


CUTS = st.lists(st.integers(1, 60), min_size=1, max_size=5)


@given(any_bytes("sse"), CUTS, st.integers(1, 200))
@examples(150)
def test_the_relay_gives_every_byte_once(data: bytes, sizes: list[int], hold: int) -> None:
    """However the stream is cut and however little may be held, all bytes come out in order."""
    relay, out = sse.Relay(hold=hold), b""
    for piece in pieces(data, sizes):
        head, _, whole = relay.feed(piece)
        out += head + whole
    assert out + relay.rest() == data


@given(any_bytes("sse"))
@examples(150)
def test_events_are_split_without_loss(data: bytes) -> None:
    """Single events put together are the run they came from; each has a payload to read."""
    parts = sse.split(data)
    assert b"".join(parts) == data
    assert all(isinstance(sse.data_of(part), bytes) for part in parts)


@DIALECTS
@given(data=any_bytes("sse"))
@examples(80)
def test_readers_take_any_stream(dialect: Dialect, data: bytes) -> None:
    """A stream of any dialect or none is read as far as it is one, and makes a turn."""
    answer = Answer()
    reading.observe(dialect, answer, data)
    reading.observe_json(dialect, answer, data)
    answer.turn()


@DIALECTS
@given(odd=st.lists(odd_bodies(EVENTS), min_size=1, max_size=4))
@examples(120)
def test_readers_take_odd_events(dialect: Dialect, odd: list[Any]) -> None:
    """Well-formed events with members of the wrong kind do no harm either."""
    payloads = [json.dumps(event).encode("utf-8", "replace") for event in odd]
    answer = Answer()
    reading.observe(dialect, answer, b"".join(map(sse.encode, payloads)))
    for payload in payloads:
        reading.observe_json(dialect, answer, payload)
    answer.turn()


@DIALECTS
@given(data=any_bytes("sse"), sizes=CUTS, odd=st.lists(odd_bodies(EVENTS), max_size=2))
@examples(80)
def test_every_repair_takes_any_answer(
    dialect: Dialect, data: bytes, sizes: list[int], odd: list[Any]
) -> None:
    """With all repairs at work and none allowed to fail, any stream and document passes."""
    data += b"".join(sse.encode(json.dumps(event).encode()) for event in odd)
    reply = reply_to(dialect)
    for piece in pieces(data, sizes):
        reply.feed(piece)
    reply.end()
    reply.answer.turn()
    for document in (data, *(json.dumps(event).encode() for event in odd)):
        reply_to(dialect).whole(document)
        reply_to(dialect).error(400, document)


@DIALECTS
def test_any_member_of_an_event_may_be_of_another_kind(dialect: Dialect) -> None:
    """Each value of an ordinary event, in turn, in a stream and as a document."""
    reply, whole = reply_to(dialect), reply_to(dialect)
    for event in EVENTS:
        for odd in each_replaced(event):
            data = json.dumps(odd).encode()
            reply.feed(sse.encode(data))
            whole.whole(data)
    reply.end()
    reply.answer.turn()
