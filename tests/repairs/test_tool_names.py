"""Tools go out under names that the upstream takes, and the agent never notices."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import History
from dsfix.repairs.base import Answering, Context
from dsfix.repairs.tool_names import TOOL_NAMES
from tests.repairs.offers import (
    CHAT,
    MESSAGES,
    RESPONSES,
    Thing,
    choice,
    compact,
    every,
    fed,
    function,
    mended,
    offering,
    refusal,
    reply_to,
    stream,
    turn,
)
from tests.repairs.support import RULES, memory
from tests.repairs.test_laws import recorded

LONGEST = {MESSAGES: 64, CHAT: 64, RESPONSES: 128}
REFUSED = ["mcp__server.tool:x", "读文件", "read file", "a/b", "", "f\n", "é"]


def names(body: Thing) -> list[str]:
    """The names of a request's tools, in order."""
    return [tool.get("function", tool)["name"] for tool in body["tools"]]


@every
@pytest.mark.parametrize("name", [*REFUSED, "too long"])
def test_a_name_that_is_refused(dialect: Dialect, name: str) -> None:
    """It is refused as it is, taken as it is sent, and known by what was sent for it."""
    name = "m" * (LONGEST[dialect] + 1) if name == "too long" else name
    tools = [function(dialect, name), function(dialect, "g")]
    body = offering(dialect, tools, *turn(dialect, name), tool_choice=choice(dialect, name))
    assert refusal(dialect, body).startswith("tool-names: ")
    after, context = mended(TOOL_NAMES, dialect, body)
    assert refusal(dialect, after) == ""
    assert len(names(after)[0]) <= LONGEST[dialect]
    assert context.renamed == {names(after)[0]: name}
    assert names(after)[1] == "g"


def test_a_name_stays_readable_and_the_same_for_ever() -> None:
    """What is sent for a name is part of prompts that are cached: it must never change."""
    sent = [
        names(mended(TOOL_NAMES, MESSAGES, offering(MESSAGES, [function(MESSAGES, name)]))[0])[0]
        for name in ("mcp__server.tool:x", "读文件", "m" * 65)
    ]
    assert sent == ["mcp__server_tool_x_997c33a7", "tool_fd682e7f", "m" * 55 + "_e624390b"]


@every
def test_a_name_is_sent_the_same_wherever_its_tool_stands(dialect: Dialect) -> None:
    """Neither the place of a tool nor its neighbours decide what it is called."""
    bad, other = function(dialect, "a.b"), function(dialect, "a:b")
    alone = names(mended(TOOL_NAMES, dialect, offering(dialect, [bad]))[0])
    both = names(mended(TOOL_NAMES, dialect, offering(dialect, [other, bad]))[0])
    assert both[1:] == alone
    assert both[0] != both[1], "different names stay different"


@every
def test_calls_and_the_choice_follow(dialect: Dialect) -> None:
    """One name means one tool in the whole request, also for a tool that is offered no more."""
    made = [*turn(dialect, "a.b"), *turn(dialect, "gone/away", "call_00_f6e5d4c3b2a1")]
    body = offering(dialect, [function(dialect, "a.b")], *made, tool_choice=choice(dialect, "a.b"))
    after, context = mended(TOOL_NAMES, dialect, body)
    back = {own: sent for sent, own in context.renamed.items()}
    assert set(back) == {"a.b", "gone/away"}
    expected = copy.deepcopy(body)
    text = json.dumps(expected)
    for own, sent in back.items():
        text = text.replace(json.dumps(own), json.dumps(sent))
    assert after == json.loads(text)


@every
def test_what_is_sent_is_no_other_tools_name(dialect: Dialect) -> None:
    """A tool that has the very name which another would get stays alone under it."""
    bad = function(dialect, "a.b")
    [taken] = names(mended(TOOL_NAMES, dialect, offering(dialect, [bad]))[0])
    after, context = mended(TOOL_NAMES, dialect, offering(dialect, [bad, function(dialect, taken)]))
    first, second = names(after)
    assert second == taken != first
    assert context.renamed == {first: "a.b"}


@every
@pytest.mark.parametrize("name", ["f", "a.b"])
def test_a_name_that_is_offered_twice(dialect: Dialect, name: str) -> None:
    """It is refused; the first of the two stays, and the others keep their order."""
    first, again = function(dialect, name), function(dialect, name, description="another")
    body = offering(dialect, [first, function(dialect, "g"), again, function(dialect, "h")])
    assert refusal(dialect, body).startswith("tool-names: ")
    after, _ = mended(TOOL_NAMES, dialect, body)
    assert refusal(dialect, after) == ""
    assert names(after)[1:] == ["g", "h"]
    described = after["tools"][0].get("function", after["tools"][0])
    assert described["description"] == f"does {name}"


