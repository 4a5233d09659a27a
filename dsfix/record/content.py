"""What a message says, in the one form that is hashed and stored: compact, unmarked, redacted.

Agents move their `cache_control` markers at every turn, so a marker is no part of what is said.
The hash is taken after redaction: what the record shows is what it can be checked against.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from dsfix.protocol import spans
from dsfix.redact import Redactor

# Bytes that are hashed at once. For more, hashlib lets go of the interpreter and has it back before
# another thread is awake, whose wait for it then begins anew: while 1 MB was written the loop did
# not run for 20 ms, and for 120 ms with 4 MB (CPython 3.11, `take_gil`; 2 cores, 2026-11-23).
_SLICE = 2047


def digest(data: bytes) -> str:
    """A short stable name for these bytes (96 bits, hexadecimal)."""
    made = hashlib.blake2b(digest_size=12)
    for at in range(0, len(data), _SLICE):
        made.update(data[at : at + _SLICE])
    return made.hexdigest()


def clean(raw: bytes, redactor: Redactor) -> bytes:
    """A message, block or tool as it is stored; raw JSON in, compact JSON out."""
    try:
        value = msgspec.json.decode(raw)
        _unmark(value)
        return spans.encode(redactor.value(value))
    except spans.Malformed:
        return spans.encode({"unreadable": redactor.text(raw.decode("utf-8", "replace"))})


def _unmark(value: Any) -> None:
    """Take the markers out of a block and the blocks inside it, never out of a tool's input."""
    if isinstance(value, dict):
        value.pop("cache_control", None)
        value = value.get("content")
    if isinstance(value, list):
        for item in value:
            _unmark(item)
