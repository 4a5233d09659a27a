"""Schemas that every validator takes.

DeepSeek checks the schema of each tool against what JSON Schema says of schemas, and refuses the
whole request where one member is not as it should be: 'null is not of type "array"' for a
`required` (farion1231/cc-switch#7019, 2026-08-31), `"..." is not a "regex"` for Claude Code's own
Artifact tool from 2.1.265 on (farion1231/cc-switch#7236, 2026-09-09). One odd tool of an MCP server
is enough. A schema only tells the model what to write, so what is of no use in it is taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from sys import float_info
from typing import Any

from dsfix.protocol import spans
from dsfix.repairs.patterns import is_plain

_TYPES = frozenset(("array", "boolean", "integer", "null", "number", "object", "string"))
# Members that hold schemas: under names of their own, in a list, and one alone.
_NAMED = frozenset(("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"))
_LISTED = frozenset(("anyOf", "oneOf", "allOf", "prefixItems"))
_OBJECTS = frozenset(("additionalProperties", "unevaluatedProperties", "propertyNames"))
_ARRAYS = frozenset(("additionalItems", "unevaluatedItems", "contains"))
_ALONE = _OBJECTS | _ARRAYS | {"not", "if", "then", "else"}


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return known and abs(value) <= float_info.max  # what is larger many do not read


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and float(value).is_integer()


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _are_names(value: Any) -> bool:
    return _is_list(value) and all(map(_is_text, value)) and len({*value}) == len(value)


def _is_type(value: Any) -> bool:
    several = [value] if _is_text(value) else value
    return _are_names(several) and bool(several) and _TYPES.issuperset(several)


# What the other members hold; of one that is not here everything is taken.
_HOLDS: Mapping[str, Callable[[Any], bool]] = {
    "type": _is_type,
    "required": _are_names,
    "pattern": lambda value: _is_text(value) and is_plain(value),
    "uniqueItems": lambda value: isinstance(value, bool),
    "multipleOf": lambda value: _is_number(value) and value > 0,
    **dict.fromkeys(("enum", "examples"), _is_list),
    **dict.fromkeys(("title", "description", "format", "$ref", "$comment"), _is_text),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _is_number),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _is_count),
    **dict.fromkeys(("minProperties", "maxProperties", "minContains", "maxContains"), _is_count),
}


def is_sound(schema: Any) -> bool:
    """Whether every validator takes a schema."""
    if not isinstance(schema, dict):
        return isinstance(schema, bool)
    return all(_fits(name, value) for name, value in schema.items())


def _fits(name: str, value: Any) -> bool:
    if name in _NAMED:
        keyed = isinstance(value, dict) and (
            name != "patternProperties" or all(map(is_plain, value))
        )
        return keyed and all(map(is_sound, value.values()))
    if name in _LISTED or (name == "items" and _is_list(value)):
        return _is_list(value) and bool(value) and all(map(is_sound, value))
    if name == "items" or name in _ALONE:
        return is_sound(value)
    return name not in _HOLDS or _HOLDS[name](value)


def sound(raw: bytes) -> bytes | None:
    """The schema less what some validator does not take; None for what is none at all."""
    value = spans.value(raw)
    if is_sound(value):
        return raw
    schema = spans.members(raw)
    if schema is None:  # what has a member twice cannot be told from what it should be
        return raw if isinstance(value, dict) else None
    new = {name: each for name, given in schema.items() if (each := _member(name, given))}
    return spans.build_object(new)


def _member(name: str, raw: bytes) -> bytes | None:
    """What is left of a member, None where that is nothing."""
    if name in _NAMED and (named := spans.members(raw)) is not None:
        kept = {key: each for key, given in named.items() if (each := sound(given))}
        if name == "patternProperties":
            kept = {key: each for key, each in kept.items() if is_plain(key)}
        return raw if kept == named else spans.build_object(kept)
    listed = spans.items(raw) if name in _LISTED or name == "items" else None
    if listed is not None:
        left = [each for given in listed if (each := sound(given))]
        return None if not left else raw if left == listed else spans.build_array(left)
    if name == "items" or name in _ALONE:
        return sound(raw)
    return raw if _fits(name, spans.value(raw)) else None
