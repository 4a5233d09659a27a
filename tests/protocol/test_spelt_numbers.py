"""The number of a block, a call or an item, in the spellings that relays have for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dsfix.protocol import reading
from dsfix.protocol.answer import Answer
from dsfix.protocol.body import Dialect
from tests.protocol.test_odd_numbers import ITEMS, NAMES, Events, check, item, messages, read

SPELT = [str, float, lambda number: None if number == 0 else str(number)]


def numbered(events: Events, name: str, spell: Any) -> Events:
    """The same events, in which that member is spelt otherwise."""
    return [{**each, name: spell(each[name])} if name in each else each for each in events]


@pytest.mark.parametrize("spell", SPELT)
def test_blocks_and_items(spell: Any) -> None:
    """Neither their kind nor their text is lost with an odd number."""
    check(read(Dialect.MESSAGES, numbered(messages(0, 1, 2, 3), "index", spell)))
    came = [item(at, *of, *ids) for at, (of, ids) in enumerate(zip(ITEMS, NAMES, strict=True))]
    events = [event for begun, end in came for event in (*begun, end)]
    check(read(Dialect.RESPONSES, numbered(events, "output_index", spell)))


@pytest.mark.parametrize("spell", SPELT)
def test_calls_and_choices(spell: Any) -> None:
    """A call's pieces come together, and a second choice is none of the answer."""
    parts: list[tuple[int, dict[str, Any]]] = [
        (0, {"id": "a", "function": {"name": "ls", "arguments": '{"a"'}}),
        (1, {"id": "b", "function": {"name": "cat", "arguments": "{"}}),
        (0, {"function": {"arguments": ": 1}"}}),
        (1, {"function": {"arguments": "}"}}),
    ]
    deltas: Events = [{"tool_calls": [{"index": spell(at), **part}]} for at, part in parts]
    choices = [(0, {"reasoning_content": "why"}), (1, {"content": "other"})]
    choices += [(0, delta) for delta in deltas]
    answer = Answer()
    for at, delta in choices:
        chunk = {"choices": [{"index": spell(at), "delta": delta, "finish_reason": None}]}
        data = b"data: " + json.dumps(chunk).encode() + b"\n\n"
        reading.observe(Dialect.CHAT, answer, data)
    turn = answer.turn()
    assert (turn.calls, turn.names, turn.texts) == (("a", "b"), ("ls", "cat"), ())
    assert turn.reasoning is not None and turn.reasoning.text == "why"
    assert [each.text for each in answer.blocks.values()] == ["why", '{"a": 1}', "{}"]


@pytest.mark.parametrize("odd", ["-1", -1, 1e300, 10**30, "9" * 30, "x", ""])
def test_what_is_no_number_is_the_first(odd: object) -> None:
    """As it is where there is none."""
    events = numbered(messages(0, 1, 2, 3), "index", lambda _: odd)
    check(read(Dialect.MESSAGES, events))
