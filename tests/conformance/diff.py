"""What is different between two JSON values, named place by place, and what is the same.

A place is written as in `messages[1].content[0].text`. The sign before it says what happened:
`+` it was added (and stands there now), `-` it was taken out (and stood there), `~` it was
changed. Numbers are compared as they are written, members also in their order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple


class Part(NamedTuple):
    """A place and what became of it: `+`, `-`, `~`, or `=` with the value that was kept."""

    sign: str
    path: str
    value: Any = None


def encode(value: Any) -> bytes:
    """JSON the way an agent may write it and dsfix never does: with blanks, all in ASCII."""
    return json.dumps(value).encode()


def parts(before: Any, after: Any, path: str = "") -> Iterator[Part]:
    """The smallest parts that differ, and the largest that are the same."""
    if encode(before) == encode(after):
        yield Part("=", path, before)
    elif isinstance(before, dict) and isinstance(after, dict):
        yield from _members(before, after, path)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _items(before, after, path)
    else:
        yield Part("~", path)


def differences(before: Any, after: Any) -> tuple[str, ...]:
    """All places that are not the same, with their signs."""
    return tuple(part.sign + part.path for part in parts(before, after) if part.sign != "=")


def _members(before: dict[str, Any], after: dict[str, Any], path: str) -> Iterator[Part]:
    for name, value in before.items():
        place = f"{path}.{name}".removeprefix(".")
        if name in after:
            yield from parts(value, after[name], place)
        else:
            yield Part("-", place)
    for name in after:
        if name not in before:
            yield Part("+", f"{path}.{name}".removeprefix("."))
    kept = [name for name in before if name in after]
    if kept != [name for name in after if name in before]:
        yield Part("~", f"{path} (order)".strip())


def _items(before: list[Any], after: list[Any], path: str) -> Iterator[Part]:
    """Items are matched where they are equal, between those where they are of one kind, and what is
    left is paired in order.
    """
    same = _matched([encode(item) for item in before], [encode(item) for item in after])
    for alike, i, i_end, j, j_end in same:
        if alike:
            for index in range(i, i_end):
                yield Part("=", f"{path}[{index}]", before[index])
            continue
        kinds = _matched(list(map(_kind, before[i:i_end])), list(map(_kind, after[j:j_end])))
        for _, k, k_end, m, m_end in kinds:
            yield from _pairs(before, after, range(i + k, i + k_end), range(j + m, j + m_end), path)


def _pairs(
    before: list[Any], after: list[Any], old: range, new: range, path: str
) -> Iterator[Part]:
    """Pairs in order, and what one side has more."""
    for index, other in zip(old, new, strict=False):
        yield from parts(before[index], after[other], f"{path}[{index}]")
    for index in old[len(new) :]:
        yield Part("-", f"{path}[{index}]")
    for index in new[len(old) :]:
        yield Part("+", f"{path}[{index}]")


def _matched(old: Sequence[Any], new: Sequence[Any]) -> Iterator[tuple[bool, int, int, int, int]]:
    for how, *ends in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield (how == "equal", *ends)


def _kind(item: Any) -> tuple[Any, ...]:
    if not isinstance(item, dict):
        return (type(item).__name__,)
    return (item.get("type"), item.get("role"))
