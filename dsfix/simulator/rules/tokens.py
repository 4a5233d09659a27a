"""How the simulator counts tokens, and what it takes for the prompt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def tokens(text: bytes) -> int:
    """Four bytes make a token: no tokenizer, but the same number every time."""
    return -(-len(text) // 4)


def prompt_of(body: Mapping[str, Any]) -> bytes:
    """System, tools and messages in one piece, without what is not shown to the model.

    That is the cache markers that agents move, and the names of items on Responses.
    """
    given = body.get("input")
    items = [given] if isinstance(given, str) else [_shown(item) for item in _each(given)]
    system = [body.get("instructions"), body.get("system")]
    parts = [*system, *_each(body.get("tools")), *_each(body.get("messages")), *items]
    return b"\n".join(_dump(_unmarked(part)) for part in parts if part is not None)


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _shown(item: Any) -> Any:
    hidden = ("id", "status", "summary", "encrypted_content", "phase")
    if not isinstance(item, dict):
        return item
    return {key: part for key, part in item.items() if key not in hidden}


def _dump(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unmarked(part) for key, part in value.items() if key != "cache_control"}
    return [_unmarked(part) for part in value] if isinstance(value, list) else value
