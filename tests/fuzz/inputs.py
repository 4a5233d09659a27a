"""What the fuzz tests start from, and how it is spoilt.

A seed is a small file under `corpus/`: something that once broke a program of this kind, or an
ordinary input to start from. Mutations delete, repeat, overwrite and insert; a JSON value gets
odd values in the place of its own.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.laws.examples import examples, recorded

__all__ = [
    "any_bytes",
    "each_replaced",
    "examples",
    "mutated",
    "odd_bodies",
    "seeds",
    "small_recorded",
]

CORPUS = Path(__file__).parent / "corpus"
LONGEST = 20_000  # bytes of a recorded request that is worth spoiling many times

# Words that readers stumble over.
PIECES = st.sampled_from(
    [b"\n\n", b"\r\n\r\n", b"\r", b"\n", b"data: ", b"data:", b"event: x\n", b"[DONE]", b":", b"\0",
     b"\xff\xfe", b"\xed\xa0\x80", b'"', b"\\", b"\\ud800", b"{", b"}", b"[", b"]", b",", b"null",
     b"true", b"-0", b"1e999", b"9" * 400, b"NaN", b"{}", b"[]", b"[" * 2000, b"=", b"'''", b"#",
     b"Host: a\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n", b"Origin: null\r\n"]
)  # fmt: skip
ODD: list[Any] = [
    None, True, 0, -1, 2**70, 1e308, 0.5, "", " ", "x", "\0", "\ud800", [], {}, [None], [[]], [{}],
    {"type": None}, {"": ""}, [1, "a", None], {"type": "text"}, {"role": "assistant"},
]  # fmt: skip


def seeds(kind: str) -> list[bytes]:
    """The seeds of that kind, in the order of their names."""
    return [path.read_bytes() for path in sorted((CORPUS / kind).iterdir())]


def small_recorded() -> list[Any]:
    """Recorded requests that are small enough."""
    return [each for each in recorded() if len(each.data) <= LONGEST]


@st.composite
def mutated(draw: st.DrawFn, known: list[bytes]) -> bytes:
    """One of these, spoilt in up to four places."""
    data = bytearray(draw(st.sampled_from(known)))
    for _ in range(draw(st.integers(0, 4))):
        at, length = draw(st.integers(0, len(data))), draw(st.integers(0, 40))
        match draw(st.integers(0, 4)):
            case 0:
                del data[at : at + length]
            case 1:
                data[at:at] = data[at : at + length]
            case 2:
                data[at : at + length] = draw(st.binary(max_size=8))
            case 3:
                data[at:at] = draw(PIECES)
            case _:
                del data[at:]
    return bytes(data)


def any_bytes(kind: str) -> st.SearchStrategy[bytes]:
    """Spoilt seeds of that kind, and bytes that are nothing."""
    return st.one_of(mutated(seeds(kind)), st.binary(max_size=300))


@st.composite
def odd_bodies(draw: st.DrawFn, known: list[Any]) -> Any:
    """One of these JSON values with odd values, or pieces of itself, in up to three places."""
    value = copy.deepcopy(draw(st.sampled_from(known)))
    for _ in range(draw(st.integers(1, 3))):
        at = value
        while isinstance(at, (dict, list)) and at:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            key = draw(st.sampled_from(keys))
            if not isinstance(at[key], (dict, list)) or not at[key] or draw(st.booleans()):
                odd = draw(st.sampled_from([*ODD, at, json.dumps(at[key])]))
                at[key] = copy.deepcopy(odd)
                break
            at = at[key]
    return value


def each_replaced(value: Any) -> Iterator[Any]:
    """The JSON value with each value in it, in turn, replaced by one of each other kind."""
    for path in _paths(value):
        for odd in ([], {}, 7, None, "x", [[]], [{}], {"a": []}):
            whole = copy.deepcopy(value)
            at = whole
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = odd
            yield whole


def _paths(value: Any) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inner:
        yield (key,)
        if isinstance(each, (dict, list)):
            yield from ((key, *rest) for rest in _paths(each))
