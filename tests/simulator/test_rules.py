"""Each rule refuses one body and accepts its neighbour, both written from the public source."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dsfix.simulator.rules import RULES
from tests.simulator import cases_responses, cases_responses_meaning
from tests.simulator.cases_chat import CHAT
from tests.simulator.cases_chat_form import CHAT_FORM
from tests.simulator.cases_form import FORM
from tests.simulator.cases_meaning import MEANING
from tests.simulator.cases_messages import MESSAGES
from tests.simulator.histories import CHAT_PASS_BACK, Case, calls, chat, tool
from tests.simulator.support import HEADERS, PATHS, TOOLS, USER, body, engine, message_of, post

CASES = [
    *(*FORM, *MEANING, *CHAT_FORM, *CHAT, *MESSAGES),
    *(*cases_responses.FORM, *cases_responses_meaning.MEANING),
]


def ids(case: Case) -> str:
    """What a case is called."""
    return f"{case.dialect}-{case.rule}"


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_refused(case: Case) -> None:
    """The rule refuses its body with the text, status and content type of the source."""
    reply = post(engine(**case.policy), case.dialect, case.refused)
    assert (reply.status, reply.refused_by) == (case.status, case.rule)
    assert reply.content_type == case.content_type
    assert case.text in message_of(reply)


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_accepted(case: Case) -> None:
    """The neighbouring body passes every rule."""
    reply = post(engine(**case.policy), case.dialect, case.accepted)
    assert reply.status == 200, message_of(reply)


def test_every_rule_has_a_case() -> None:
    """No rule is without a refused and an accepted body in this file."""
    here = {(case.rule, case.dialect) for case in CASES}
    elsewhere = ("key", "route", "content-type", "balance", "grouping", "verify", "flaky")
    without = {
        rule.name for rule in RULES if not any((rule.name, one) in here for one in rule.dialects)
    }
    assert without == set(elsewhere)


def test_rules_name_their_source() -> None:
    """Each rule says where it was seen and when, except the one that is only ours."""
    for rule in RULES:
        assert rule.source
        assert rule.date or rule.source == "simulator only"


def test_pass_back_body_is_175_bytes() -> None:
    """The refusal on Chat has exactly the captured length and members."""
    reply = post(engine(), "chat", chat(calls("c1"), tool("c1")))
    assert len(reply.frames[0]) == 175
    assert json.loads(reply.frames[0])["error"] == {
        "message": CHAT_PASS_BACK,
        "type": "invalid_request_error",
        "param": None,
        "code": "invalid_request_error",
    }


@pytest.mark.parametrize(
    ("headers", "status", "text"),
    [
        ({}, 401, "Authentication Fails (governor)"),
        ({"authorization": "Basic sk-good"}, 401, "Authentication Fails (governor)"),
        ({"authorization": "Bearer "}, 401, "Authentication Fails (governor)"),
        ({"x-api-key": "sk-good"}, 200, ""),
        ({"authorization": "Bearer sk-good", "x-api-key": "sk-bad"}, 200, ""),
        (
            {"authorization": "Bearer sk-0000", "x-api-key": "sk-good"},
            401,
            "Authentication Fails, Your api key: ****0000 is invalid",
        ),
    ],
)
def test_key(headers: dict[str, str], status: int, text: str) -> None:
    """A key comes as Bearer or x-api-key, and Bearer wins."""
    server = engine(keys=frozenset({"sk-good"}))
    sent = headers | {"content-type": "application/json"}
    reply = server.reply("POST", PATHS["messages"], sent, json.dumps(body()).encode())
    assert reply.status == status
    if text:
        assert message_of(reply) == text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/chat/completions", 200),
        ("POST", "/v1/chat/completions", 200),
        ("POST", "/beta/chat/completions", 200),
        ("POST", "/anthropic/v1/messages", 200),
        ("POST", "/anthropic/messages", 200),
        ("POST", "/responses", 400),
        ("POST", "/v1/responses", 400),
        ("GET", "/models", 200),
        ("GET", "/v1/models", 200),
        ("GET", "/user/balance", 200),
        ("GET", "/chat/completions", 405),
        ("HEAD", "/anthropic/v1/messages", 405),
        ("HEAD", "/anthropic", 404),
        ("POST", "/anthropic/v1/messages/count_tokens", 404),
        ("POST", "/nowhere", 404),
    ],
)
def test_route(method: str, path: str, status: int) -> None:
    """Known routes answer; others are empty 404 or 405, and only for those with a key."""
    raw = json.dumps(body()).encode()
    reply = engine().reply(method, path, HEADERS, raw)
    assert reply.status == status
    if status not in (200, 400):
        assert (reply.frames, reply.content_type) == ((b"",), None)
    assert engine().reply(method, path, {}, raw).status == 401


def test_content_type() -> None:
    """Anything but JSON is refused in plain text."""
    reply = post(engine(), "chat", body(), **{"content-type": "text/plain"})
    assert reply.status == 415
    assert message_of(reply) == "Expected request with `Content-Type: application/json`"
    good = post(engine(), "chat", body(), **{"content-type": "application/json; charset=utf-8"})
    assert good.status == 200


def test_balance() -> None:
    """An account without money gets a 402."""
    reply = post(engine(balance=False), "messages", body())
    assert reply.status == 402
    assert json.loads(reply.frames[0])["error"]["type"] == "unknown_error"


def test_count_tokens_switch() -> None:
    """The counting route answers only where it is switched on."""
    server = engine(count_tokens=True)
    raw = json.dumps(body()).encode()
    reply = server.reply("POST", "/anthropic/v1/messages/count_tokens", HEADERS, raw)
    assert json.loads(reply.frames[0])["input_tokens"] > 0


@pytest.mark.parametrize(
    ("mode", "status"), [("lenient", 200), ("strict", 200), ("strict-all", 400)]
)
def test_plain_turn(mode: str, status: int) -> None:
    """A text turn without reasoning is refused only in the mode that looks at all turns."""
    history = chat(
        calls("c1", reasoning_content="t"),
        tool("c1"),
        {"role": "assistant", "content": "done"},
        USER,
    )
    assert post(engine(pass_back=mode), "chat", history).status == status


def test_plain_turn_without_tools() -> None:
    """A conversation that never had tools needs no reasoning."""
    history = body(messages=[USER, {"role": "assistant", "content": "hi"}, USER])
    assert post(engine(), "chat", history).status == 200


@pytest.mark.parametrize("value", ["", " ", "\n"])
def test_blank_reasoning(value: str) -> None:
    """Blank reasoning passes or counts as missing, by switch."""
    request = chat(calls("c1", reasoning_content=value), tool("c1"))
    assert post(engine(blank="accept"), "chat", request).status == 200
    assert post(engine(blank="refuse"), "chat", request).status == 400


def test_null_reasoning() -> None:
    """A null is no reasoning."""
    request = chat(calls("c1", reasoning_content=None), tool("c1"))
    assert post(engine(blank="accept"), "chat", request).status == 400


def test_order() -> None:
    """Of several faults the earlier check speaks, then the next one."""
    server = engine(context=1, balance=False)
    request = body(
        messages=[USER, calls("c1"), {"role": "assistant", "content": None}, tool("c2")],
        model="nope",
        n=2,
        max_tokens=0,
        top_p=2,
        user_id="a b",
        tools=[{"type": "function", "function": {"name": "a.b", "parameters": {}}}],
        thinking={"type": "disabled"},
        reasoning_effort="high",
        tool_choice={"type": "function", "function": {"name": "g"}},
        response_format={"type": "json_schema"},
    )
    good = {"type": "function", "function": {"name": "f", "parameters": {}}}
    repairs: list[tuple[str, dict[str, Any]]] = [
        ("model", {"model": "deepseek-flash"}),
        ("n", {"n": 1}),
        ("max-tokens", {"max_tokens": 1}),
        ("top-p", {"top_p": 1}),
        ("user-id", {"user_id": "a"}),
        ("tool-names", {"tools": [good]}),
        ("tool-schemas", {"tools": TOOLS["chat"]}),
        ("effort", {"thinking": {"type": "enabled"}}),
        ("tool-choice", {"tool_choice": "auto"}),
        ("content", {"messages": [USER, calls("c1"), tool("c2")]}),
        ("pairing", {"messages": [USER, calls("c1"), tool("c1")]}),
        ("format", {"response_format": None}),
        ("pass-back", {"messages": [USER]}),
        ("context", {}),
    ]
    for rule, repair in repairs:
        assert post(server, "chat", request).refused_by == rule
        request |= repair
    rich = engine(balance=False)
    assert post(rich, "chat", request).refused_by == "balance"


def test_unknown_blocks_dropped() -> None:
    """With the switch, unsupported blocks are ignored as in August 2026."""
    request = body(messages=[{"role": "user", "content": [{"type": "document", "source": {}}]}])
    assert post(engine(unknown_blocks="drop"), "messages", request).status == 200


def test_unknown_members_are_ignored() -> None:
    """Members that the server does not know change nothing."""
    assert post(engine(), "messages", body(context_management={"edits": []}, speed=1)).status == 200
