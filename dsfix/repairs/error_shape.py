"""On Messages, an error has Anthropic's envelope, and no words that make an agent lose more.

DeepSeek answers errors on both dialects in OpenAI's shape or as plain text
(https://github.com/chatdeepai/deepseek-api-reproducible-tests, 2026-07-27). And Claude Code
strips all thinking from a session when it reads "Invalid signature in thinking block" (measured
with 2.1.197, 2026-11-20), after which DeepSeek's own rule fails for good.
"""

from __future__ import annotations

import re

from dsfix.protocol import spans
from dsfix.protocol.body import Dialect
from dsfix.repairs.base import MESSAGES, Answering, Repair

_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_STRIPPING = re.compile(
    r"invalid\W+signature|(?:redacted_)?thinking\W+blocks?.{0,40}cannot be modified", re.I | re.S
)


def message_of(data: bytes) -> str:
    """The upstream's own words in an error body of any shape."""
    found = spans.value(data)
    if isinstance(found, dict):
        error = found.get("error", found)
        text = error.get("message") if isinstance(error, dict) else error
        if isinstance(text, str):
            return text
    return data.decode("utf-8", "replace").strip()


def envelope(status: int, text: str) -> bytes:
    """An error as Anthropic words it."""
    kind = _KINDS.get(status, "api_error" if status >= 500 else "invalid_request_error")
    return spans.encode({"type": "error", "error": {"type": kind, "message": text}})


def in_envelope(status: int, data: bytes, answering: Answering) -> bytes:
    """The error body in the shape that a Messages client reads; the same bytes if it is."""
    text = message_of(data)
    harmful = bool(_STRIPPING.search(text))
    found = spans.value(data)
    if isinstance(found, dict) and found.get("type") == "error" and not harmful:
        return data
    if answering.dialect is not Dialect.MESSAGES:
        return data
    if harmful:
        answering.note(ERROR_SHAPE.name, "words withheld that make the agent strip its thinking")
        text = "the upstream refused the history's thinking blocks; dsfix kept them unchanged"
    else:
        answering.note(ERROR_SHAPE.name, "error put into Anthropic's envelope")
    return envelope(status, text or f"HTTP {status} without a body")


ERROR_SHAPE = Repair(
    "error-shape",
    "Puts errors into the shape that Messages clients read",
    MESSAGES,
    error=in_envelope,
)
