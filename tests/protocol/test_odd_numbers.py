"""Blocks of Messages and items of Responses, however they are numbered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dsfix.protocol import reading, sse
from dsfix.protocol.answer import BLOCK, Answer
from dsfix.protocol.body import Dialect
from dsfix.protocol.turns import Reasoning

Events = list[dict[str, Any]]
FEW, MANY = '{"a": 1}', '{"b": [1, 2]}'


def read(dialect: Dialect, events: Events) -> Answer:
    """The answer that they make."""
    answer = Answer()
    encoded = (sse.encode(json.dumps(event).encode(), event["type"]) for event in events)
    reading.observe(dialect, answer, b"".join(encoded))
    return answer


def block(index: int, opened: dict[str, Any], delta: dict[str, str], end: bool = True) -> Events:
    """A block of Messages, with one delta."""
    of = {"index": index}
    events: Events = [
        {"type": "content_block_start", **of, "content_block": opened},
        {"type": "content_block_delta", **of, "delta": delta},
    ]
    return [*events, {"type": "content_block_stop", **of}] if end else events


def messages(*indices: int) -> Events:
    """An answer of four blocks, with these indices."""
    blocks: list[tuple[dict[str, Any], dict[str, str]]] = [
        ({"type": "thinking", "thinking": ""}, {"type": "thinking_delta", "thinking": "why"}),
        ({"type": "text", "text": ""}, {"type": "text_delta", "text": "so"}),
        (
            {"type": "tool_use", "id": "a", "name": "ls"},
            {"type": "input_json_delta", "partial_json": FEW},
        ),
        (
            {"type": "tool_use", "id": "b", "name": "cat"},
            {"type": "input_json_delta", "partial_json": MANY},
        ),
    ]
    return [
        event
        for index, (opened, delta) in zip(indices, blocks, strict=True)
        for event in block(index, opened, delta)
    ]


def check(answer: Answer) -> None:
    """All of it is there, each in its place."""
    turn = answer.turn()
    assert (turn.calls, turn.names, turn.texts) == (("a", "b"), ("ls", "cat"), ("so",))
    assert turn.reasoning == Reasoning((("why", ""),))
    assert [each.text for _, each in sorted(answer.blocks.items())] == ["why", "so", FEW, MANY]
    assert all(each.complete for each in answer.blocks.values())


@pytest.mark.parametrize("indices", [(0, 1, 2, 3), (0, 0, 0, 0), (0, 1, 0, 1), (0, 1, 1, 1)])
def test_blocks_of_one_index_are_told_apart(indices: tuple[int, ...]) -> None:
    """One that begins where another has ended is another one; Claude Code takes it so."""
    check(read(Dialect.MESSAGES, messages(*indices)))


def test_a_block_that_begins_anew_before_it_ended_is_one() -> None:
    """What came of it before counts no more, as for Claude Code and pi."""
    text = {"type": "text", "text": ""}
    twice = block(0, text, {"type": "text_delta", "text": "Hel"}, end=False)
    answer = read(Dialect.MESSAGES, twice + block(0, text, {"type": "text_delta", "text": "Hello"}))
    assert answer.turn().texts == ("Hello",)


ITEMS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "reasoning_text",
        "why",
        {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "why"}]},
    ),
    (
        "output_text",
        "so",
        {"type": "message", "content": [{"type": "output_text", "text": "so"}]},
    ),
    (
        "function_call_arguments",
        FEW,
        {"type": "function_call", "call_id": "a", "name": "ls", "arguments": FEW},
    ),
    (
        "function_call_arguments",
        MANY,
        {"type": "function_call", "call_id": "b", "name": "cat", "arguments": MANY},
    ),
)


def item(
    index: int, kind: str, said: str, done: dict[str, Any], *ids: str
) -> tuple[Events, dict[str, Any]]:
    """How an item of Responses comes, and how it ends; its ids at its begin, in deltas and then."""
    first, then, last = ids or ("", "", "")
    empty = {"content": []} if "content" in done else {"arguments": ""}
    of = {"output_index": index}
    begun: Events = [
        {"type": "response.output_item.added", **of, "item": {**done, **empty, "id": first}},
        {"type": f"response.{kind}.delta", **of, "item_id": then, "delta": said},
    ]
    end = {"type": "response.output_item.done", **of, "item": {**done, **empty, "id": last}}
    return begun, end


def completed(*items: dict[str, Any]) -> dict[str, Any]:
    """The last event, which repeats all items."""
    told = {"id": "r", "status": "completed", "output": list(items)}
    return {"type": "response.completed", "response": told}


NAMES = [("rs", "rs", "rs"), ("ms", "ms", "ms"), ("f1", "f1", "f1"), ("f2", "f2", "f2")]
OTHER_NAMES = [tuple(f"{name}{at}" for at, name in enumerate(names)) for names in NAMES]


@pytest.mark.parametrize(
    ("indices", "ids"),
    [
        ((0, 1, 2, 3), [()] * 4),
        ((0, 1, 2, 3), NAMES),
        ((0, 1, 2, 3), OTHER_NAMES),
        ((0, 0, 0, 0), [()] * 4),
        ((0, 0, 0, 0), NAMES),
        ((0, 0, 0, 1), NAMES),
    ],
    ids=["numbered", "named", "other names", "one number", "one number, named", "collision"],
)
def test_items_of_one_index_are_told_apart(
    indices: tuple[int, ...], ids: list[tuple[str, ...]]
) -> None:
    """Neither what came after nor the end, which repeats all, takes an item's place."""
    came = [item(index, *of, *each) for index, of, each in zip(indices, ITEMS, ids, strict=True)]
    events = [event for begun, end in came for event in (*begun, end)]
    check(read(Dialect.RESPONSES, events))
    last = [
        {**done, "id": (each or ("",))[-1]} for (_, _, done), each in zip(ITEMS, ids, strict=True)
    ]
    check(read(Dialect.RESPONSES, [*events, completed(*last)]))


