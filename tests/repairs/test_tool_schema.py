"""Tools are put into the shape of their dialect, and have an object for a schema."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.history import History
from dsfix.repairs.base import Context
from dsfix.repairs.tool_schema import TOOL_SCHEMA
from dsfix.upstreams import named
from tests.repairs.offers import (
    CHAT,
    MESSAGES,
    RESPONSES,
    SCHEMA,
    Thing,
    choice,
    compact,
    every,
    function,
    mended,
    offering,
    refusal,
)
from tests.repairs.support import RULES, memory, sent
from tests.repairs.test_laws import recorded

EMPTY: Thing = {"type": "object", "properties": {}}
SEARCH = {"type": "web_search_20250305", "name": "web_search", "max_uses": 5}
ONE_OF = {"oneOf": [{"type": "object"}, {"required": ["a"]}], "description": "d"}
ROOTS: dict[str, tuple[Any, Thing]] = {
    "no type": ({"properties": {"a": {}}}, {"properties": {"a": {}}, "type": "object"}),
    "nothing": ({}, {"type": "object"}),
    "type null": ({"type": None, "properties": {}}, {"type": "object", "properties": {}}),
    "object or null": ({"type": ["object", "null"]}, {"type": "object"}),
    "one of": (ONE_OF, {**ONE_OF, "type": "object"}),
    "an array": ({"type": "array", "items": {}}, {"type": "object", "items": {}}),
    "no schema at all": (True, EMPTY),
    "a text": ("object", EMPTY),
    "a list": ([], EMPTY),
}


def schema_of(dialect: Dialect, body: Thing) -> Any:
    tool = body["tools"][0]
    member = "input_schema" if dialect is MESSAGES else "parameters"
    return tool.get("function", tool)[member]


def mended_tools(dialect: Dialect, *tools: Any, **more: Any) -> Any:
    """What becomes of these tools; they are refused as they are, and taken afterwards."""
    body = offering(dialect, list(tools), **more)
    assert refusal(dialect, body)
    after, _ = mended(TOOL_SCHEMA, dialect, body)
    assert refusal(dialect, after) == ""
    return after.get("tools")


@every
@pytest.mark.parametrize("root", ROOTS)
def test_a_schema_that_is_refused(dialect: Dialect, root: str) -> None:
    """It gets an object for its root; what else it says stays."""
    given, expected = ROOTS[root]
    tools = [function(dialect, "g"), function(dialect, "f", given, strict=True)]
    body = offering(dialect, tools)
    assert refusal(dialect, body).startswith("tool-schemas: ")
    after, _ = mended(TOOL_SCHEMA, dialect, body)
    assert refusal(dialect, after) == ""
    assert after["tools"] == [tools[0], function(dialect, "f", expected, strict=True)]


@every
def test_a_null_schema(dialect: Dialect) -> None:
    """It becomes that of a function which takes nothing."""
    body = offering(dialect, [function(dialect, "f", None)])
    after, _ = mended(TOOL_SCHEMA, dialect, body)
    assert schema_of(dialect, after) == EMPTY
    assert refusal(dialect, after) == ""


def test_a_missing_schema() -> None:
    """On Messages it must be there; on the others a function without one takes nothing."""
    [tool] = mended_tools(MESSAGES, function(MESSAGES, "f", ...))
    assert tool["input_schema"] == EMPTY
    for dialect in (CHAT, RESPONSES):
        body = offering(dialect, [function(dialect, "f", ...)])
        assert refusal(dialect, body) == ""
        assert mended(TOOL_SCHEMA, dialect, body)[0] == body


@every
@pytest.mark.parametrize("member", ["required", "properties"])
def test_nulls_where_there_must_be_a_list(dialect: Dialect, member: str) -> None:
    """`required: null` and `properties: null` go, and nothing else."""
    given = {"type": "object", member: None, "default": None}
    after, _ = mended(TOOL_SCHEMA, dialect, offering(dialect, [function(dialect, "f", given)]))
    assert schema_of(dialect, after) == {"type": "object", "default": None}


@pytest.mark.parametrize("kind", ["custom", "function", "computer_20250124"])
def test_a_type_on_messages(kind: str) -> None:
    """An agent's own function goes without its type, by which it would be the server's."""
    tool = function(MESSAGES, "f", cache_control={"type": "ephemeral"})
    assert mended_tools(MESSAGES, {"type": kind, **tool}) == [tool]


def test_a_type_on_chat() -> None:
    """Everything there is a function; what stands beside it stays."""
    tool = function(CHAT, "f") | {"cache_control": {"type": "ephemeral"}}
    assert mended_tools(CHAT, tool | {"type": "custom"}) == [tool]


@pytest.mark.parametrize(
    ("dialect", "other"),
    [
        (MESSAGES, CHAT),
        (MESSAGES, RESPONSES),
        (CHAT, MESSAGES),
        (CHAT, RESPONSES),
        (RESPONSES, MESSAGES),
        (RESPONSES, CHAT),
    ],
)
@pytest.mark.parametrize("given", [SCHEMA, {}])
def test_a_tool_in_another_dialects_shape(dialect: Dialect, other: Dialect, given: Thing) -> None:
    """It gets the shape of the dialect that it is sent in."""
    own, mixed = function(dialect, "g"), function(other, "f", given, strict=False)
    wanted = function(dialect, "f", {**given, "type": "object"}, strict=False)
    assert mended_tools(dialect, own, mixed) == [own, wanted]


@pytest.mark.parametrize(
    ("dialect", "tool"),
    [
        (MESSAGES, {"type": "code_execution_20250522", "name": "code_execution"}),
        (MESSAGES, {"type": "bash_20250124", "name": "bash"}),
        (MESSAGES, {"type": "mcp_toolset", "mcp_server_name": "s"}),
        (CHAT, {"type": "web_search"}),
        (CHAT, SEARCH),
        (CHAT, {"type": "custom", "custom": {"name": "exec"}}),
        (RESPONSES, {"type": "function"}),
    ],
)
def test_a_tool_that_nobody_here_runs(dialect: Dialect, tool: Thing) -> None:
    """It would refuse the whole request, so it is left out; the others stay."""
    own = function(dialect, "g")
    assert mended_tools(dialect, tool, own) == [own]
    after, _ = mended(TOOL_SCHEMA, dialect, offering(dialect, [tool], tool_choice=None))
    assert refusal(dialect, after) == ""
    assert "tools" not in after
    assert "tool_choice" not in after


def test_the_choice_of_a_tool_that_is_left_out() -> None:
    """It goes with its tool; a choice of another one stays."""
    run = {"type": "code_execution_20250522", "name": "code_execution"}
    tools = [run, function(MESSAGES, "g")]
    for name, kept in (("code_execution", False), ("g", True)):
        body = offering(MESSAGES, tools, tool_choice=choice(MESSAGES, name))
        after, context = mended(TOOL_SCHEMA, MESSAGES, body)
        assert ("tool_choice" in after) is kept
        assert refusal(MESSAGES, after) == ""
        assert [change.count for change in context.changes] == [1]
    nameless = [{"type": "mcp_toolset", "mcp_server_name": "s"}, function(MESSAGES, "g")]
    body = offering(MESSAGES, nameless, tool_choice={"type": "auto"})
    assert mended(TOOL_SCHEMA, MESSAGES, body)[0]["tool_choice"] == {"type": "auto"}


@pytest.mark.parametrize(
    ("dialect", "tool"),
    [
        (MESSAGES, SEARCH),
        (MESSAGES, {"type": "deepseek_web_search", "name": "deepseek_web_search"}),
        (CHAT, {"type": "deepseek_read_url"}),
        (MESSAGES, function(MESSAGES, "f", strict=True, description=None)),
        (CHAT, function(CHAT, "f", strict=True, description=None)),
        (CHAT, {"function": {"name": "f"}}),
        (RESPONSES, function(RESPONSES, "f", {"type": "object"}, strict=True)),
        (RESPONSES, {"type": "web_search", "external_web_access": True}),
        (RESPONSES, {"type": "mcp", "server_label": "s", "parameters": None}),
        (RESPONSES, {"type": "custom", "name": "apply_patch", "format": {"type": "text"}}),
        (RESPONSES, {"type": "namespace", "name": "n", "tools": [function(RESPONSES, "f")]}),
    ],
)
def test_what_is_taken_stays(dialect: Dialect, tool: Thing) -> None:
    """Tools that the upstream takes or ignores go as they are, beside one that does not."""
    body = offering(dialect, [tool])
    assert refusal(dialect, body) == ""
    assert mended(TOOL_SCHEMA, dialect, body)[0] == body
    if tool.get("type") != "mcp":
        mixed = offering(dialect, [function(dialect, "g", {}), tool])
        after = mended(TOOL_SCHEMA, dialect, mixed)[0]["tools"][1]
        assert after == ({"type": "function"} if "function" in tool else {}) | tool


@pytest.mark.parametrize(
    ("vendor", "dialect", "kind", "stays"),
    [
        ("deepseek", CHAT, "web_search", False),
        ("glm", CHAT, "web_search", True),
        ("mimo", CHAT, "web_search", True),
        ("glm", MESSAGES, "web_search_20250305", True),
        ("glm", MESSAGES, "deepseek_web_search", False),
    ],
)
def test_a_tool_that_the_upstream_runs(
    vendor: str, dialect: Dialect, kind: str, stays: bool
) -> None:
    """Which those are is said by the vendor's file; a web search on Messages is known to all."""
    rules = replace(RULES, server_tools=named(vendor).server_tools)
    tool, own = {"type": kind, "name": "look"}, function(dialect, "g")
    body = offering(dialect, [tool, own])
    after, _ = sent(dialect, body, rules=rules, repairs=(TOOL_SCHEMA,))
    assert after["tools"] == ([tool, own] if stays else [own])


