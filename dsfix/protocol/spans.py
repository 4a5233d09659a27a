"""JSON taken apart into raw spans, so that what nobody changes goes out as the bytes that came in.

An object is split into its members and an array into its items; each value stays the exact
bytes of the original. Only what a repair looks at is decoded further, and decoded values are
never written back in the place of bytes that were not meant to change. msgspec splits 4 MB in
2 ms, refuses malformed JSON (lone surrogates included), and keeps integers of any length.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from typing import Any

import msgspec

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_items = msgspec.json.Decoder(list[msgspec.Raw])
_whole = msgspec.json.Decoder(msgspec.Raw)
_encode = msgspec.json.Encoder().encode


class _Messages(msgspec.Struct, gc=False):
    items: list[msgspec.Raw] = msgspec.field(name="messages")


class _Input(msgspec.Struct, gc=False):
    items: list[msgspec.Raw] = msgspec.field(name="input")


_lists: Mapping[str, msgspec.json.Decoder[_Messages | _Input]] = {
    "messages": msgspec.json.Decoder(_Messages),
    "input": msgspec.json.Decoder(_Input),
}

MARK = b"\xef\xbb\xbf"  # of byte order
_QUOTE = ord('"')
EACH = None  # a step of a path: every item of an array
_BLOCK = 1 << 16  # bytes that are compared at once

# A body nested deeper than any agent's makes a recursive reader fail; it is passed through.
Malformed = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)


def members(data: bytes) -> dict[str, bytes] | None:
    """The members of a JSON object in order, each value as its raw bytes.

    None when `data` is no well-formed object, or when a key stands in it twice: a mapping
    cannot hold that, so the caller must leave such an object alone.
    """
    found = parted(data)
    return None if found is None else {key: bytes(value) for key, value in found.items()}


def parted(data: bytes) -> dict[str, msgspec.Raw] | None:
    """What `members` gives, each value still in `data`.

    What is nearly all of a request need not be copied to be taken apart: new memory comes page by
    page, and takes longer than to read it.
    """
    try:
        found = _members.decode(data)
    except Malformed:
        return None
    return found if _holds_everything(data, found) else None


def items(data: bytes | msgspec.Raw) -> list[bytes] | None:
    """The items of a JSON array as raw bytes; None when `data` is no well-formed array."""
    try:
        return list(map(bytes, _items.decode(data)))
    except Malformed:
        return None


def apart(data: bytes, name: str) -> tuple[dict[str, msgspec.Raw], list[bytes]] | None:
    """The members of a JSON object, and the items of the list that one of them is.

    The list, which is nearly all of a request, is gone through once: to take it apart as one of the
    members takes twice as long. None where it is not found so: not compact, or not there.
    """
    mark = b'"%b":[' % name.encode()
    at = data.find(mark)
    if at < 0:
        return None
    try:
        values = list(map(bytes, _lists[name].decode(data).items))
    except Malformed:
        return None
    begin = at + len(mark) - 1
    end = begin + max(2, sum(map(len, values)) + len(values) + 1)
    # What is left has an empty list under that name only if it was this one, and all of it.
    found = parted(b"".join((data[:begin], b"[]", data[end:])))
    if found is None or bytes(found.get(name, b"")) != b"[]":
        return None
    return found, values


def build_object(values: Mapping[str, bytes]) -> bytes:
    """An object of these raw members."""
    return b"{" + b",".join(_encode(key) + b":" + raw for key, raw in values.items()) + b"}"


def build_array(values: Iterable[bytes]) -> bytes:
    """An array of these raw items."""
    return b"[" + b",".join(values) + b"]"


def listed(values: Sequence[bytes]) -> list[bytes]:
    """The pieces of an array of these raw items, for who joins them with others."""
    commas = [b","] * (2 * len(values) + 1)
    commas[0], commas[-1], commas[1::2] = b"[", b"]", values
    return commas if values else [b"[]"]


def common(one: bytes, other: bytes, at: int = 0) -> int:
    """How many bytes both begin with, of which those before `at` are known to be the same."""
    view, step = memoryview(one), _BLOCK
    while step:
        block = view[at : at + step]
        if block and other.startswith(block, at):
            at += len(block)
        else:
            step //= 2
    return at


def edited(data: bytes, path: Sequence[str | None], change: Callable[[bytes], bytes]) -> bytes:
    """The JSON with `change` applied to the raw value, or values, at the end of a path.

    A step is a member's name or EACH. The same object where nothing stands there, or where
    `change` gives back what it got; around a change all bytes stay.
    """
    if not path:
        return change(data)
    step, rest = path[0], path[1:]
    if step is EACH:
        found = items(data) or []
        new = [edited(item, rest, change) for item in found]
        same = all(after is before for after, before in zip(new, found, strict=True))
        return data if same else build_array(new)
    given = members(data)
    if given is None or step not in given:
        return data
    inner = edited(given[step], rest, change)
    return data if inner is given[step] else build_object({**given, step: inner})


def is_text(raw: bytes | msgspec.Raw) -> bool:
    """Whether a raw value is a string; a span still in its buffer will do."""
    return len(raw) > 0 and memoryview(raw)[0] == _QUOTE


def encode(value: object) -> bytes:
    """A value of our own making as compact JSON."""
    return _encode(value)


def value(data: bytes | None) -> Any:
    """The decoded value of a raw span; None for a missing or malformed one.

    A document may begin with a byte order mark.
    """
    if data is None:
        return None
    try:
        return msgspec.json.decode(data)
    except Malformed:
        whole = bytes(data)
        return value(whole.lstrip(MARK)) if whole.startswith(MARK) else None


def is_whole(data: bytes) -> bool:
    """Whether a document is one value from its beginning to its end.

    Nothing is made of it: a few bytes of gzip are millions of empty lists, which take gigabytes.
    """
    try:
        _whole.decode(data.removeprefix(MARK))
    except Malformed:
        return False
    return True


def _holds_everything(data: bytes, found: Mapping[str, Sized]) -> bool:
    """Whether no member was lost to a duplicate key.

    The lengths tell it for the two layouts that clients write (compact, and Python's default
    with a space after each separator); any other layout is read again, slowly and surely.
    """
    count = len(found)
    if not count:
        return data.strip(b" \t\r\n")[1:-1].strip(b" \t\r\n") == b""
    inside = len("".join(found).encode()) + sum(map(len, found.values()))
    compact = 1 + 4 * count + inside
    if len(data) in (compact, compact + 2 * count - 1):
        return True
    outermost = 0

    def counted(pairs: list[tuple[str, Any]]) -> None:
        nonlocal outermost
        outermost = len(pairs)

    try:
        json.loads(data, object_pairs_hook=counted)
    except (ValueError, RecursionError):
        return False
    return outermost == count
