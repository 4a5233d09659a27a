"""Tool calls in an answer's text: made calls where they are sure, and left alone elsewhere."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsfix.protocol import sse
from dsfix.protocol.body import Dialect
from dsfix.protocol.turns import is_random
from dsfix.repairs.dsml import LONGEST
from dsfix.repairs.reply import Reply
from tests.repairs.leaking import document, leak, reply_to, stream

EACH = pytest.mark.parametrize("dialect", list(Dialect))
MADE = ["tool calls in the text made calls"]
LEFT = ["tool calls in the text left as they are"]
FINISHED = {
    Dialect.MESSAGES: "tool_use",
    Dialect.CHAT: "tool_calls",
    Dialect.RESPONSES: "completed",
}


def cut(text: str, places: list[int]) -> list[str]:
    """The text in pieces."""
    ends = sorted({place % (len(text) + 1) for place in places} | {0, len(text)})
    return [text[a:b] for a, b in pairwise(ends)]


def passed(reply: Reply, events: list[bytes]) -> bytes:
    return b"".join(map(reply.feed, events)) + reply.end()


def notes(reply: Reply) -> list[str]:
    return [each.detail for each in reply.answering.changes if each.repair == "dsml"]


def said(reply: Reply) -> list[tuple[str, ...]]:
    """What the agent was told: each text, and each call with its arguments."""
    blocks = [reply.answer.blocks[index] for index in sorted(reply.answer.blocks)]
    return [
        (each.text,) if each.kind == "text" else (each.name, each.text)
        for each in blocks
        if each.kind in ("text", "tool_use") and (each.text or each.name)
    ]


CALL = ("f", '{"x":"ls -la"}')


@EACH
@given(
    places=st.lists(st.integers(0, 999), max_size=30),
    before=st.sampled_from(["", "Let me look.\n\n", "if a < b: ", "`<｜DSML｜` "]),
    sizes=st.lists(st.integers(1, 900), max_size=20),
)
@settings(max_examples=60, deadline=None)
def test_a_leaked_call_is_a_call(
    dialect: Dialect, places: list[int], before: str, sizes: list[int]
) -> None:
    """However text and stream are cut: the text before it stays, and the answer ends in a call."""
    whole = b"".join(stream(dialect, cut(before + leak(), places)))
    chunks, at = [], 0
    for size in (*sizes, len(whole)):
        chunks.append(whole[at : at + size])
        at += size
    reply = reply_to(dialect)
    out = passed(reply, chunks)
    assert b"tool_calls>" not in out
    assert said(reply) == ([(before,)] if before else []) + [CALL]
    assert reply.answer.finish == FINISHED[dialect]
    assert reply.answer.done and not reply.answer.unread
    assert notes(reply) == MADE


@EACH
def test_a_document_says_the_same_as_a_stream(dialect: Dialect) -> None:
    """Two calls of one answer have ids of their own, the same in both ways to say it."""
    text = "so:\n\n" + leak().replace("</｜DSML｜tool_calls>", leak("f", "pwd").partition(">\n")[2])
    streamed, whole = reply_to(dialect), reply_to(dialect)
    passed(streamed, stream(dialect, [text]))
    whole.whole(json.dumps(document(dialect, text)).encode())
    assert said(streamed) == said(whole) == [("so:\n\n",), CALL, ("f", '{"x":"pwd"}')]
    assert streamed.answer.turn() == whole.answer.turn()
    assert whole.answer.finish == FINISHED[dialect]
    first, second = whole.answer.turn().calls
    assert first.startswith("call_00_") and second.startswith("call_01_")
    assert is_random(first) and first[8:] != second[8:]
    assert notes(whole) == MADE


def test_the_next_answer_has_other_ids() -> None:
    """The same call in another answer is another call."""
    ids = set()
    for answer in ("m-1", "m-2"):
        reply = reply_to(Dialect.MESSAGES)
        events = b"".join(stream(Dialect.MESSAGES, [leak()])).replace(
            b'"m-1"', f'"{answer}"'.encode()
        )
        passed(reply, [events])
        ids.update(reply.answer.turn().calls)
    assert len(ids) == 2


def test_events_of_responses_are_numbered_without_a_gap() -> None:
    """The calls' items follow the message's, and all that repeats its text is cut."""
    reply = reply_to(Dialect.RESPONSES)
    out = passed(reply, stream(Dialect.RESPONSES, ["so: ", leak()]))
    events = [json.loads(line) for line in sse.lines(out)]
    assert [each["sequence_number"] for each in events] == list(range(len(events)))
    items = [each["item"] for each in events if each["type"] == "response.output_item.done"]
    assert events[-1]["response"]["output"] == items
    assert [each["type"] for each in items] == ["reasoning", "message", "function_call"]
    assert items[1]["content"][0]["text"] == "so: "
    assert "DSML" not in out.decode()


def test_blocks_of_messages_are_numbered_on() -> None:
    """Each block opens, says something and stops, under a number of its own."""
    reply = reply_to(Dialect.MESSAGES)
    out = passed(reply, stream(Dialect.MESSAGES, ["so", ": " + leak()]))
    events = [json.loads(line) for line in sse.lines(out)]
    stops = [each["index"] for each in events if each["type"] == "content_block_stop"]
    starts = [each["index"] for each in events if each["type"] == "content_block_start"]
    assert starts == stops == [0, 1, 2]
    deltas = [each["delta"]["type"] for each in events if each["type"] == "content_block_delta"]
    assert deltas == ["thinking_delta", "signature_delta", *["text_delta"] * 2, "input_json_delta"]
    assert events[-2]["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}
    assert events[-2]["usage"] == {"output_tokens": 7}


FENCED = "It is written so:\n```\n" + leak() + "\n```"
PLAIN: dict[str, tuple[list[str], dict[str, Any], list[str]]] = {
    "an unknown tool": ([leak("rm")], {}, LEFT),
    "a tool that must not be called": ([leak()], {"tool_choice": "none"}, LEFT),
    "words behind it": ([leak(), " and so on"], {}, LEFT),
    "in a fence": (cut(FENCED, [5, 40, 41, 60, 200]), {}, LEFT),
    "without its end": ([leak()[:-9]], {}, LEFT),
    "without a wrapper": (['<｜DSML｜invoke name="f"></｜DSML｜invoke>'], {}, LEFT),
    "too long": ([leak(value="x" * 1000)[:900], *["y" * 900] * (LONGEST // 900 + 1)], {}, LEFT),
    "no more than an angle": (["a <", " b <｜", "DSM"], {}, []),
    "escaped": (["a <", "b"], {}, []),
}


@EACH
@pytest.mark.parametrize("what", PLAIN)
def test_everything_else_passes_byte_for_byte(dialect: Dialect, what: str) -> None:
    """What is no call for sure goes on as it came, and where it looked like one, that is told."""
    pieces, more, noted = PLAIN[what]
    if dialect is Dialect.MESSAGES and "tool_choice" in more:
        more = {"tool_choice": {"type": "none"}}
    events = stream(dialect, pieces)
    if what == "escaped":
        events = [each.replace(b"<", b"\\u003c") for each in events]
    reply = reply_to(dialect, **more)
    assert passed(reply, events) == b"".join(events)
    assert notes(reply) == noted
    data = json.dumps(document(dialect, "".join(pieces)), ensure_ascii=False).encode()
    reply = reply_to(dialect, **more)
    assert reply.whole(data) is data
    assert notes(reply) == noted


@EACH
@pytest.mark.parametrize("end", ["max_tokens", "length", "incomplete", "tool_use", "tool_calls"])
def test_an_answer_that_did_not_end_by_itself(dialect: Dialect, end: str) -> None:
    """An answer that was cut, or that called a tool itself, is left as it is."""
    events = stream(dialect, [leak()], end)
    reply = reply_to(dialect)
    assert passed(reply, events) == b"".join(events)
    data = json.dumps(document(dialect, leak(), end)).encode()
    assert reply_to(dialect).whole(data) is data


def test_a_call_of_its_own_beside_it() -> None:
    """A call that the server made is the answer's end: the text before it waits no longer."""
    events = stream(Dialect.MESSAGES, [leak()])
    call = {"type": "tool_use", "id": "call_00_a", "name": "f", "input": {}}
    opened = {"type": "content_block_start", "index": 2, "content_block": call}
    events.insert(-2, sse.encode(json.dumps(opened).encode(), "content_block_start"))
    reply = reply_to(Dialect.MESSAGES)
    assert b"".join(map(reply.feed, events[:-2])) == b"".join(events[:-2])


