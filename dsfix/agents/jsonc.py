"""JSON as people write it in settings files: comments, trailing commas, a byte order mark."""

from __future__ import annotations

import json
import re
from typing import Any

_STRING = r'"(?:\\.|[^"\\])*"'
_COMMENT = r"//[^\n\r]*|/\*.*?\*/"
_NOISE = re.compile(rf"(?P<string>{_STRING})|{_COMMENT}|,(?=(?:\s|{_COMMENT})*[}}\]])", re.DOTALL)


def loads(text: str | None) -> dict[str, Any] | None:
    """The object that a settings text holds, None where there is none."""
    if text is None:
        return None
    plain = _NOISE.sub(lambda found: found["string"] or " ", text.removeprefix("\ufeff"))
    try:
        value = json.loads(plain)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def table(value: object) -> dict[str, Any]:
    """The value when it is an object, otherwise an empty one."""
    return value if isinstance(value, dict) else {}


def merged(low: dict[str, Any], high: dict[str, Any]) -> dict[str, Any]:
    """Both objects, merged member by member; where they differ `high` wins, lists included."""
    result = dict(low)
    for name, value in high.items():
        old = result.get(name)
        both = isinstance(old, dict) and isinstance(value, dict)
        result[name] = merged(table(old), value) if both else value
    return result


def strings(value: object) -> list[str]:
    """The strings of a list; of an entry that is a list itself, its first."""
    entries = value if isinstance(value, list) else []
    heads = [entry[0] if isinstance(entry, list) and entry else entry for entry in entries]
    return [head for head in heads if isinstance(head, str)]
