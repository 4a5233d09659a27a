"""Where two texts differ, and two pieces of JSON: there as the paths of what is another.

Whatever is the same byte for byte is passed over unread, so that a body of megabytes in which a
repair has touched one message costs little more than that message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple, TypeVar

from dsfix.protocol import spans
from dsfix.protocol.body import Body
from dsfix.protocol.history import same

T = TypeVar("T")


class Differing(NamedTuple):
    """A place and the raw JSON before and after; None where there is nothing.

    `where` is the path before, and of what is only there afterwards the path after.
    """

    where: str
    before: bytes | None
    after: bytes | None


def in_bodies(before: Body, after: Body) -> Iterator[Differing]:
    """The members and messages of a body that are others, each as a whole."""
    for name in dict.fromkeys((*before.members, *after.members)):
        one, other = before.members.get(name), after.members.get(name)
        if one is not other and one != other:
            yield Differing(name, one, other)
    if before.messages is not after.messages:
        yield from _in_lists(before.list_name, before.messages, after.messages)


def in_bytes(before: bytes, after: bytes, read: Body | None) -> Iterator[Differing]:
    """The messages that are others where nothing was moved, `read` being the body after."""
    if read is None or len(before) != len(after):
        yield Differing("body", before, after)
        return
    start = 0
    for place, message in enumerate(read.messages):
        start = after.index(message, start)
        end = start + len(message)
        if before[start:end] != message:
            yield Differing(f"{read.list_name}[{place}]", before[start:end], message)
        start = end


def within(whole: Differing) -> Iterator[Differing]:
    """What differs inside: members of objects of one `type`, items of lists, else all of it."""
    where, before, after = whole
    if before is None or after is None:
        yield whole
    elif before[:1] == after[:1] == b"[" and (lists := _both(spans.items, before, after)):
        for each in _in_lists(where, *lists):
            yield from within(each)
    elif before[:1] == after[:1] == b"{" and (objects := _both(spans.members, before, after)):
        one, other = objects
        if one.get("type") != other.get("type"):
            yield whole
            return
        names = [name for name in dict.fromkeys((*one, *other)) if one.get(name) != other.get(name)]
        for name in names:
            path = f"{where}.{name}" if where else name
            yield from within(Differing(path, one.get(name), other.get(name)))
        if not names and [*one] != [*other]:  # the same in another order
            yield whole
    else:
        yield whole


def common(one: str, other: str) -> int:
    """How many letters two texts begin with that are the same."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _both(read: Callable[[bytes], T | None], before: bytes, after: bytes) -> tuple[T, T] | None:
    one, other = read(before), read(after)
    return None if one is None or other is None else (one, other)


def _in_lists(where: str, old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[Differing]:
    """The items that are others: in lists of one length by place, else by what was moved."""
    if len(old) == len(new):
        for place, (one, other) in enumerate(zip(old, new, strict=True)):
            if one is not other and one != other:
                yield Differing(f"{where}[{place}]", one, other)
        return
    start = same(old, new)
    if start + same(old[start:][::-1], new[start:][::-1]) == len(old):  # something was put in
        for place in range(start, start + len(new) - len(old)):
            yield Differing(f"{where}[{place}]", None, new[place])
        return
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, i, last_i, j, last_j in matcher.get_opcodes():
        if tag == "equal":
            continue
        paired = min(last_i - i, last_j - j)
        for step in range(paired):
            yield Differing(f"{where}[{i + step}]", old[i + step], new[j + step])
        for place in range(i + paired, last_i):
            yield Differing(f"{where}[{place}]", old[place], None)
        for place in range(j + paired, last_j):
            yield Differing(f"{where}[{place}]", None, new[place])
