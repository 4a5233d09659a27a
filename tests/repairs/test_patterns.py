"""Which patterns every engine reads."""

from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsfix.repairs.patterns import is_plain

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
