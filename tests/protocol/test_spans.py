"""JSON as raw spans: nothing is lost, nothing is read twice."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dsfix.protocol import spans
from dsfix.protocol.body import Body, Dialect
from tests.laws.examples import examples

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.dictionaries(st.text(), JSON, max_size=6),
    st.sampled_from([None, (",", ":"), (" , ", " : ")]),
)
def test_members_keep_every_value(value: dict[str, object], separators: tuple[str, str]) -> None:
    """An object's members hold exactly the values it has, in any layout."""
    data = json.dumps(value, separators=separators).encode("utf-8", "surrogatepass")
    members = spans.members(data)
    if members is None:  # a lone surrogate in a key or value is no well-formed text
        assert any(0xD800 <= ord(each) <= 0xDFFF for each in json.dumps(value, ensure_ascii=False))
        return
    assert {key: json.loads(raw) for key, raw in members.items()} == value
    assert json.loads(spans.build_object(members)) == value


def written(value: object, colon: str) -> str:
    """JSON in which objects are lists of pairs, so that a key may stand twice in one."""
    if isinstance(value, list):
        return "[" + ",".join(written(each, colon) for each in value) + "]"
    if isinstance(value, tuple):
        pairs = (f'"{key}"{colon}{written(each, colon)}' for key, each in value)
        return "{" + ",".join(pairs) + "}"
    return json.dumps(value)


NAMED = st.recursive(
    st.none() | st.integers() | st.sampled_from(["x", '"messages":[', "]", '],"messages":[]']),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(
            st.tuples(st.sampled_from(["messages", "model", r"\u006dessages"]), inner), max_size=3
        ).map(tuple)
    ),
    max_leaves=10,
)


@example([("tools", (("messages", [1]),)), ("messages", [2])], ":")
@example([("messages", [1]), ("messages", [2])], ":")
@given(
    st.lists(st.tuples(st.sampled_from(["messages", "model", "tools"]), NAMED), max_size=4),
    st.sampled_from([":", ": "]),
)
@examples(300)
def test_a_list_is_found_where_it_stands(pairs: list[tuple[str, object]], colon: str) -> None:
    """A body read in one go is what its members say, whatever else has the name of the list."""
    data = written(tuple(pairs), colon).encode()
    members, apart = spans.parted(data), spans.apart(data, "messages")
    if apart is None:
        return
    found, values = apart
    assert members is not None and list(found) == list(members)
    assert b"[" + b",".join(values) + b"]" == bytes(members.pop("messages"))
    assert members == {key: raw for key, raw in found.items() if key != "messages"}


def test_a_list_is_found() -> None:
    """It is in what agents send: compact, with other members on both sides."""
    data = b'{"model":"m","messages":[{"messages":[1]},"\\"messages\\":["],"tools":[]}'
    found, values = spans.apart(data, "messages") or ({}, [])
    assert list(found) == ["model", "messages", "tools"]
    assert values == [b'{"messages":[1]}', b'"\\"messages\\":["']


@pytest.mark.parametrize(
    "data",
    [b'{"a":1,"a":2}', b'{ "a" : 1 , "a" : 2 }', b'{"a":1, "a":2}', b'{"a":{}, "\\u0061":1}'],
)
def test_duplicate_keys_are_left_alone(data: bytes) -> None:
    """An object that a mapping cannot hold is given back as unreadable."""
    assert spans.members(data) is None


@pytest.mark.parametrize(
    "data", [b"", b"[1]", b"null", b'{"a":}', b'{"a":"\\ud83d"}', b"{", b"[" * 5000]
)
def test_what_is_no_object_is_no_object(data: bytes) -> None:
    """Anything but a well-formed object has no members."""
    assert spans.members(data) is None


def test_integers_of_any_length_stay_as_they_are() -> None:
    """Thirty digits go through as thirty digits."""
    data = b'{"n":123456789012345678901234567890,"messages":[]}'
    body = Body.read(Dialect.CHAT, data)
    assert body is not None
    assert body.encode() == data
    changed = body.having("x", b"1")
    assert b'"n":123456789012345678901234567890' in changed.encode()


def test_an_edit_keeps_the_order_and_every_other_byte() -> None:
    """Only the edited member's bytes differ."""
    data = b'{"model":"a","messages":[{"x": 1},  {"y":2}],"z":[1, 2]}'
    body = Body.read(Dialect.MESSAGES, data)
    assert body is not None
    edited = body.having("model", b'"b"').encode()
    assert edited == b'{"model":"b","messages":[{"x": 1},{"y":2}],"z":[1, 2]}'


def test_a_value_deep_inside_is_changed_and_no_other_byte() -> None:
    """A path leads through members and, with EACH, all items; what it does not fit stays."""
    data = b'{"a":[{"n":"x", "m":1.0e400},{"n":"y"},3,{"o":[ ]}],"n":"z"}'
    path = ("a", spans.EACH, "n")
    changed = spans.edited(data, path, lambda raw: b'"other"' if raw == b'"x"' else raw)
    assert changed == data.replace(b'"n":"x", ', b'"n":"other",')
    assert spans.edited(data, path, lambda raw: raw) is data
    for elsewhere in (("b",), ("n", "n"), ("n", spans.EACH), (spans.EACH,)):
        assert spans.edited(data, elsewhere, lambda raw: b"1") is data
