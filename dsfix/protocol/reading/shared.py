"""What the readers of all dialects share.

Fields are read leniently: relays write nulls, and one odd field must not cost a turn.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from dsfix.protocol import spans
from dsfix.protocol.usage import Usage, Wire

# Of a block, a call or a choice; relays spell it as a text too, and as 0.0.
Index: TypeAlias = int | float | str | None
_MOST = 1 << 31

NOTHING = msgspec.Raw(b"")
WORDLESS = "an error without words"
_usage = msgspec.json.Decoder(Wire)


def counted(index: Index) -> int:
    """The index as a number, however it is spelt; 0 where it is none."""
    if isinstance(index, str):
        index = int(index) if index.isdecimal() and len(index) < 10 else 0
    return int(index) if index and 0 < index < _MOST else 0


def used(raw: msgspec.Raw, before: Usage | None) -> Usage | None:
    """The usage in a raw member; what was known before where it has none that can be read."""
    data = bytes(raw)
    if data in (b"", b"null"):
        return before
    try:
        return Usage.read(_usage.decode(data), before)
    except spans.Malformed:
        return before


def error_text(raw: msgspec.Raw) -> str:
    """The words of an error in any shape, empty where there is none.

    Some relays give a success an error whose members say nothing.
    """
    found = spans.value(bytes(raw)) if bytes(raw) else None
    if isinstance(found, dict):
        said = found.get("message")
        if isinstance(said, str) and said:
            return said
        found = found if any(found.values()) else None
    return found if isinstance(found, str) else spans.encode(found).decode() if found else ""
