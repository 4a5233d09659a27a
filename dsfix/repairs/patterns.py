"""Patterns in a tool's schema, which not every engine for regular expressions reads alike.

Upstreams compile each `pattern` with an engine of their own, and refuse the whole request where it
cannot read one: `Invalid schema for function 'Artifact': "..." is not a "regex"` from Claude Code
2.1.265 on (farion1231/cc-switch#7236, anthropics/claude-code#92964, 2026-09-09), and for a tool of
an MCP server (Dokploy/mcp#43, 2026-05-21). To DeepSeek a bracket within a class begins another, GLM
knows no `\\p{...}` (anthropics/claude-code#93029). A pattern only tells the model more about a text
than its description does, so what is not surely read everywhere is taken out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from dsfix.protocol import spans

_MOST = 1000  # letters of a pattern that is looked at
_SIGN = r"\\[!-/:;=?@\[-`{-~]"  # an escaped sign; of `<` and `>` some make more
# Of a class: no bracket, and no sign twice that joins two or takes one from the other.
_IN_CLASS = rf"(?:[^\0\\\[\]&~|-]|\\[dDwWsSnrtfv]|{_SIGN}|&(?!&)|~(?!~)|\|(?!\|)|-(?!-))"
_ATOM = rf"(?:[^\0\\\[\]()*+?{{}}|]|\\[dDwWsSbBnrtfv]|{_SIGN}|\[\^?+{_IN_CLASS}++\])"
_TIMES = r"(?:[*+?]\??|\{\d{1,3}(?:,\d{0,3})?\}\??)"
_PLAIN = re.compile(rf"(?:(?:{_ATOM}|\)){_TIMES}?|\((?:\?:)?|\|)*+")
_FOUND = re.compile(rb'"pattern"\s*:\s*("(?:[^"\\]|\\.)*+")')
_KEYED = b'"patternProperties"'

# Members of a schema that hold schemas under names of their own, and those that hold values.
_NAMED = frozenset(("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"))
_VALUES = frozenset(("default", "const", "enum", "example", "examples"))


def is_plain(pattern: str) -> bool:
    """Whether every engine reads that pattern, and as the same."""
    if len(pattern) > _MOST or _PLAIN.fullmatch(pattern) is None:
        return False
    try:
        re.compile(pattern)
    except (re.error, RecursionError):
        return False
    return True


def are_plain(raw: bytes) -> bool:
    """Whether all patterns in that JSON are, looking no further than its bytes."""
    return _KEYED not in raw and all(
        is_plain(str(spans.value(found[1]))) for found in _FOUND.finditer(raw)
    )


def without_odd_patterns(raw: bytes) -> bytes:
    """The schema, or the list of schemas, without patterns that are not plain."""
    if b'"pattern' not in raw:
        return raw
    listed = spans.items(raw)
    if listed is not None:
        mended = [without_odd_patterns(each) for each in listed]
        return raw if mended == listed else spans.build_array(mended)
    schema = spans.members(raw)
    if schema is None:
        return raw
    new = {
        name: _member(name, each)
        for name, each in schema.items()
        if name != "pattern" or not spans.is_text(each) or is_plain(spans.value(each))
    }
    return _built(raw, schema, new)


def _member(name: str, raw: bytes) -> bytes:
    if name in _VALUES:
        return raw
    named = spans.members(raw) if name in _NAMED else None
    if named is None:
        return without_odd_patterns(raw)
    new = {
        key: without_odd_patterns(each)
        for key, each in named.items()
        if name != "patternProperties" or is_plain(key)
    }
    return _built(raw, named, new)


def _built(raw: bytes, old: Mapping[str, bytes], new: Mapping[str, bytes]) -> bytes:
    return raw if new == old else spans.build_object(new)
