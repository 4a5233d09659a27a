"""On Messages, an error has Anthropic's envelope, and no words that make an agent lose more.

DeepSeek answers errors on both dialects in OpenAI's shape or as plain text
(https://github.com/chatdeepai/deepseek-api-reproducible-tests, 2026-07-27). And Claude Code
strips all thinking from a session when it reads "Invalid signature in thinking block" (measured
with 2.1.197, 2026-11-20), after which DeepSeek's own rule fails for good. Relays send errors as an
event of a stream that began with 200 as well, in either shape.
"""

from __future__ import annotations

import re
from typing import Any

from dsfix.protocol import spans
from dsfix.protocol.body import Dialect
from dsfix.repairs.base import MESSAGES, Answering, AnswerRepair, Repair

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
_STATUS = {kind: status for status, kind in _KINDS.items()}
_LONGEST = 1 << 20  # bytes; to decode a longer one may take gigabytes, and no error is as long
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


def error_in(data: bytes) -> dict[str, Any] | None:
    """The error that a document or an event is in place of an answer; None if it is none."""
    found = spans.value(data) if len(data) <= _LONGEST else None
    if not isinstance(found, dict) or _answers(found):
        return None
    error = found.get("error") or (found if found.get("type") == "error" else None)
    return error if error is None or isinstance(error, dict) else {"message": str(error)}


def _answers(found: dict[str, Any]) -> bool:
    """Whether this is an answer, in any dialect, that may have an `error` beside it."""
    choices = found.get("choices")
    said = isinstance(choices, list) and any(
        isinstance(each, dict) and "message" in each for each in choices
    )
    return said or not found.keys().isdisjoint(("content", "output", "response"))


def status_of(error: dict[str, Any]) -> int:
    """The HTTP status that an error would have come with, by its own numbers and words."""
    for name in ("status", "code", "status_code"):
        number = str(error.get(name, ""))
        if len(number) == 3 and number.isdecimal() and 400 <= int(number) < 600:
            return int(number)
    kinds = (error.get("type"), error.get("code"))
    return next((_STATUS[str(kind)] for kind in kinds if str(kind) in _STATUS), 500)


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
    if harmful:
        answering.note(ERROR_SHAPE.name, "words withheld that make the agent strip its thinking")
        text = "the upstream refused the history's thinking blocks; dsfix kept them unchanged"
    else:
        answering.note(ERROR_SHAPE.name, "error put into Anthropic's envelope")
    return envelope(status, text or f"HTTP {status} without a body")


def _whole(data: bytes, answering: Answering) -> bytes:
    """An error that comes as an event or a document under 200, the same bytes for any other."""
    error = error_in(data)
    return data if error is None else in_envelope(status_of(error), data, answering)


def _event(data: bytes, answering: Answering) -> list[bytes]:
    return [_whole(data, answering)]


ERROR_SHAPE = Repair(
    "error-shape",
    "Puts errors into the shape that Messages clients read",
    MESSAGES,
    answer={Dialect.MESSAGES: AnswerRepair((b'"error"',), _event, _whole)},
    error=in_envelope,
)
