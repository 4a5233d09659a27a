"""What the readers of all dialects share.

Fields are read leniently: relays write nulls, and one odd field must not cost a turn.
"""

from __future__ import annotations

import msgspec

from dsfix.protocol import spans
from dsfix.protocol.usage import Usage, Wire

NOTHING = msgspec.Raw(b"")
WORDLESS = "an error without words"
_usage = msgspec.json.Decoder(Wire)


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
        found = said if isinstance(said, str) and said else any(found.values()) and found
    return str(found or "")