@EACH
def test_only_what_may_be_a_call_waits(dialect: Dialect) -> None:
    """Comments go on while a text waits, and a text that turns out to be none goes on at once."""
    reply = reply_to(dialect)
    events = stream(dialect, ["plain", "a <", "b", "c"])
    plain, angle, next_, last = (
        next(each for each in events if f'"{piece}"'.encode() in each)
        for piece in ("plain", "a <", "b", "c")
    )
    assert reply.feed(plain) == plain
    assert reply.feed(angle) == b""
    assert reply.feed(b": keep-alive\n\n") == b": keep-alive\n\n"
    assert reply.feed(next_) == angle + next_
    assert reply.feed(last) == last


@EACH
def test_a_stream_that_is_cut_keeps_nothing_back(dialect: Dialect) -> None:
    """What waited when the stream broke off goes on, so that nothing of it is lost."""
    events = stream(dialect, ["so: ", leak()])[:-4]
    assert passed(reply_to(dialect), events) == b"".join(events)


def test_a_chat_answer_in_one_chunk() -> None:
    """Text, call and end of an answer may come together; its role is kept."""
    message = {"role": "assistant", "content": "so: " + leak()}
    choice = {"index": 0, "delta": message, "finish_reason": "stop"}
    chunk = {"id": "c", "model": "deepseek-v4-pro", "choices": [choice]}
    reply = reply_to(Dialect.CHAT)
    out = passed(reply, [sse.encode(json.dumps(chunk).encode()), b"data: [DONE]\n\n"])
    assert said(reply) == [("so: ",), CALL]
    first, *_, last, done = sse.lines(out)
    assert json.loads(first)["choices"][0]["delta"]["role"] == "assistant"
    assert json.loads(last)["choices"][0]["finish_reason"] == "tool_calls"
    assert done == b"[DONE]"


