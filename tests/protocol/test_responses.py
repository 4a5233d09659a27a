"""Responses: items as turns, a turn's reasoning, and an answer read from its events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dsfix.protocol import reading, responses, sse
from dsfix.protocol.answer import Answer
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import History
from dsfix.protocol.turns import Reasoning
from dsfix.protocol.usage import Usage

USER = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "go"}]}
DEVELOPER = {"type": "message", "role": "developer", "content": "be brief"}


def thought(text: str) -> dict[str, Any]:
    return {"type": "reasoning", "content": [{"type": "reasoning_text", "text": text}]}


def said(text: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text}]
    return {"type": "message", "role": "assistant", "content": content}


def call(ident: str, name: str = "f") -> dict[str, Any]:
    return {"type": "function_call", "call_id": ident, "name": name, "arguments": "{}"}


def output(ident: str) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": ident, "output": "ok"}


def history(*items: dict[str, Any]) -> History:
    body = Body.read(Dialect.RESPONSES, json.dumps({"model": "m", "input": items}).encode())
    assert body is not None
    return History.of(body)


@pytest.mark.parametrize(
    ("items", "turns"),
    [
        ([DEVELOPER, USER], []),
        ([USER, thought("t"), call("a"), output("a")], [("a",)]),
        ([USER, thought("t"), said("x"), call("a"), call("b"), output("a"), output("b")],
         [("a", "b")]),
        ([USER, call("a"), output("a"), thought("t"), call("b"), output("b")], [("a",), ("b",)]),
        ([USER, thought("t"), said("x"), thought("u"), call("b"), output("b")], [(), ("b",)]),
        ([USER, thought("t"), call("a"), {"type": "item_reference", "id": "i"}, call("b")],
         [("a", "b")]),
        ([USER, thought("t"), {"type": "web_search_call", "id": "w"}, thought("u"), said("x"), USER],
         [()]),
        ([USER, {"role": "assistant", "content": "x"}, USER], [()]),
    ],
)  # fmt: skip
def test_items_make_turns(items: list[dict[str, Any]], turns: list[tuple[str, ...]]) -> None:
    """Reasoning, text and calls beside each other are one turn; what is ignored parts nothing."""
    given = history(*items)
    found = [given.turn(nth) for nth in range(len(given.assistants))]
    assert [turn and turn.calls for turn in found] == turns


def test_only_plain_text_is_reasoning() -> None:
    """A summary and encrypted content are not read by the upstream, so they are no reasoning."""
    empty = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "s"}],
             "encrypted_content": "zz", "content": [{"type": "reasoning_text", "text": " "}]}  # fmt: skip
    turn = history(USER, empty, call("a"), output("a")).turn(0)
    assert turn is not None
    assert turn.reasoning is None
    assert not turn.sound


def test_a_turn_gets_its_reasoning_first() -> None:
    """Blank reasoning is replaced, everything else of the turn keeps its bytes."""
    items = [json.dumps(each).encode() for each in (thought(""), said("x"), call("a"))]
    new = responses.with_reasoning(items, Reasoning((("real", ""),)))
    assert new[1:] == tuple(items[1:])
    assert responses.turn(new) is not None
    assert json.loads(new[0])["content"] == [{"type": "reasoning_text", "text": "real"}]
    assert responses.turn(new).sound  # type: ignore[union-attr]  # asserted above


def test_leaked_reasoning_is_taken_out_of_the_texts() -> None:
    """A message that was only reasoning goes, the answer that is left stays."""
    items = [json.dumps(each).encode() for each in (said("real"), said("answer"), call("a"))]
    new = responses.with_reasoning(items, Reasoning((("real", ""),)), ("answer",))
    assert [json.loads(each)["type"] for each in new] == ["reasoning", "message", "function_call"]
    assert json.loads(new[1])["content"] == [{"type": "output_text", "text": "answer"}]


def test_a_text_as_input_is_a_body_without_messages() -> None:
    """`input` may be one text: such a request can be repaired, and its text stays as it is."""
    data = b'{"model":"x", "input": "h\\u00e9 \\/", "stream":true}'
    body = Body.read(Dialect.RESPONSES, data)
    assert body is not None
    assert body.messages == ()
    changed = body.having("model", b'"y"').encode()
    assert changed == b'{"model":"y","input":"h\\u00e9 \\/","stream":true}'


USAGE = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 64},
    "output_tokens": 20,
    "output_tokens_details": {"reasoning_tokens": 7},
    "total_tokens": 120,
}


def events(*values: dict[str, Any]) -> bytes:
    return b"".join(sse.encode(json.dumps(value).encode(), value["type"]) for value in values)


def stream() -> list[dict[str, Any]]:
    """Reasoning and two parallel calls, the second cut before it was done."""
    start = {"id": "resp", "model": "deepseek-flash", "status": "in_progress"}
    return [
        {"type": "response.created", "response": start},
        {"type": "response.output_item.added", "output_index": 0, "item": {"type": "reasoning"}},
        {"type": "response.reasoning_text.delta", "output_index": 0, "delta": "th"},
        {"type": "response.reasoning_text.delta", "output_index": 0, "delta": "ink"},
        {"type": "response.output_item.done", "output_index": 0, "item": thought("think")},
        {"type": "response.output_item.added", "output_index": 1, "item": call("a")},
        {"type": "response.output_item.done", "output_index": 1, "item": call("a")},
        {"type": "response.output_item.added", "output_index": 2, "item": call("b")},
        {"type": "response.function_call_arguments.delta", "output_index": 2, "delta": "{}"},
    ]


def test_a_stream_is_read_as_far_as_it_came() -> None:
    """What is complete of a cut answer is a turn: its reasoning, and the calls that had ended."""
    answer = Answer()
    reading.observe(Dialect.RESPONSES, answer, events(*stream()))
    assert answer.turn().calls == ("a",)
    assert answer.turn().reasoning == Reasoning((("think", ""),))
    assert not answer.done
    assert not answer.unread


def test_the_end_of_a_stream() -> None:
    """The last event tells how it ended, and what it cost; a relay may repeat nothing in it."""
    done = {"id": "resp", "model": "deepseek-flash", "status": "completed", "usage": USAGE}
    finished = {"type": "response.output_item.done", "output_index": 2, "item": call("b")}
    answer = Answer()
    end = {"type": "response.completed", "response": done}
    reading.observe(Dialect.RESPONSES, answer, events(*stream(), finished, end))
    assert answer.turn().calls == ("a", "b")
    assert (answer.served, answer.finish, answer.done) == ("deepseek-flash", "completed", True)
    assert answer.usage == Usage(100, 64, 20, 7)


@pytest.mark.parametrize("kind", ["response.failed", "response.incomplete"])
def test_other_ends(kind: str) -> None:
    """A failed and an incomplete answer are over as well, and say why."""
    response = {
        "status": kind.partition(".")[2],
        "incomplete_details": {"reason": "max_output_tokens"},
        "error": {"message": "overloaded"} if kind == "response.failed" else None,
    }
    answer = Answer()
    reading.observe(Dialect.RESPONSES, answer, events({"type": kind, "response": response}))
    assert answer.done
    assert answer.finish == "max_output_tokens"
    assert answer.error == ("overloaded" if kind == "response.failed" else "")


@pytest.mark.parametrize("status", [{"status": "completed"}, {}])
def test_a_json_answer(status: dict[str, str]) -> None:
    """A JSON answer gives the same turn as the stream of it, also without a word on its status."""
    whole = {"id": "r", "model": "m", **status, "usage": USAGE,
             "output": [thought("think"), said("x"), call("a")]}  # fmt: skip
    answer = Answer()
    reading.observe_json(Dialect.RESPONSES, answer, json.dumps(whole).encode())
    turn = answer.turn()
    assert (turn.calls, turn.texts) == (("a",), ("x",))
    assert turn.reasoning == Reasoning((("think", ""),))
    assert answer.usage == Usage(100, 64, 20, 7)


def test_an_answer_of_several_parts_says_what_a_request_says_of_it() -> None:
    """What memory learns of an answer is what it is asked for once the agent sends it back."""
    parts = {
        "reasoning": [{"type": "reasoning_text", "text": text} for text in ("th", "ink")],
        "message": [{"type": "output_text", "text": text} for text in ("one ", "two")],
    }
    items = [{**thought(""), "content": parts["reasoning"]},
             {**said(""), "content": parts["message"]}]  # fmt: skip
    asked = responses.turn([json.dumps(each).encode() for each in items])
    answer = Answer()
    reading.observe_json(Dialect.RESPONSES, answer, json.dumps({"output": items}).encode())
    assert asked is not None
    assert (answer.turn().key, answer.turn().reasoning) == (asked.key, asked.reasoning)
