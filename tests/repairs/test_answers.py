"""What the repairs do to an answer on its way to the agent, and what is read from it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsfix.protocol import sse
from dsfix.protocol.body import Dialect
from dsfix.protocol.turns import Reasoning
from dsfix.protocol.usage import Usage
from dsfix.repairs import REPAIRS
from dsfix.repairs.base import Step
from dsfix.repairs.chain import prepare
from dsfix.repairs.recovery import is_refusal, steps_after
from dsfix.repairs.reply import Reply
from tests.repairs.support import RULES, USER, memory, request

MESSAGES, CHAT = Dialect.MESSAGES, Dialect.CHAT


def reply_to(dialect: Dialect, model: str = "deepseek-v4-pro") -> Reply:
    data = json.dumps(request(USER, dialect=dialect, model=model)).encode()
    out = prepare(dialect, data, REPAIRS, RULES, memory(), lambda _: Step.NONE)
    return Reply.to(out, REPAIRS, RULES)


def messages_stream(
    model: str = "deepseek-v4-pro", *, start: Any = None, sign: str = "u-1"
) -> bytes:
    """A Messages stream with thinking, text and two calls."""
    usage = {"input_tokens": 10, "cache_read_input_tokens": 90, "output_tokens": 0}
    message = {"id": "m-1", "type": "message", "content": [], "model": model, "usage": usage}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": start or {"type": "thinking", "thinking": "", "signature": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "let me "}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "look 日"}},
    ]  # fmt: skip
    if sign:
        delta = {"type": "signature_delta", "signature": sign}
        events.append({"type": "content_block_delta", "index": 0, "delta": delta})
    events.append({"type": "content_block_stop", "index": 0})
    for index, ident in ((1, "call_00_a"), (2, "call_01_b")):
        block = {"type": "tool_use", "id": ident, "name": "Bash", "input": {}}
        events += [
            {"type": "content_block_start", "index": index, "content_block": block},
            {"type": "content_block_delta", "index": index,
             "delta": {"type": "input_json_delta", "partial_json": '{"command":"ls"}'}},
            {"type": "content_block_stop", "index": index},
        ]  # fmt: skip
    events += [
        {
            "type": "message_delta",
            "delta": {"stop_reason": "tool_use"},
            "usage": {"output_tokens": 7},
        },
        {"type": "message_stop"},
    ]
    return b": keep-alive\n\n" + b"".join(
        sse.encode(json.dumps(event, separators=(",", ":")).encode(), str(event["type"]))
        for event in events
    )


def chat_stream(model: str = "deepseek-v4-pro") -> bytes:
    """A Chat stream with reasoning, content and two calls; the usage rides on the last chunk."""

    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        body = {"id": "c-1", "model": model, "choices": [choice], "usage": None, **more}
        return sse.encode(json.dumps(body, separators=(",", ":")).encode())

    function = {"name": "bash", "arguments": ""}
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 9,
        "prompt_cache_hit_tokens": 90,
        "completion_tokens_details": {"reasoning_tokens": 4},
    }
    return b"".join(
        [
            chunk({"role": "assistant", "content": None, "reasoning_content": ""}),
            chunk({"reasoning_content": "let me "}),
            chunk({"reasoning_content": "look"}),
            chunk({"content": "so: "}),
            chunk({"tool_calls": [{"index": 0, "id": "call_00_a", "function": function}]}),
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}),
            chunk({"tool_calls": [{"index": 1, "id": "call_01_b", "function": function}]}),
            chunk({"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}]}),
            chunk({}, "tool_calls", usage=usage),
            b"data: [DONE]\n\n",
        ]
    )


def passed(reply: Reply, stream: bytes, sizes: list[int] | None = None) -> bytes:
    out, at = b"", 0
    while at < len(stream):
        size = (sizes.pop(0) if sizes else None) or len(stream)
        out += reply.feed(stream[at : at + size])
        at += size
    return out + reply.end()


LAYOUTS = [lambda data: data, lambda data: data.replace(b"\n", b"\r\n")]
STREAMS = [(MESSAGES, messages_stream()), (CHAT, chat_stream())]


@pytest.mark.parametrize("layout", LAYOUTS, ids=["LF", "CRLF"])
@pytest.mark.parametrize(("dialect", "stream"), STREAMS, ids=["messages", "chat"])
@given(sizes=st.lists(st.integers(1, 400)))
@settings(max_examples=40, deadline=None)
def test_a_valid_stream_passes_byte_for_byte(
    dialect: Dialect, stream: bytes, layout: Any, sizes: list[int]
) -> None:
    """However it is cut and in any line ending; and it is read all the same."""
    reply = reply_to(dialect)
    assert passed(reply, layout(stream), sizes) == layout(stream)
    assert not reply.answering.changes
    turn = reply.answer.turn()
    assert turn.calls == ("call_00_a", "call_01_b")
    assert turn.reasoning is not None
    assert turn.reasoning.text.startswith("let me look")
    assert reply.answer.done
    assert reply.answer.finish in ("tool_use", "tool_calls")


def test_usage_means_the_same_in_both_dialects() -> None:
    """Input includes what came from the cache, wherever the dialect counts it."""
    for dialect, stream, reasoning, output in (
        (MESSAGES, messages_stream(), None, 7),
        (CHAT, chat_stream(), 4, 9),
    ):
        reply = reply_to(dialect)
        passed(reply, stream)
        assert reply.answer.usage == Usage(100, 90, output, reasoning)


@pytest.mark.parametrize(
    ("dialect", "stream", "count"),
    [(MESSAGES, messages_stream("served"), 1), (CHAT, chat_stream("served"), 9)],
    ids=["messages", "chat"],
)
def test_the_answer_names_the_model_that_was_asked_for(
    dialect: Dialect, stream: bytes, count: int
) -> None:
    """Only the name differs from what the upstream sent, and the name it sent is kept."""
    reply = reply_to(dialect, model="claude-opus-4-8")
    out = passed(reply, stream, [100] * 20)
    assert out == stream.replace(b'"model":"served"', b'"model":"claude-opus-4-8"')
    assert out.count(b"claude-opus-4-8") == count
    assert reply.answer.served == "served"
    assert [change.repair for change in reply.answering.changes] == ["response-model"]


def test_a_name_inside_a_text_is_left_alone() -> None:
    """A model that writes JSON about models is not rewritten."""
    reply = reply_to(CHAT)
    text = json.dumps('{"model":"other"}').encode()
    chunk = b'{"id":"c","model":"deepseek-v4-pro","choices":[{"index":0,"delta":{"content":' + text
    stream = sse.encode(chunk + b"}}]}")
    assert passed(reply, stream) == stream


def test_a_model_that_a_tool_is_called_with_is_left_alone() -> None:
    """Some send a call's arguments as an object; the name that is put right is the chunk's own."""
    reply = reply_to(CHAT)
    made = {"index": 0, "id": "a", "function": {"name": "ask", "arguments": {"model": "other"}}}
    chunk = {"choices": [{"index": 0, "delta": {"tool_calls": [made]}}], "model": "served"}
    stream = sse.encode(json.dumps(chunk, separators=(",", ":")).encode())
    assert passed(reply, stream) == stream.replace(b'"served"', b'"deepseek-v4-pro"')
    assert reply.answer.served == "served"


@pytest.mark.parametrize(
    "start",
    [{"type": "thinking", "thinking": ""}, {"type": "thinking", "thinking": "", "signature": ""}],
    ids=["without key", "empty"],
)
@pytest.mark.parametrize("sign", ["", "u-1"])
def test_every_thinking_block_ends_up_signed(start: dict[str, Any], sign: str) -> None:
    """The key is there from the start, and before the end the signature is not empty."""
    reply = reply_to(MESSAGES)
    out = passed(reply, messages_stream(start=start, sign=sign), [37] * 80)
    events = [json.loads(line) for line in sse.lines(out)]
    assert events[1]["content_block"]["signature"] == ""
    marks = [each["delta"]["signature"] for each in events if "signature" in each.get("delta", {})]
    assert len(marks) == 1
    assert marks == [sign] if sign else marks[0].startswith("dsfix-")
    kinds = [each["type"] for each in events]
    assert kinds.index("content_block_stop") == 1 + max(
        place for place, each in enumerate(events) if "signature" in each.get("delta", {})
    )
    turn = reply.answer.turn()
    assert turn.reasoning == Reasoning((("let me look 日", marks[0]),))


def test_a_json_answer_is_signed_and_named() -> None:
    """Without a stream the same holds, and integers of thirty digits stay."""
    reply = reply_to(MESSAGES, model="claude-sonnet-4-5")
    whole = (
        b'{"id":"m","model":"served","n":123456789012345678901234567890,"content":['
        b'{"type":"thinking","thinking":"why"},{"type":"tool_use","id":"a","name":"f","input":{"x": 1}}],'
        b'"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":2}}'
    )
    out = reply.whole(whole)
    message = json.loads(out)
    assert message["model"] == "claude-sonnet-4-5"
    assert message["content"][0]["signature"].startswith("dsfix-")
    assert b'"n":123456789012345678901234567890' in out
    assert b'"input":{"x": 1}' in out
    assert reply.answer.turn().calls == ("a",)
    valid = (
        b'{"id":"m", "model":"deepseek-v4-pro", "choices":[{"index":0,"message":{"content":"hi"}}]}'
    )
    assert reply_to(CHAT).whole(valid) is valid


def test_a_cut_stream_keeps_what_is_complete() -> None:
    """A call whose arguments were cut is no call; the ones before it are."""
    stream = messages_stream()
    end = stream.index(b'"partial_json"', stream.index(b"call_01_b"))
    reply = reply_to(MESSAGES)
    assert passed(reply, stream[:end], [50] * 50) == stream[:end]
    assert not reply.answer.done
    turn = reply.answer.turn()
    assert turn.calls == ("call_00_a",)
    assert turn.reasoning is not None
    assert turn.reasoning.text == "let me look 日"
    chat = chat_stream()
    reply = reply_to(CHAT)
    passed(reply, chat[: chat.index(b'"arguments":"{}"', chat.index(b"call_01_b"))])
    assert reply.answer.turn().calls == ("call_00_a",)


@pytest.mark.parametrize(
    "junk", [b"data: {\n\n", b"data: [1]\n\n", b'event: x\ndata: {"type":7}\n\n', b"\x00\n\n"]
)
def test_junk_in_a_stream_passes_and_is_passed_over(junk: bytes) -> None:
    """What is no event of the dialect goes on as it is and spoils nothing."""
    for dialect, stream in STREAMS:
        reply = reply_to(dialect)
        assert passed(reply, junk + stream + junk) == junk + stream + junk
        assert reply.answer.turn().calls == ("call_00_a", "call_01_b")


@pytest.mark.parametrize(
    ("status", "body", "kind", "text"),
    [
        (400, b'{"error":{"message":"no","type":"invalid_request_error","param":null}}',
         "invalid_request_error", "no"),
        (402, b'{"error":{"message":"Insufficient Balance"}}', "billing_error", "Insufficient Balance"),
        (401, b"Authentication Fails (governor)", "authentication_error", "Authentication Fails (governor)"),
        (503, b"<html>busy</html>", "api_error", "<html>busy</html>"),
        (404, b"", "not_found_error", "HTTP 404 without a body"),
        (429, b'{"message":"slow down"}', "rate_limit_error", "slow down"),
    ],
)  # fmt: skip
def test_errors_on_messages_have_anthropics_envelope(
    status: int, body: bytes, kind: str, text: str
) -> None:
    """The upstream's words are kept, in the shape that the client reads."""
    out = json.loads(reply_to(MESSAGES).error(status, body))
    assert out == {"type": "error", "error": {"type": kind, "message": text}}
    assert reply_to(CHAT).error(status, body) is body


