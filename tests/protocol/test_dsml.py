"""DeepSeek's own notation of tool calls: which texts are calls, and which only may be."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsfix.protocol import dsml
from dsfix.protocol.dsml import Call

V4 = (
    '<｜DSML｜tool_calls>\n<｜DSML｜invoke name="f">\n'
    '<｜DSML｜parameter name="x" string="true">a < b\n</｜DSML｜parameter>\n'
    '<｜DSML｜parameter name="n" string="false">{"k": 123456789012345678901}</｜DSML｜parameter>\n'
    '</｜DSML｜invoke>\n<｜DSML｜invoke name="g">\n\n</｜DSML｜invoke>\n</｜DSML｜tool_calls>'
)
WAYS = {
    "V4": V4,
    "V3.2": V4.replace("tool_calls", "function_calls"),
    "V4.1": V4.replace("DSML｜", "DSML｜ ").replace("tool_calls", "calls"),
    "two bars": V4.replace("｜", "｜｜"),
    "one other bar": V4.replace("｜", "‖"),
    "plain bars": V4.replace("｜", "|"),
    "in one line": V4.replace(">\n<", "><").replace("\n\n", ""),
    "white space behind it": V4 + "\n\n",
}
BROKEN = {
    "nothing": "",
    "no wrapper": V4.partition(">")[2],
    "no end": V4[:-1],
    "words behind it": V4 + " and so on",
    "words inside": V4.replace('<｜DSML｜invoke name="g">', 'then <｜DSML｜invoke name="g">'),
    "two kinds of bars": V4.replace("</｜DSML｜invoke>", "</‖DSML‖invoke>"),
    "another wrapper's end": V4.replace("</｜DSML｜tool_calls>", "</｜DSML｜function_calls>"),
    "a parameter of no kind": V4.replace(' string="true"', ""),
    "a parameter that is no JSON": V4.replace('{"k"', "{k"),
    "a parameter twice": V4.replace('name="n"', 'name="x"'),
    "two values in one": V4.replace("123456789012345678901}", "1}, 2"),
    "no call": "<｜DSML｜tool_calls></｜DSML｜tool_calls>",
}


@pytest.mark.parametrize("text", WAYS.values(), ids=WAYS)
def test_calls(text: str) -> None:
    """Strings are taken as they stand, other values as JSON, in their own words."""
    assert dsml.calls(text) == (
        Call("f", '{"x":"a < b\\n","n":{"k": 123456789012345678901}}'),
        Call("g", "{}"),
    )
    assert json.loads(Call("f", '{"x":"a < b\\n"}').arguments)
    assert dsml.stands_in(text)


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_no_calls(text: str) -> None:
    """Where one tag or value is out of place, nothing is a call."""
    assert dsml.calls(text) is None


@pytest.mark.parametrize("text", WAYS.values(), ids=WAYS)
@given(
    cut=st.integers(0, 400), before=st.sampled_from(["", "so: ", "a < b, ", "<<", "`<｜DSML｜x>` "])
)
def test_where_calls_may_begin(text: str, cut: int, before: str) -> None:
    """From their first letter on, calls that are still coming may be calls."""
    some = text[: max(1, cut)]
    assert dsml.begins_at(before + some) == len(before)


@pytest.mark.parametrize(
    "text",
    ["", "a", "a < b", "<div>", "<｜DSML｜invoke", "<｜DSML｜tool_calls>`", V4 + " is how it is written"],
)  # fmt: skip
def test_what_cannot_be_calls(text: str) -> None:
    """As soon as a letter is another than it would be, nothing has to wait any more."""
    assert dsml.begins_at(text) is None
