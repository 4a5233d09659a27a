"""Patterns that not every engine reads are taken out of a schema, and nothing else."""

from __future__ import annotations

import json
import re
import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsfix.protocol.body import Dialect
from dsfix.repairs.patterns import is_plain, without_odd_patterns
from tests.repairs.support import USER, request, sent

# What a name may not have, written as JavaScript does: a bracket needs no escape within a class.
ODD = r"^[^[\]\\/]+$"
PLAIN = r"^[a-z][a-z0-9-]{1,40}(?:/v[0-9]+)?$"
LETTERS = [
    *"ab9-^$.*+?()[]{}|\\/,:=!<>&~# \0é",
    r"\d",
    r"\]",
    r"\p{L}",
    "[a-z]",
    "(?:",
    "(?=",
    "[^",
]


@pytest.mark.parametrize(
    "pattern",
    [
        PLAIN,
        "",
        r"^https?://",
        r"^\d{4}-\d{2}$",
        r"^[^\n\r]*$",
        r"^[\s\S]{0,300}$",
        r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
        "^(?:a|b)+?$",
        "é",
    ],
)
def test_what_every_engine_reads(pattern: str) -> None:
    """Letters, classes, groups and counts, as agents write them."""
    assert is_plain(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        ODD,
        r"^[a-z\-=[\]{}]*$",
        r"^[^\p{Cc}]+$",
        r"^(?!__).+$",
        r"(?<=a)b",
        r"(?<name>a)",
        r"(?i)a",
        r"(a)\1",
        r"[^\u0000]",
        "\0",
        r"[a&&b]",
        r"[a--b]",
        r"[]a]",
        r"[^]a]",
        r"a{2",
        r"a*+",
        r"(a",
        r"\Z",
        r"\w{5000}",
        "a" * 1001,
    ],
)
def test_what_is_read_in_several_ways_or_not_at_all(pattern: str) -> None:
    """Each of these is an error to some engine, or means something else to it."""
    assert not is_plain(pattern)


@given(st.lists(st.sampled_from(LETTERS), max_size=9).map("".join))
@settings(max_examples=300)
def test_a_plain_pattern_is_one_to_python_too(pattern: str) -> None:
    """Without a doubt about what it means."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if is_plain(pattern):
            re.compile(pattern)


def string(pattern: str) -> dict[str, Any]:
    """The schema of a text."""
    return {"type": "string", "pattern": pattern, "description": "d"}


BARE = {"type": "string", "description": "d"}


@pytest.mark.parametrize(
    ("schema", "after"),
    [
        ({"properties": {"a": string(ODD)}}, {"properties": {"a": BARE}}),
        ({"items": string(ODD)}, {"items": BARE}),
        ({"anyOf": [string(PLAIN), string(ODD)]}, {"anyOf": [string(PLAIN), BARE]}),
        ({"$defs": {"a": {"items": string(ODD)}}}, {"$defs": {"a": {"items": BARE}}}),
        ({"patternProperties": {ODD: {}, "^a": string(ODD)}}, {"patternProperties": {"^a": BARE}}),
    ],
)
def test_a_pattern_is_found_wherever_a_schema_stands(schema: Any, after: Any) -> None:
    """In properties, lists, choices and definitions; what else is said of a text stays."""
    assert json.loads(without_odd_patterns(json.dumps(schema).encode())) == after


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": string(PLAIN)}},
        {"properties": {"pattern": {"type": "string", "description": ODD}}},
        {"properties": {"a": {"default": {"pattern": ODD}, "enum": [{"pattern": ODD}]}}},
        {"const": {"items": {"pattern": ODD}}},
        {"pattern": 3},
        {"properties": [1]},
    ],
)
def test_what_is_no_odd_pattern_stays(schema: Any) -> None:
    """An argument of that name, values, and what no engine is given: the same bytes."""
    raw = json.dumps(schema).encode()
    assert without_odd_patterns(raw) is raw


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_tool_keeps_all_but_the_pattern(dialect: Dialect) -> None:
    """Other tools are the same bytes, and the record says what was done."""
    schema = {"type": "object", "properties": {"a": string(ODD)}}
    name = "input_schema" if dialect is Dialect.MESSAGES else "parameters"
    body = request(USER, dialect=dialect)
    odd = {"name": "odd", name: schema}
    shaped = {"type": "function", "function": odd} if dialect is Dialect.CHAT else odd
    shaped = {"type": "function", **odd} if dialect is Dialect.RESPONSES else shaped
    tools = [*body["tools"], shaped]
    out, outgoing = sent(dialect, {**body, "tools": tools})
    assert out["tools"] == json.loads(
        json.dumps(tools).replace(f', "pattern": {json.dumps(ODD)}', "")
    )
    assert [change.repair for change in outgoing.changes] == ["tool-schema"]