def test_a_function_of_a_namespace() -> None:
    """Its schema is read as well; the others of the namespace stay."""
    odd = [{"type": "odd"}, {"type": "function"}]
    inner = [function(RESPONSES, "f", {}), function(RESPONSES, "g"), *odd]
    space = {"type": "namespace", "name": "n", "tools": inner[:2]}
    [tool] = mended_tools(RESPONSES, space)
    assert tool["tools"] == [function(RESPONSES, "f", {"type": "object"}), inner[1]]
    mixed = {"type": "namespace", "name": "n", "tools": inner}
    after, _ = mended(TOOL_SCHEMA, RESPONSES, offering(RESPONSES, [mixed]))
    assert after["tools"][0]["tools"][2:] == odd


@pytest.mark.parametrize("tools", [..., None, [], {}, "x", [None, 3]])
@every
def test_tools_of_no_known_shape(dialect: Dialect, tools: Any) -> None:
    """They are left alone."""
    body = offering(dialect, tools)
    if tools is ...:
        del body["tools"]
    assert mended(TOOL_SCHEMA, dialect, body)[0] == body


@pytest.mark.parametrize(("dialect", "data"), list(recorded()))
def test_what_agents_sent_stays(dialect: Dialect, data: bytes) -> None:
    """Recorded agents declare their tools well."""
    body = Body.read(dialect, data)
    assert body is not None and TOOL_SCHEMA.request is not None
    assert TOOL_SCHEMA.request(body, Context(RULES, memory(), History.of(body))) is body