def test_tools_of_a_namespace() -> None:
    """Their names are refused too; tools that are no functions are nobody's business here."""
    inner = function(RESPONSES, "a b")
    space = {"type": "namespace", "name": "n", "description": "d", "tools": [inner]}
    others = [{"type": "mcp", "server_label": "a.b"}, {"type": "web_search"}]
    item = turn(RESPONSES, "a b")
    item[1]["namespace"] = "n"
    body = offering(RESPONSES, [function(RESPONSES, "f"), space, *others], *item)
    assert refusal(RESPONSES, body).startswith("tool-names: ")
    after, context = mended(TOOL_NAMES, RESPONSES, body)
    assert refusal(RESPONSES, after) == ""
    assert after["tools"][2:] == others
    assert context.renamed == {after["tools"][1]["tools"][0]["name"]: "a b"}
    assert after["input"][2]["name"] in context.renamed


def test_the_name_of_a_namespace() -> None:
    """It has to be a valid one too (deepseek-ai/deepseek-recipe, 2026-09), in calls as well."""
    space = {"type": "namespace", "name": "my server", "tools": [function(RESPONSES)]}
    item = turn(RESPONSES, "f")
    item[1]["namespace"] = "my server"
    after, context = mended(TOOL_NAMES, RESPONSES, offering(RESPONSES, [space], *item))
    [name] = context.renamed
    assert after["tools"] == [{**space, "name": name}]
    assert after["input"][2] == {**item[1], "namespace": name}
    alone, again = mended(TOOL_NAMES, RESPONSES, offering(RESPONSES, [function(RESPONSES)], *item))
    assert again.renamed == context.renamed
    assert alone["input"] == after["input"]


@pytest.mark.parametrize(
    ("dialect", "other"),
    [
        (RESPONSES, {"type": "namespace", "name": "n", "tools": [function(RESPONSES)]}),
        (RESPONSES, {"type": "namespace", "name": "f", "tools": []}),
        (MESSAGES, {"type": "web_search_20250305", "name": "f"}),
    ],
)
def test_one_name_for_tools_of_two_kinds(dialect: Dialect, other: Thing) -> None:
    """A namespace, what is in it, and a tool of the server are no functions of that name."""
    body = offering(dialect, [function(dialect, "f"), other])
    assert mended(TOOL_NAMES, dialect, body)[0] == body


def test_items_of_other_servers_stay() -> None:
    """An item that the upstream ignores keeps a name that it would refuse, and so does a block."""
    item = {"type": "mcp_call", "id": "m", "server_label": "s", "name": "a.b", "arguments": "{}"}
    body = offering(RESPONSES, [function(RESPONSES, "f")], item)
    assert mended(TOOL_NAMES, RESPONSES, body)[0] == body
    asked = {"role": "user", "content": [{"type": "container_upload", "name": "a.b"}]}
    body = offering(MESSAGES, [function(MESSAGES, "f")], asked)
    assert mended(TOOL_NAMES, MESSAGES, body)[0] == body


@every
def test_what_is_taken_stays(dialect: Dialect) -> None:
    """The longest name, and what a tool was given under `name`, are left alone."""
    tools = [function(dialect, "m" * LONGEST[dialect]), function(dialect, "A-b_9")]
    body = offering(dialect, tools, *turn(dialect, "A-b_9"))
    assert refusal(dialect, body) == ""
    assert mended(TOOL_NAMES, dialect, body)[0] == body


@pytest.mark.parametrize("tools", [..., None, [], {}, [None], [{"name": 3}], [{"function": 3}]])
@every
def test_tools_of_no_known_shape(dialect: Dialect, tools: Any) -> None:
    """They are left alone."""
    body = offering(dialect, tools)
    if tools is ...:
        del body["tools"]
    assert mended(TOOL_NAMES, dialect, body)[0] == body


@pytest.mark.parametrize(("dialect", "data"), list(recorded()))
def test_what_agents_sent_stays(dialect: Dialect, data: bytes) -> None:
    """No recorded agent offers a tool that has to be called otherwise."""
    body = Body.read(dialect, data)
    assert body is not None and TOOL_NAMES.request is not None
    assert TOOL_NAMES.request(body, Context(RULES, memory(), History.of(body))) is body


@every
def test_all_other_bytes_stay(dialect: Dialect) -> None:
    """Numbers, escapes and white space beside a name that changes go out as they came in."""
    odd = b'{"type":"object","properties":{"n":{"default":1.0e400,"x":"\\u00e9"}}, "$id":  ""}'
    plain = compact(offering(dialect, [function(dialect, "a.b", {})], *turn(dialect, "a.b")))
    data = plain.replace(b":{}", b":" + odd, 1)
    body = Body.read(dialect, data)
    assert body is not None and TOOL_NAMES.request is not None
    context = Context(RULES, memory(), History.of(body))
    after = TOOL_NAMES.request(body, context).encode()
    [sent] = context.renamed
    assert after == data.replace(b'"a.b"', b'"%b"' % sent.encode())


