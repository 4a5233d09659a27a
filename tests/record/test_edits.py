"""What repairs changed is told with before and after, once in a conversation, without secrets."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsfix.protocol import spans
from dsfix.protocol.body import Body, Dialect
from dsfix.record import edits as edits_module
from dsfix.record.differing import Differing, in_bodies, within
from dsfix.record.edited import Edit
from dsfix.record.log import SessionLog
from dsfix.record.reader import Recorded, read
from dsfix.redact import Redactor
from dsfix.repairs import REPAIRS
from dsfix.repairs.base import Stage
from dsfix.repairs.chain import Outgoing
from dsfix.repairs.reply import Reply
from tests.record.support import (
    exchange,
    finished,
    of_type,
    opened,
    recorded,
    request,
    user,
)
from tests.repairs.support import RULES, call, memory, result, sent

SECRET = "sk-0123456789abcdef0123456789abcdef"


def written(log: SessionLog, *outgoing: Outgoing) -> list[Recorded]:
    """The exchanges of these requests, read back."""
    for number, each in enumerate(outgoing, 1):
        recorded(log, each, None, number)
    log.close(0, 1)
    assert log.path is not None and not log.trouble
    return list(read(log.path).exchanges)


def staged(before: dict[str, Any], after: dict[str, Any]) -> Outgoing:
    """A request that one repair made into another."""
    one, other = (
        Body.read(Dialect.MESSAGES, json.dumps(each).encode()) for each in (before, after)
    )
    assert one and other
    return Outgoing(
        Dialect.MESSAGES,
        other.pieces(),
        body=one,
        conversation="c",
        stages=(Stage("roles", one, other),),
    )


def test_each_repair_is_told_with_before_and_after(tmp_path: Path) -> None:
    """Numbers, names and blocks, where they stand, in the order of the repairs."""
    body = {
        "model": "claude-opus-5-5",
        "max_tokens": 9_000_000,
        "messages": [user("do it"), call("t1"), result("t1")],
        "tools": [{"name": "f", "input_schema": {"type": "object"}}],
    }
    _, outgoing = sent(Dialect.MESSAGES, body)
    (told,) = written(opened(tmp_path), outgoing)
    by_repair = {each.repair: each for each in told.edited.request}
    assert by_repair["model-name"] == Edit(
        "model-name", "model", '"claude-opus-5-5"', '"deepseek-v4-pro"'
    )
    assert by_repair["max-tokens"] == Edit("max-tokens", "max_tokens", "9000000", "393216")
    put_in = by_repair["thinking-replay"]
    assert (put_in.where, put_in.before) == ("messages[1].content[0]", None)
    assert json.loads(put_in.after or "")["type"] == "thinking"
    assert list(by_repair) == ["model-name", "max-tokens", "thinking-replay"]
    assert (told.edited.repeated, told.edited.left_out) == (0, 0)


def test_the_stages_lead_from_what_came_to_what_went_out() -> None:
    """Each repair is given what the one before it made; none that changed nothing has a stage."""
    body = {"model": "x", "max_tokens": 9_000_000, "messages": [user("hi"), call("t1")]}
    _, outgoing = sent(Dialect.MESSAGES, body)
    first, *_, last = outgoing.stages
    assert first.before is outgoing.body
    for one, other in pairwise(outgoing.stages):
        assert one.after is other.before and one.after != one.before
    assert isinstance(last.after, Body) and last.after.encode() == outgoing.data
    assert {each.repair for each in outgoing.stages} <= {each.repair for each in outgoing.changes}


def test_what_the_request_before_had_too_is_counted(tmp_path: Path) -> None:
    """The reasoning of an old turn is put back every time and told once, wherever marks stand."""
    history = [user("do it"), call("t1"), result("t1"), call("t2"), result("t2")]
    marked = json.loads(json.dumps(history[:3]))
    marked[1]["content"][0]["cache_control"] = {"type": "ephemeral"}
    keeping = memory()
    requests = [
        sent(Dialect.MESSAGES, {"model": "x", "messages": said}, to=keeping)[1]
        for said in (history[:3], history[:3], marked, history)
    ]
    told = [each.edited for each in written(opened(tmp_path), *requests)]
    assert [len(each.request) for each in told] == [2, 0, 0, 1]
    assert [each.repeated for each in told] == [0, 2, 2, 2]
    assert told[3].request[0].where == "messages[3].content[0]"


def test_another_conversation_tells_its_own(tmp_path: Path) -> None:
    """Each is read for itself."""
    one, other = (
        sent(Dialect.MESSAGES, {"model": "x", "messages": [user(text)]})[1] for text in "ab"
    )
    told = written(opened(tmp_path), one, other)
    assert [len(each.edited.request) for each in told] == [1, 1]


def test_what_was_moved_is_taken_out_and_put_in(tmp_path: Path) -> None:
    """A system message on the Messages wire becomes text of the user's before it."""
    said = [user("hi"), {"role": "system", "content": "be brief"}, call("t1"), result("t1")]
    _, outgoing = sent(Dialect.MESSAGES, {"model": "deepseek-v4-pro", "messages": said})
    (told,) = written(opened(tmp_path), outgoing)
    put_in, taken_out = [each for each in told.edited.request if each.repair == "roles"]
    assert put_in == Edit(
        "roles", "messages[0].content[1]", None, '{"type":"text","text":"be brief"}'
    )
    assert (taken_out.where, taken_out.after) == ("messages[1]", None)


