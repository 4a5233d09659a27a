"""What no validator takes is taken out of a tool's schema, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsfix.protocol.body import Dialect
from dsfix.repairs.schemas import is_sound, sound
from tests.repairs.support import USER, request, sent

ODD = r"^[^[\\]/]+$"
PLAIN = "^[a-z]+$"
TEXT = {"type": "string", "description": "d"}
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "a", ODD])
)
NAMES = st.sampled_from(
    [
        "type",
        "required",
        "pattern",
        "properties",
        "patternProperties",
        "items",
        "anyOf",
        "enum",
        "minimum",
        "minLength",
        "not",
        "additionalProperties",
        "description",
        "default",
        "object",
        "string",
        "x",
        "^a",
    ]
)
JSON = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def mended(schema: Any) -> Any:
    """What is left of a schema, decoded."""
    left = sound(json.dumps(schema).encode())
    return None if left is None else json.loads(left)


@pytest.mark.parametrize(
    ("schema", "left"),
    [
        ({**TEXT, "pattern": ODD}, TEXT),
        ({**TEXT, "required": True}, TEXT),
        ({**TEXT, "description": None}, {"type": "string"}),
        ({**TEXT, "type": "text"}, {"description": "d"}),
        ({**TEXT, "type": ["string", "string"]}, {"description": "d"}),
        ({**TEXT, "enum": None, "minLength": -1, "maxLength": "9"}, TEXT),
        ({"minimum": "0", "exclusiveMinimum": True, "multipleOf": 0}, {}),
        ({**TEXT, "maxLength": 10**400, "minimum": -(10**400)}, TEXT),
        ({"items": None, "uniqueItems": "yes"}, {}),
        ({"items": []}, {}),
        ({"items": {**TEXT, "pattern": ODD}}, {"items": TEXT}),
        ({"anyOf": [TEXT, None, {"pattern": ODD}]}, {"anyOf": [TEXT, {}]}),
        ({"anyOf": [], "oneOf": [None]}, {}),
        ({"not": {"required": None}}, {"not": {}}),
        ({"additionalProperties": None}, {}),
        ({"properties": {"a": TEXT, "type": "object"}}, {"properties": {"a": TEXT}}),
        ({"properties": {"a": {**TEXT, "required": False}}}, {"properties": {"a": TEXT}}),
        ({"properties": None, "required": ["a", 1]}, {}),
        ({"patternProperties": {ODD: {}, "^a": {}}}, {"patternProperties": {"^a": {}}}),
        ({"$defs": {"a": {"items": {"pattern": ODD}}}}, {"$defs": {"a": {"items": {}}}}),
        ("object", None),
        ([], None),
    ],
)
def test_what_no_schema_has(schema: Any, left: Any) -> None:
    """It is taken out wherever a schema stands, and all else stays."""
    assert not is_sound(schema)
    assert mended(schema) == left


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"type": ["string", "null"], "pattern": PLAIN, "minLength": 1.0, "required": []},
        {"properties": {"pattern": {"description": ODD}, "type": {}, "required": False}},
        {"default": {"pattern": ODD}, "const": {"items": None}, "examples": [None], "enum": [None]},
        {"items": [{}, True], "additionalProperties": False, "prefixItems": [{}]},
        {"x-own": {"type": 1}, "nullable": True, "format": "any", "exclusiveMinimum": 1.5},
        {"$ref": "#/$defs/a", "$defs": {"a": {"not": {"anyOf": [True]}}}},
    ],
)
def test_what_a_schema_may_have(schema: Any) -> None:
    """Arguments of such names, values, members that nobody knows: the same bytes."""
    raw = json.dumps(schema).encode()
    assert is_sound(schema)
    assert sound(raw) is raw


@given(JSON)
def test_what_is_left_is_a_schema(schema: Any) -> None:
    """Whatever was there, and what was one already is left alone."""
    raw = json.dumps(schema).encode()
    left = sound(raw)
    if left is None:
        assert not isinstance(schema, dict | bool)
    else:
        assert is_sound(json.loads(left))
        assert (left is raw) is is_sound(json.loads(raw))


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_tool_keeps_all_else(dialect: Dialect) -> None:
    """Other tools are the same bytes, and the record says what was done."""
    schema = {"type": "object", "properties": {"a": {**TEXT, "pattern": ODD}}}
    name = "input_schema" if dialect is Dialect.MESSAGES else "parameters"
    odd: Any = {"name": "odd", name: schema}
    if dialect is not Dialect.MESSAGES:
        odd = {"type": "function", **({"function": odd} if dialect is Dialect.CHAT else odd)}
    body = request(USER, dialect=dialect)
    tools = [*body["tools"], odd]
    out, outgoing = sent(dialect, {**body, "tools": tools})
    without = json.dumps(tools).replace(f', "pattern": {json.dumps(ODD)}', "")
    assert out["tools"] == json.loads(without) != tools
    assert [change.repair for change in outgoing.changes] == ["tool-schema"]


def test_tools_of_a_namespace() -> None:
    """Those that Codex declares in one are functions as well."""
    odd = {"type": "function", "name": "f", "parameters": {"type": "object", "required": None}}
    space = {"type": "namespace", "name": "n", "description": "d", "tools": [odd]}
    body = request(USER, dialect=Dialect.RESPONSES, tools=[space])
    out, _ = sent(Dialect.RESPONSES, body)
    assert out["tools"][0]["tools"][0]["parameters"] == {"type": "object"}