def answer(dialect: Dialect, name: str, arguments: str) -> tuple[list[Thing], Thing]:
    """A call of this tool, as the events of a stream and as one answer."""
    if dialect is MESSAGES:
        block = {"type": "tool_use", "id": "c", "name": name, "input": {}}
        start = {"id": "m", "type": "message", "content": [], "model": "deepseek-v4-pro"}
        delta = {"type": "input_json_delta", "partial_json": arguments}
        return [
            {"type": "message_start", "message": start},
            {"type": "content_block_start", "index": 0, "content_block": block},
            {"type": "content_block_delta", "index": 0, "delta": delta},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_stop"},
        ], {**start, "content": [{**block, "input": json.loads(arguments)}]}
    if dialect is CHAT:
        opened = {"id": "c", "type": "function", "function": {"name": name, "arguments": ""}}
        parts: list[Thing] = [{"index": 0, **opened}]
        parts.append({"index": 0, "function": {"arguments": arguments}})
        base = {"id": "m", "model": "deepseek-v4-pro"}
        chunks = [{"choices": [{"index": 0, "delta": {"tool_calls": [part]}}]} for part in parts]
        call = {**opened, "function": {"name": name, "arguments": arguments}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
        return [{**base, **chunk} for chunk in chunks], {**base, "choices": [{"message": message}]}
    call = {"type": "function_call", "id": "fc", "call_id": "c", "name": name, "namespace": name}
    done = {**call, "arguments": arguments}
    head = {"id": "m", "object": "response", "model": "deepseek-v4-pro", "output": []}
    whole = {**head, "status": "completed", "output": [done]}
    kinds: list[tuple[str, Thing]] = [
        ("created", {"response": head}),
        ("output_item.added", {"output_index": 0, "item": {**call, "arguments": ""}}),
        ("function_call_arguments.delta", {"output_index": 0, "delta": arguments}),
        (
            "function_call_arguments.done",
            {"output_index": 0, "name": name, "arguments": arguments},
        ),
        ("output_item.done", {"output_index": 0, "item": done}),
        ("completed", {"response": whole}),
    ]
    return [{"type": f"response.{kind}", **rest} for kind, rest in kinds], whole


def sent_for(dialect: Dialect, name: str) -> tuple[Thing, str]:
    """A request that offers this tool, and what the tool is called upstream."""
    body = offering(dialect, [function(dialect, name)])
    return body, names(mended(TOOL_NAMES, dialect, body)[0])[0]


@every
@pytest.mark.parametrize("size", [1, 100, 1_000_000])
def test_the_agent_reads_its_own_name_in_a_stream(dialect: Dialect, size: int) -> None:
    """Whatever the upstream called, the agent's own name comes back, and is remembered."""
    body, sent = sent_for(dialect, "读.文件")
    arguments = json.dumps({"name": sent})
    events, _ = answer(dialect, sent, arguments)
    reply = reply_to(dialect, body)
    assert fed(reply, stream(events), size) == answer(dialect, "读.文件", arguments)[0]
    assert [block.name for block in reply.answer.blocks.values()] == ["读.文件"]


@every
def test_the_agent_reads_its_own_name_in_a_whole_answer(dialect: Dialect) -> None:
    """The same for an answer in one piece; what the tool is given stays as it is."""
    body, sent = sent_for(dialect, "a.b")
    arguments = json.dumps({"name": sent})
    data = reply_to(dialect, body).whole(compact(answer(dialect, sent, arguments)[1]))
    assert json.loads(data) == answer(dialect, "a.b", arguments)[1]


def test_a_call_with_long_arguments() -> None:
    """On Responses the name stands beside all that was written: no length hides it."""
    body, sent = sent_for(RESPONSES, "a.b")
    arguments = json.dumps({"text": "x" * 200_000})
    events, _ = answer(RESPONSES, sent, arguments)
    reply = reply_to(RESPONSES, body)
    assert fed(reply, stream(events), 4096) == answer(RESPONSES, "a.b", arguments)[0]


@every
def test_other_names_pass_by(dialect: Dialect) -> None:
    """A tool that was not renamed, and one that nobody offered, come as they are."""
    body, _ = sent_for(dialect, "a.b")
    for name in ("g", "a_b"):
        data = stream(answer(dialect, name, "{}")[0])
        assert reply_to(dialect, body).feed(data) == data


@every
def test_an_answer_needs_no_look_where_nothing_was_renamed(dialect: Dialect) -> None:
    """Then the answer passes as if there were no such repair."""
    wanted = TOOL_NAMES.answer[dialect].wanted
    assert not wanted(Answering(dialect, "m"))
    assert wanted(Answering(dialect, "m", renamed={"a_b_1": "a.b"}))


@every
@given(own=st.lists(st.text(st.sampled_from("ab.:_-读 1"), max_size=80), unique=True, max_size=6))
@settings(max_examples=60, deadline=None)
def test_any_names(dialect: Dialect, own: list[str]) -> None:
    """Each is sent as a valid name of its own, and is told back from it."""
    body = offering(dialect, [function(dialect, name) for name in own])
    after, context = mended(TOOL_NAMES, dialect, body)
    sent = names(after)
    assert all(re.fullmatch("[a-zA-Z0-9_-]+", name) for name in sent)
    assert all(len(name) <= LONGEST[dialect] for name in sent)
    assert [context.renamed.get(name, name) for name in sent] == own
