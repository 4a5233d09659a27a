"""The comparison names every difference, and no more than differs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.diff import differences

CASES: list[tuple[Any, Any, tuple[str, ...]]] = [
    ({"a": 1}, {"a": 1}, ()),
    ({"a": 1}, {"a": 2}, ("~a",)),
    ({"a": 1}, {"a": 1.0}, ("~a",)),
    ({"a": 1}, {"a": True}, ("~a",)),
    ({"a": 1}, {}, ("-a",)),
    ({}, {"a": None}, ("+a",)),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}, ("~(order)",)),
    ({"m": {"a": 1, "b": 2}}, {"m": {"b": 2, "a": 1}}, ("~m (order)",)),
    ({"a": {"b": {"c": "x"}}}, {"a": {"b": {"c": "y"}}}, ("~a.b.c",)),
    ([1, 2, 3], [1, 9, 2, 3], ("+[1]",)),
    ([1, 2, 3], [1, 3], ("-[1]",)),
    ([{"a": 1}, {"a": 2}], [{"a": 1}, {"a": 3}], ("~[1].a",)),
    ([1, 2], [2, 1], ("+[0]", "-[1]")),
    ({"m": [{"c": ["t"]}]}, {"m": [{"c": ["r", "t"]}]}, ("+m[0].c[0]",)),
    ({"a": [1]}, {"a": "1"}, ("~a",)),
    ([{"type": "x", "a": 1}], [{"type": "y"}, {"type": "x", "a": 2}], ("+[0]", "~[0].a")),
    ([{"type": "x"}], [{"type": "y"}], ("~[0].type",)),
]


@pytest.mark.parametrize(("before", "after", "expected"), CASES)
def test_differences(before: Any, after: Any, expected: tuple[str, ...]) -> None:
    """Values, types, members, their order, items."""
    assert differences(before, after) == expected
