"""Which images the model gets to see.

Until 2026-08 they were a fault of the form (deepseek-ai/DeepSeek-V3#1026) or dropped in silence
(STRML/cc-ds4, 2026-08-02). Now flash sees them and pro gets a placeholder:
https://api-docs.deepseek.com/guides/responses_api.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dsfix.simulator.rules.base import Policy

_KINDS = ("image", "image_url", "input_image")


def seen_images(body: Mapping[str, Any], model: str, policy: Policy) -> int:
    """How many images of a request reach the model."""
    if policy.images != "support" or model != "deepseek-flash":
        return 0
    return _count(body.get("messages")) + _count(body.get("input"))


def _count(value: Any) -> int:
    if isinstance(value, dict):
        here = value.get("type")
        own = int(isinstance(here, str) and here in _KINDS)
        return own + sum(_count(part) for part in value.values())
    return sum(_count(part) for part in value) if isinstance(value, list) else 0
