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


def digest(data: bytes) -> str:
    """A short stable name for these bytes (96 bits, hexadecimal)."""
    return hashlib.blake2b(data, digest_size=12).hexdigest()


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