@EACH
def test_what_stands_before_a_beginning_does_not_wait(dialect: Dialect) -> None:
    """Each piece ends in what may begin a call, and the next one tells that the last did not."""
    reply, events = reply_to(dialect), stream(dialect, [f"{nth}: <" for nth in range(9)])
    fed = list(map(reply.feed, events))
    first = next(nth for nth, event in enumerate(events) if b'"0: <"' in event)
    assert fed[first : first + 9] == [b"", *events[first : first + 8]]
    assert b"".join(fed) + reply.end() == b"".join(events)


def test_pings_do_not_wait() -> None:
    """On Messages a ping goes on while a text waits."""
    reply = reply_to(Dialect.MESSAGES)
    *head, last = stream(Dialect.MESSAGES, ["a <"])[:7]
    ping = b'event: ping\ndata: {"type":"ping"}\n\n'
    for each in head:
        reply.feed(each)
    assert reply.feed(last) == b""
    assert reply.feed(ping) == ping


@EACH
def test_the_agents_own_name_for_the_tool(dialect: Dialect) -> None:
    """A tool that was sent under another name is called under the agent's own."""
    tool: dict[str, Any] = {"name": "a.b", "parameters": {"type": "object"}}
    if dialect is Dialect.MESSAGES:
        tool = {"name": "a.b", "input_schema": {"type": "object"}}
    tools = [{"type": "function", "function": tool}] if dialect is Dialect.CHAT else [tool]
    if dialect is Dialect.RESPONSES:
        tools = [{"type": "function", **tool}]
    reply = reply_to(dialect, tools=tools)
    (sent,) = reply.answering.renamed
    text = leak(sent)
    passed(reply, stream(dialect, [text]))
    assert [each[0] for each in said(reply)] == ["a.b"]
    again = reply_to(dialect, tools=tools)
    again.whole(json.dumps(document(dialect, text)).encode())
    assert said(again) == said(reply)