def test_an_envelope_passes_unless_it_makes_the_agent_strip_its_thinking() -> None:
    """Claude Code throws its reasoning away when it reads of an invalid signature."""
    good = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    assert reply_to(MESSAGES).error(529, good) is good
    bad = good.replace(
        b"Overloaded", b"messages.1.content.0: Invalid `signature` in `thinking` block"
    )
    assert b"ignature" not in reply_to(MESSAGES).error(400, bad)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("The `content[].thinking` in the thinking mode must be passed back to the API.", True),
        (
            "The `reasoning_content` in the thinking mode must be passed back to the API. [trace_id=1]",
            True,
        ),
        ("Missing `reasoning_content` field in the assistant message at message index 3.", True),
        ("Missing thinking block in the assistant message at message index 1", True),
        ("Expected `thinking` or `redacted_thinking`, but found `tool_use`", True),
        (
            "thinking is enabled but reasoning_content is missing in assistant tool call message",
            True,
        ),
        ("Insufficient Balance", False),
        ("Invalid max_tokens value", False),
    ],
)
def test_recovery_runs_on_the_pass_back_texts_alone(text: str, refusal: bool) -> None:
    """Also where a relay has wrapped them, and never on a success."""
    body = json.dumps({"error": {"message": text}}).encode()
    wrapped = json.dumps({"error": {"message": body.decode()}}).encode()
    assert is_refusal(400, body) is refusal
    assert is_refusal(500, wrapped) is refusal
    assert not is_refusal(200, body)


def test_recovery_goes_from_the_smallest_cure_to_the_last_resort() -> None:
    """The same bytes come once for each request, and each step only after the ones before."""
    assert steps_after(Step.NONE) == tuple(Step)[1:]
    assert steps_after(Step.PLACEHOLDERS) == (Step.RESEND, Step.OFF)
    assert steps_after(Step.OFF) == (Step.RESEND,)
