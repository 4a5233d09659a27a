"""A run of deltas is read as if it were one, and nothing else is read any differently."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dsfix.protocol import reading, sse
from dsfix.protocol.answer import Answer
from dsfix.protocol.body import Dialect
from dsfix.protocol.reading.runs import SHORT, alike, merged, parts


def _messages(kind: str, text: str) -> dict[str, Any]:
    if kind == "begin":
        block: dict[str, Any] = {"type": "thinking", "thinking": text, "signature": ""}
        return {"type": "content_block_start", "index": 0, "content_block": block}
    name = {"sign": "signature"}.get(kind, kind)
    delta: dict[str, Any] = {"type": f"{name}_delta", name: text}
    return {"type": "content_block_delta", "index": 0, "delta": delta}


def _chat(kind: str, text: str) -> dict[str, Any]:
    deltas: dict[str, dict[str, Any]] = {
        "begin": {"role": "assistant", "content": text},
        "text": {"content": text},
        "thinking": {"content": None, "reasoning_content": text},
        "sign": {"content": "", "reasoning_content": text},
    }
    return {"id": "c", "choices": [{"index": 0, "delta": deltas[kind], "finish_reason": None}]}


def _responses(kind: str, text: str) -> dict[str, Any]:
    if kind in ("begin", "sign"):
        return {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {"type": "message", "content": [{"type": "output_text", "text": text}]},
        }
    name = "output_text" if kind == "text" else "reasoning_text"
    number = {"sequence_number": next(NUMBERS)}
    return {"type": f"response.{name}.delta", **number, "output_index": 0, "delta": text}


NUMBERS = count()


WIRES: dict[Dialect, Callable[[str, str], dict[str, Any]]] = {
    Dialect.MESSAGES: _messages,
    Dialect.CHAT: _chat,
    Dialect.RESPONSES: _responses,
}
KINDS = st.sampled_from(["begin", "text", "thinking", "sign"])
TEXTS = st.one_of(
    st.text(max_size=4),
    st.text('\\"n,', max_size=6),
    st.sampled_from(["", "a", '"', "\\", '"}}', "data:", "\n", ', "sequence_number": 1,']),
)


def _read(dialect: Dialect, runs: list[bytes]) -> list[tuple[str, str, str]]:
    answer = Answer()
    reading.observe(dialect, answer, sse.encode(json.dumps(WIRES[dialect]("begin", "")).encode()))
    for run in runs:
        reading.observe(dialect, answer, run)
    return [(block.kind, block.text, block.signature) for block in answer.blocks.values()]


@pytest.mark.parametrize("dialect", Dialect)
@given(st.lists(st.tuples(KINDS, TEXTS, st.integers(1, 12))), st.sampled_from([b"\n", b"\r\n"]))
def test_a_run_says_what_its_events_say(
    dialect: Dialect, said: list[tuple[str, str, int]], line: bytes
) -> None:
    """Read in one piece or one by one, the answer is the same."""
    events = [
        sse.encode(json.dumps(WIRES[dialect](kind, text)).encode(), "e").replace(b"\n", line)
        for kind, text, times in said
        for _ in range(times)
    ]
    assert _read(dialect, [b"".join(events)]) == _read(dialect, events)


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
@pytest.mark.parametrize("text", ["é ", '"', "\\", '\\\\"\n', "<p>"])
def test_hundreds_of_deltas_are_one(
    dialect: Dialect, separators: tuple[str, str], text: str
) -> None:
    """However many, one event is left of them, and all of their text: prose or code."""
    texts = [f"{number}{text}" for number in range(500)]
    events = (WIRES[dialect]("text", each) for each in texts)
    written = (json.dumps(each, separators=separators).encode() for each in events)
    run = b"".join(map(sse.encode, written))
    assert len(sse.split(merged(run))) == 1
    assert _read(dialect, [run])[-1][1] == "".join(texts)


@pytest.mark.parametrize("dialect", Dialect)
@given(st.lists(st.tuples(KINDS, TEXTS, st.integers(1, 20)), min_size=9), st.booleans())
def test_parts_are_all_the_events_and_say_the_same(
    dialect: Dialect, said: list[tuple[str, str, int]], dense: bool
) -> None:
    """Cut into parts nothing is lost, and each is read as its events are."""
    separators = (",", ":") if dense else (", ", ": ")
    events = b"".join(
        sse.encode(json.dumps(WIRES[dialect](kind, text), separators=separators).encode(), "e")
        for kind, text, times in said
        for _ in range(times)
    )
    assume(len(events) >= SHORT)
    found = parts(events)
    assert b"".join(part.events for part in found) == events
    assert all(part.events for part in found)
    assert _read(dialect, [part.together for part in found]) == _read(dialect, [events])


@pytest.mark.parametrize("dialect", Dialect)
def test_a_burst_of_several_blocks_is_a_few_events(dialect: Dialect) -> None:
    """Each block's deltas are put together, though another block's follow in the same chunk."""
    said = [("thinking", 300), ("begin", 1), ("text", 200), ("thinking", 2), ("text", 400)]
    events = [
        sse.encode(json.dumps(WIRES[dialect](kind, f"{kind}{number}")).encode())
        for kind, times in said
        for number in range(times)
    ]
    found = parts(b"".join(events))
    assert [len(sse.split(part.events)) for part in found] == [300, 1, 200, 2, 400]
    assert [len(sse.split(part.together)) for part in found] == [1, 1, 1, 2, 1]


def _written(dialect: Dialect, kind: str, text: str) -> bytes:
    made = {**WIRES[dialect](kind, text)}
    made.pop("sequence_number", None)
    return sse.encode(json.dumps(made, ensure_ascii=False).encode())


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize(("size", "count"), [(1, 100), (80, 300), (4000, 16)])
def test_deltas_that_differ_in_their_text_alone(dialect: Dialect, size: int, count: int) -> None:
    """The first of them stands for all; of numbered ones none does."""
    run = [_written(dialect, "text", f"{nth} é ".ljust(size, ".")) for nth in range(count)]
    assert alike(b"".join(run)) == run[0]
    numbered = [sse.encode(json.dumps(_responses("text", "so")).encode()) for _ in range(count)]
    assert alike(b"".join(numbered)) == b""


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize(
    "odd",
    [
        lambda delta: delta.replace(b"so ", b"so \\n"),
        lambda delta: delta.replace(b"so ", b"a < b"),
        lambda delta: delta.replace(b"}\n\n", b',"more":1}\n\n'),
        lambda delta: delta.replace(b"data: {", b'data: {"more":1,'),
        lambda delta: delta.replace(b"\n", b"\r\n"),
        lambda delta: b": a comment\n\n" + delta,
        lambda delta: b'data: {"usage":{}}\n\n' + delta,
        lambda delta: delta + b"data: [DONE]\n\n",
    ],
)
@pytest.mark.parametrize("place", [0, 1, 20, 39])
def test_one_that_is_none_of_them(
    dialect: Dialect, odd: Callable[[bytes], bytes], place: int
) -> None:
    """Wherever it stands, nothing is said of any."""
    run = [_written(dialect, "text", "so ")] * 40
    other = odd(run[0])
    assert other != run[0]
    events = b"".join([*run[:place], other, *run[place + 1 :]])
    assert alike(events) == b""