def test_a_body_that_was_no_json_is_told_message_by_message(tmp_path: Path) -> None:
    """Half of a pair in a tool's result, in the middle of a long text."""
    data = json.dumps(
        {
            "model": "deepseek-v4-pro",
            "messages": [user("a"), user("x" * 5000 + "\ud83d" + "y" * 5000)],
        }
    ).encode()
    _, outgoing = sent(Dialect.MESSAGES, data)
    (told,) = written(opened(tmp_path), outgoing)
    edit = next(each for each in told.edited.request if each.repair == "encoding")
    assert edit.where == "messages[1]"
    assert edit.before and "x\\ud83dy" in edit.before and edit.before[0] == edit.before[-1] == "…"
    assert edit.after and "x\\ufffdy" in edit.after and len(edit.after) < 2100


def test_long_values_are_cut_around_the_first_difference(tmp_path: Path) -> None:
    """What is the same before it says nothing."""
    before = {"model": "m", "messages": [user("z" * 9000 + "one" + "z" * 9000)]}
    after = {"model": "m", "messages": [user("z" * 9000 + "other" + "z" * 9000)]}
    (told,) = written(opened(tmp_path), staged(before, after))
    (edit,) = told.edited.request
    assert edit.where == "messages[0].content[0].text"
    assert edit.before and "zonez" in edit.before
    assert edit.after and "zotherz" in edit.after and len(edit.after) <= 2002


def test_secrets_are_taken_out_before_anything_is_cut(tmp_path: Path) -> None:
    """A key on the edge of what is kept is not kept in half; nor is one in a name."""
    text = "z" * 1970 + " " + SECRET
    before = {"model": "m", "messages": [user(text)], "stop": {SECRET: 1}}
    after = {"model": "m", "messages": [user("z" + text)], "stop": {SECRET: 2}}
    log = opened(tmp_path, Redactor({}))
    (told,) = written(log, staged(before, after))
    assert log.path is not None and SECRET[:10] not in log.path.read_text()
    assert told.edited.request[0].where == "stop.[REDACTED:api-key]"
    assert "[REDACTED" in (told.edited.request[1].before or "")


def test_who_the_user_is_is_not_told(tmp_path: Path) -> None:
    """The device that an agent names is no more in the record than before."""
    body = {
        "model": "deepseek-v4-pro",
        "messages": [user("hi")],
        "metadata": {"user_id": "device 7!"},
    }
    log = opened(tmp_path)
    (told,) = written(log, sent(Dialect.MESSAGES, body)[1])
    (edit,) = told.edited.request
    assert (edit.repair, edit.where) == ("user-id", "metadata.user_id")
    assert edit.after and edit.after.startswith('"dsfix-')
    assert log.path is not None and "device 7" not in log.path.read_text()


