"""A body read on from the one before is the body read as a whole."""

from __future__ import annotations

import json
from operator import is_
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.growing import Growing

DIALECTS = pytest.mark.parametrize("dialect", list(Dialect))
VALUES = st.none() | st.integers() | st.text(max_size=4) | st.just({"a": [1]})
MESSAGE = st.fixed_dictionaries({"role": st.text(max_size=3), "content": VALUES}) | VALUES
MEMBERS = st.dictionaries(st.sampled_from(["model", "system", "tools", 'a"b']), VALUES)


def written(dialect: Dialect, head: Any, said: list[Any], tail: Any, layout: int = 0) -> bytes:
    """A request with these members before and behind its messages, in one of three layouts."""
    name = "input" if dialect is Dialect.RESPONSES else "messages"
    rest = {key: value for key, value in tail.items() if key not in head}
    body = {**head, name: said, **rest}
    if layout == 2:
        return json.dumps(body, indent=1).encode()
    return json.dumps(body, separators=(",", ":") if not layout else None).encode()


@DIALECTS
@given(data=st.data())
def test_it_reads_what_is_there(dialect: Dialect, data: st.DataObject) -> None:
    """Whatever came before, members, messages, order and source are those of the body itself."""
    growing = Growing(conversations=2)
    heads = data.draw(st.lists(MEMBERS, min_size=1, max_size=2))
    said: list[Any] = []
    for _ in range(data.draw(st.integers(1, 6))):
        del said[len(said) - data.draw(st.integers(0, 2)) :]
        said += data.draw(st.lists(MESSAGE, max_size=3))
        head, tail = data.draw(st.sampled_from(heads)), data.draw(MEMBERS)
        body = written(dialect, head, said, tail, data.draw(st.sampled_from([0, 0, 0, 1, 2])))
        end = data.draw(st.sampled_from([b"", b"", b"", b" ", b"}", b"x"]))
        body = body[: data.draw(st.sampled_from([None, None, None, -1, -3]))] + end
        assert growing.read(dialect, body) == Body.read(dialect, body)


def grown(*contents: str, layout: int = 0) -> bytes:
    said = [{"content": each} for each in contents]
    return written(Dialect.CHAT, {"model": "m"}, said, {"tools": []}, layout)


@pytest.mark.parametrize("layout", [0, 1], ids=["compact", "as Python writes it"])
def test_messages_that_stayed_are_the_same_objects(layout: int) -> None:
    """They are known again without a look at them, behind another conversation's request too."""
    growing = Growing()
    first = growing.read(Dialect.CHAT, grown("a", "b", "c", layout=layout))
    growing.read(Dialect.CHAT, grown("title", layout=layout))
    second = growing.read(Dialect.CHAT, grown("a", "b", "C", "d", layout=layout))
    assert first is not None and second is not None
    shared = [old is new for old, new in zip(first.messages, second.messages, strict=False)]
    assert shared == [True, True, False]


def test_a_layout_of_its_own_is_read_as_it_is() -> None:
    """Where one comma has two blanks and another none, lengths say nothing of places."""
    growing = Growing()
    odd = b'{"messages": [1,  23,4, 5]}'
    for data in (odd, odd.replace(b"5", b"6"), b'{"messages": [1, 23]}', b'{"messages": [1,23]}'):
        assert growing.read(Dialect.CHAT, data) == Body.read(Dialect.CHAT, data)


def test_threads_that_begin_alike_are_each_kept() -> None:
    """A sub-agent with the main thread's first words does not make it be read anew."""
    growing = Growing()
    main = growing.read(Dialect.CHAT, grown("a", "b", "c", "d"))
    growing.read(Dialect.CHAT, grown("a", "x"))
    growing.read(Dialect.CHAT, grown("a", "x", "y"))
    later = growing.read(Dialect.CHAT, grown("a", "b", "c", "d", "e"))
    assert main is not None and later is not None
    assert all(map(is_, main.messages, later.messages))


def test_members_that_stayed_are_the_same_objects() -> None:
    """In front of the messages and behind, whatever else has changed, and in other conversations."""
    growing = Growing()
    tools, more = {"tools": ["a long list"]}, {"tools": ["a long list"], "stream": True}
    found = [
        growing.read(Dialect.CHAT, written(Dialect.CHAT, {"model": "a model"}, said, tail))
        for said, tail in (
            (["a", "b"], tools),
            (["a", "b", "c"], tools),
            (["a", "b", "c", "d"], more),
            (["title"], tools),
        )
    ]
    first = found[0]
    assert first is not None
    for each in found:
        assert each is not None
        assert all(each.members[name] is raw for name, raw in first.members.items())


def test_a_member_that_stands_there_twice_is_passed_on() -> None:
    """A second list of messages, or a second model, is no body that can be taken apart."""
    growing = Growing()
    assert growing.read(Dialect.CHAT, grown("a", "b"))
    for twice in (b',"model":"n"}', b',"messages":[]}'):
        assert growing.read(Dialect.CHAT, grown("a", "b", "c")[:-1] + twice) is None


def test_it_keeps_no_more_than_it_may() -> None:
    """Conversations and bytes are bounded; what is longer is read, and not kept."""
    growing = Growing(conversations=2, room=160)
    bodies = [grown(name, name) for name in "abc"]
    read = [growing.read(Dialect.CHAT, body) for body in bodies]
    again = [growing.read(Dialect.CHAT, body) for body in reversed(bodies)]
    kept = [
        old is not None and new is not None and old.messages[0] is new.messages[0]
        for old, new in zip(read, reversed(again), strict=True)
    ]
    assert kept == [False, True, True]
    long = [growing.read(Dialect.CHAT, grown("x" * 120, "b")) for _ in range(2)]
    assert long[0] and long[1] and long[0].messages[0] is not long[1].messages[0]
