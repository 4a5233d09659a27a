"""JSON as people write it in settings files: comments, trailing commas, a byte order mark."""

from __future__ import annotations

import json
import re
from typing import Any

# What is not closed ends with the text: each character is looked at once, whatever is written.
_STRING = r'(?P<string>"(?:\\.|[^"\\])*"?)'
_COMMENT = re.compile(rf"{_STRING}|//[^\n\r]*|/\*.*?(?:\*/|(?P<open>\Z))", re.DOTALL)
_COMMA = re.compile(rf"{_STRING}|,(?=\s*[}}\]])", re.DOTALL)


def loads(text: str | None) -> dict[str, Any] | None:
    """The object that a settings text holds, None where there is none."""
    if text is None:
        return None
    try:
        value = json.loads(_COMMA.sub(_kept, _COMMENT.sub(_kept, text.removeprefix("\ufeff"))))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _kept(found: re.Match[str]) -> str:
    """A string as it is and a space for the rest; what is still open makes the text no JSON."""
    return found["string"] or (" " if found.groupdict().get("open") is None else found[0])


def table(value: object) -> dict[str, Any]:
    """The value when it is an object, otherwise an empty one."""
    return value if isinstance(value, dict) else {}


def merged(low: dict[str, Any], high: dict[str, Any]) -> dict[str, Any]:
    """Both objects, merged member by member; where they differ `high` wins, lists included.

    However deep they are nested: from 3.12 on json reads what Python cannot recurse through.
    """
    result = dict(low)
    waiting = [(result, high)]
    while waiting:
        into, over = waiting.pop()
        for name, value in over.items():
            old = into.get(name)
            if isinstance(old, dict) and isinstance(value, dict):
                into[name] = dict(old)
                waiting.append((into[name], value))
            else:
                into[name] = value
    return result


def strings(value: object) -> list[str]:
    """The strings of a list; of an entry that is a list itself, its first."""
    entries = value if isinstance(value, list) else []
    heads = [entry[0] if isinstance(entry, list) and entry else entry for entry in entries]
    return [head for head in heads if isinstance(head, str)]