def test_items_of_one_index_that_are_open_at_once() -> None:
    """Their ids tell which one a delta is for, and which one is over."""
    came = [item(0, *of, *ids) for of, ids in zip(ITEMS, NAMES, strict=True)]
    begun = [events for events, _ in came]
    events = [pair[at] for at in (0, 1) for pair in begun]
    check(read(Dialect.RESPONSES, [*events, *(end for _, end in reversed(came))]))


def test_items_that_only_end() -> None:
    """Some relays say no more of an item than that it is over, and all of them under one index."""
    events = [
        {"type": "response.output_item.done", "output_index": 0, "item": {**done, "id": names[0]}}
        for (_, _, done), names in zip(ITEMS, NAMES, strict=True)
    ]
    check(read(Dialect.RESPONSES, events))


def test_an_item_that_only_the_end_tells() -> None:
    """It is taken in, and none of the others twice."""
    came = [item(0, *of, *ids) for of, ids in zip(ITEMS[:3], NAMES, strict=False)]
    events = [event for begun, end in came for event in (*begun, end)]
    last = [{**done, "id": names[0]} for (_, _, done), names in zip(ITEMS, NAMES, strict=True)]
    check(read(Dialect.RESPONSES, [*events, completed(*last)]))


@pytest.mark.parametrize("dialect", [Dialect.MESSAGES, Dialect.RESPONSES])
def test_what_there_is_no_room_for_leaves_no_number(dialect: Dialect) -> None:
    """However many blocks there are, what is known of them is bounded."""
    answer = read(dialect, [])
    answer.room = 10 * BLOCK
    opened = {"type": "tool_use", "id": "a", "name": "ls"}
    done = {"type": "function_call", "call_id": "a", "name": "ls", "arguments": FEW}
    for number in range(100):
        added = {"type": "response.output_item.added", "item": {**done, "id": f"f{number}"}}
        start = {"type": "content_block_start", "index": number, "content_block": opened}
        event = start if dialect is Dialect.MESSAGES else {**added, "output_index": number}
        reading.observe(dialect, answer, sse.encode(json.dumps(event).encode(), event["type"]))
    assert answer.overlong
    assert len(answer.places) <= 2 * len(answer.blocks) + 2 < 40