@every
def test_all_other_bytes_stay(dialect: Dialect) -> None:
    """Numbers, escapes and white space of what is not touched go out as they came in."""
    odd = b'{"default":1.0e400,"x":"\\u00e9","y":[1, 2]}'
    tools = [function(dialect, "f", {"p": "mark"}), function(dialect, "g")]
    data = compact(offering(dialect, tools)).replace(b'"mark"', odd)
    data = data.replace(b'"name":"g"', b'"name" :\t"g"')
    body = Body.read(dialect, data)
    assert body is not None and TOOL_SCHEMA.request is not None
    after = TOOL_SCHEMA.request(body, Context(RULES, memory(), History.of(body))).encode()
    assert after == data.replace(odd + b"}", odd + b',"type":"object"}')


def test_a_member_that_is_there_twice() -> None:
    """A tool or a schema that cannot be taken apart is left alone, and nothing fails."""
    twice = b'{"type":"array","type":"array"}'
    for tool in (twice, b'{"name":"f","input_schema":%b}' % twice):
        data = b'{"model":"m","messages":[],"tools":[%b]}' % tool
        body = Body.read(MESSAGES, data)
        assert body is not None and TOOL_SCHEMA.request is not None
        assert TOOL_SCHEMA.request(body, Context(RULES, memory(), History.of(body))) is body


def test_what_is_said_of_it() -> None:
    """The record tells how many tools were changed and how many left out."""
    tools = [function(CHAT, "f", {}), {"type": "web_search"}, function(CHAT, "g")]
    _, context = mended(TOOL_SCHEMA, CHAT, offering(CHAT, tools))
    said = [(change.detail, change.count) for change in context.changes]
    assert said == [
        ("tools put into the shape that is read", 1),
        ("tools left out that nobody here runs", 1),
    ]
