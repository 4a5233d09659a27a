"""The error bodies, byte for byte.

The shape is OpenAI's on every surface, also on /anthropic: chatdeepai/
deepseek-api-reproducible-tests, 2026-07-27. A refusal of the meaning is sent as
`application/octet-stream`, and so is the plain text about a body that is not JSON; one of the
form as `application/json`.
"""

from __future__ import annotations

import json
from typing import Any

from dsfix.simulator.rules.base import Refusal

# cline/cline#2848, 2025-04-12.
SERVER_ERROR = """<html>
<head><title>500 Internal Server Error</title></head>
<body>
<center><h1>500 Internal Server Error</h1></center>
<hr><center>openresty</center>
</body>
</html>
""".replace("\n", "\r\n").encode()
OCTETS = "application/octet-stream"
_DESERIALIZE = "Failed to deserialize the JSON body into the target type: "


def error_body(
    message: str, *, kind: str = "invalid_request_error", code: str = "invalid_request_error"
) -> bytes:
    """The JSON error that every surface sends."""
    error = {"message": message, "type": kind, "param": None, "code": code}
    return json.dumps({"error": error}, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "replace"
    )


def meaning(message: str) -> Refusal:
    """A 400 for a request that was understood and not accepted."""
    return Refusal(400, OCTETS, error_body(message))


def form(message: str, raw: bytes, after: str = "") -> Refusal:
    """A 400 of the deserialiser, with the position behind `after`, or behind everything."""
    where = position(raw, end_of(raw, after))
    return Refusal(400, "application/json", error_body(f"{_DESERIALIZE}{message} at {where}"))


def unparsed(message: str) -> Refusal:
    """A 400 for a body that could not be read."""
    return plain(400, f"Failed to parse the request body as JSON: {message}", OCTETS)


def plain(status: int, text: str = "", content_type: str | None = "text/plain") -> Refusal:
    """A refusal without JSON; an empty text has no content type."""
    return Refusal(status, content_type if text else None, text.encode())


def position(raw: bytes, offset: int) -> str:
    """An offset the way serde_json writes it (serde-rs/json src/read.rs)."""
    before = raw[:offset]
    column = len(before) - (before.rfind(b"\n") + 1)
    line = before.count(b"\n") + 1
    return f"line {line} column {column}"


def end_of(raw: bytes, token: str) -> int:
    """The offset behind the first occurrence of `token`; the end of the body without it."""
    needle = token.encode("utf-8", "replace")
    found = raw.find(needle) if needle else -1
    return found + len(needle) if found >= 0 else len(raw)


def kind_of(value: Any) -> str:
    """A value the way serde names it in `invalid type`."""
    match value:
        case None:
            return "null"
        case bool():
            return f"boolean `{str(value).lower()}`"
        case int():
            return f"integer `{value}`"
        case float():
            return f"floating point `{value}`"
        case str():
            return f"string {json.dumps(value, ensure_ascii=False)}"
        case dict():
            return "map"
        case _:
            return "sequence"


def unknown_variant(value: Any, known: tuple[str, ...]) -> str:
    """The middle of a serde message about an enum."""
    names = [f"`{name}`" for name in known]
    expected = " or ".join(names) if len(names) <= 2 else "one of " + ", ".join(names)
    return f"unknown variant `{value}`, expected {expected}"
