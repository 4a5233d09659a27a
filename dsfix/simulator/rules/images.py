"""Which images the model gets to see.

Until 2026-08 they were a fault of the form (deepseek-ai/DeepSeek-V3#1026) or dropped in silence
(STRML/cc-ds4, 2026-08-02). Now flash sees them and pro gets a placeholder:
https://api-docs.deepseek.com/guides/responses_api.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dsfix.simulator.rules.base import Policy, Refusal, Request
from dsfix.simulator.rules.refusals import meaning
from dsfix.simulator.rules.values import FLASH, VISION

_KINDS = ("image", "image_url", "input_image")


def check_images(request: Request) -> Refusal | None:
    """For a few weeks only the vision model took images: l1i1/new-api, live 2026-09-01."""
    body = request.body
    if request.policy.images != "deny" or body.get("model") == VISION:
        return None
    if not _count(body.get("messages")) and not _count(body.get("input")):
        return None
    return meaning("This model does not support image")


def seen_images(body: Mapping[str, Any], model: str, policy: Policy) -> int:
    """How many images of a request reach the model."""
    if policy.images not in ("support", "deny") or model != FLASH:
        return 0
    return _count(body.get("messages")) + _count(body.get("input"))


def _count(value: Any) -> int:
    if isinstance(value, dict):
        here = value.get("type")
        own = int(isinstance(here, str) and here in _KINDS)
        return own + sum(_count(part) for part in value.values())
    return sum(_count(part) for part in value) if isinstance(value, list) else 0
