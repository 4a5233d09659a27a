"""JSON with comments and trailing commas."""

from __future__ import annotations

import pytest

from dsfix.agents import jsonc


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (None, None),
        ("", None),
        ("[]", None),
        ("{", None),
        ("{}", {}),
        ("\ufeff{}", {}),
        ('{"a": 1} // end', {"a": 1}),
        ('{/* x\n */"a": [1, 2, ], // y\n}', {"a": [1, 2]}),
        ('{"a": 1, // last\n /* , */ }', {"a": 1}),
        ('{"url": "https://a/b", "c": "/* no */"}', {"url": "https://a/b", "c": "/* no */"}),
        (r'{"a": "\"// no", "b": "x,}"}', {"a": '"// no', "b": "x,}"}),
        ("[" * 100000, None),
    ],
)
def test_objects_are_read_as_people_write_them(text, value):
    """Comments and trailing commas go, strings stay, and anything but an object is nothing."""
    assert jsonc.loads(text) == value


def test_members_are_merged_and_lists_replaced():
    """Objects are merged at every depth, and neither side is changed."""
    low = {"a": {"x": 1, "y": [1]}, "b": 1}
    high = {"a": {"y": [2]}, "b": {"z": 1}}
    assert jsonc.merged(low, high) == {"a": {"x": 1, "y": [2]}, "b": {"z": 1}}
    assert low == {"a": {"x": 1, "y": [1]}, "b": 1}


def test_strings_of_a_list():
    """An entry that is a list counts by its first, anything else that is no string is left out."""
    assert jsonc.strings(["a", ["b", {}], 1, []]) == ["a", "b"]
    assert jsonc.strings("a") == []