def test_what_has_no_room_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And is not told by the next request either."""
    monkeypatch.setattr(edits_module, "ROOM", 1000)
    names = [f"t{number}" for number in range(30)]
    history = [user("go"), *(each for name in names for each in (call(name), result(name)))]
    outgoing = sent(Dialect.MESSAGES, {"model": "deepseek-v4-pro", "messages": history})[1]
    first, second = (each.edited for each in written(opened(tmp_path), outgoing, outgoing))
    assert 0 < len(first.request) < 10 and len(first.request) + first.left_out == 30
    assert (second.request, second.repeated, second.left_out) == ((), 30, 0)


def test_without_bodies_there_are_no_edits(tmp_path: Path) -> None:
    """They are texts too."""
    log = opened(tmp_path, bodies=False)
    outgoing = sent(Dialect.MESSAGES, {"model": "NEVER", "messages": [user("hi"), call("t1")]})[1]
    (told,) = written(log, outgoing)
    assert told.edited.request == () and "edits" not in of_type(log, "request")[0]


def test_what_was_changed_in_an_answer(tmp_path: Path) -> None:
    """The first events that a repair changed, those alike once; what was put beside, by itself."""
    outgoing = sent(Dialect.MESSAGES, {"model": "claude-x", "messages": [user("hi")]})[1]
    reply = Reply.to(outgoing, REPAIRS, RULES)
    start = {
        "type": "message_start",
        "message": {"id": "m", "model": "deepseek-v4-pro", "usage": {}},
    }
    thinking = {"type": "thinking", "thinking": ""}
    events: list[dict[str, Any]] = [
        start,
        {"type": "content_block_start", "index": 0, "content_block": thinking},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_stop"},
    ]
    for event in events:
        reply.feed(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
    log, each = opened(tmp_path), exchange()
    log.began(each, outgoing)
    log.ended(finished(each), reply)
    log.close(0, 1)
    assert log.path is not None
    model, *signed = read(log.path).exchanges[0].edited.answer
    assert model == Edit("response-model", "message.model", '"deepseek-v4-pro"', '"claude-x"')
    assert signed[0] == Edit("signature", "content_block.signature", None, '""')
    assert signed[1].where == "event" and signed[1].before is None
    assert "signature_delta" in (signed[1].after or "")


def test_a_record_of_before_has_none(tmp_path: Path) -> None:
    """And one that was damaged is read without what does not fit."""
    log = opened(tmp_path)
    (told,) = written(log, request([user("hi")]))
    assert told.edited.as_dict() == {"request": [], "repeated": 0, "left_out": 0, "answer": []}


JSON = st.recursive(
    st.none() | st.integers(0, 9) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=12,
)


def applied(value: Any, found: list[Differing]) -> bool:
    """Whether the value has, at each path that tells of it, what is said to stand there."""
    for each in found:
        if each.before is not None and each.where:
            at: Any = value
            for step in each.where.replace("]", "").replace("[", ".").strip(".").split("."):
                at = at[int(step)] if isinstance(at, list) else at[step]
            if at != spans.value(each.before):
                return False
    return True


@given(JSON, JSON)
def test_each_place_has_what_is_told_of_it(before: Any, after: Any) -> None:
    """Something differs exactly where something is told, and its `before` stands at its place."""
    one, other = spans.encode(before), spans.encode(after)
    found = list(within(Differing("", one, other))) if one != other else []
    assert bool(found) == (one != other)
    assert applied(before, found)
    assert all(each.before != each.after for each in found)


@given(st.lists(JSON, min_size=1, max_size=5), st.lists(JSON, min_size=1, max_size=5))
def test_bodies_that_are_the_same_differ_nowhere(old: list[Any], new: list[Any]) -> None:
    """Messages are found by what they say."""
    first = Body.read(Dialect.CHAT, spans.encode({"messages": old, "a": 1}))
    second = Body.read(Dialect.CHAT, spans.encode({"messages": new, "a": 1}))
    assert first and second
    assert bool(list(in_bodies(first, second))) == (old != new)


LETTERS = st.lists(st.sampled_from([b'"%c"' % letter for letter in b"abcdefgh"]), max_size=20)


def rebuilt(old: list[bytes], found: list[Differing]) -> list[bytes]:
    """A list after all that is told of it."""
    placed = [(int(each.where[1:-1]), each) for each in found]
    put_in = {place: each.after for place, each in placed if each.before is None}
    others = {place: each.after for place, each in placed if each.before is not None}
    kept = [others.get(place, item) for place, item in enumerate(old)]
    rest = iter([item for item in kept if item is not None])
    return [put_in.get(place) or next(rest) for place in range(len(put_in) + sum(map(bool, kept)))]


@given(LETTERS, LETTERS)
def test_a_list_can_be_made_of_what_is_told(old: list[bytes], new: list[bytes]) -> None:
    """Whatever was put in, taken out, moved or said twice: nothing is missing, nothing too much."""
    whole = Differing("", spans.build_array(old), spans.build_array(new))
    found = [each for each in within(whole) if old != new]
    assert rebuilt(old, found) == new


def test_what_was_put_in_everywhere_is_told_place_by_place() -> None:
    """Reasoning before each call of a history; what stands around it has stayed."""
    calls = [b'{"call":%d}' % number for number in range(20_000)]
    both = [each for call in calls for each in (b'{"reasoning":' + call + b"}", call)]
    before, after = (
        spans.build_object({"input": spans.build_array(each)}) for each in (calls, both)
    )
    bodies = [Body.read(Dialect.RESPONSES, each) for each in (before, after)]
    assert bodies[0] and bodies[1]
    told = list(in_bodies(bodies[0], bodies[1]))
    assert [(each.where, each.before) for each in told] == [
        (f"input[{2 * place}]", None) for place in range(len(calls))
    ]
