"""How the simulator counts tokens, and what it takes for the prompt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def tokens(text: bytes) -> int:
    """Four bytes make a token: no tokenizer, but the same number every time."""
    return -(-len(text) // 4)


def prompt_of(body: Mapping[str, Any]) -> bytes:
    """System, tools and messages in one piece, without the cache markers that agents move."""
    parts = [body.get("system"), *_each(body.get("tools")), *_each(body.get("messages"))]
    return b"\n".join(_dump(_unmarked(part)) for part in parts if part is not None)


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dump(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unmarked(part) for key, part in value.items() if key != "cache_control"}
    return [_unmarked(part) for part in value] if isinstance(value, list) else value
