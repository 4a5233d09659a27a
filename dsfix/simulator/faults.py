"""What goes wrong on purpose: failures before an answer, and in the middle of one."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from dsfix.simulator import responses
from dsfix.simulator.answer import Answer
from dsfix.simulator.rules.refusals import error_body
from dsfix.simulator.rules.turn import Dialect

KEEP_ALIVE = b": keep-alive\n\n"
_BUSY = (
    "Service is too busy. We advise users to temporarily switch to alternative LLM API service "
    "providers."
)
_CROWDED = (
    "Your current concurrency is 40, which exceeds your concurrency limit of 39 based on your "
    "remaining balance. Please top up your balance to restore your concurrency."
)
_HTML = """<html>
<head><title>500 Internal Server Error</title></head>
<body>
<center><h1>500 Internal Server Error</h1></center>
<hr><center>openresty</center>
</body>
</html>
"""
_TEXT_DELTA = re.compile(
    rb'"(?:thinking|text)_delta"|_text\.delta"|"(?:reasoning_content|content)":"[^"]'
)


def failure(status: int) -> tuple[str, bytes]:
    """Content type and body of a failure of the server.

    429: tarigelamin1997/jobfetcher#42 (2026-09-02; its type is not public). 500: cline/cline#2848
    (2025-04-12). 503: the same bytes in several public test suites, 2026.
    """
    if status == 500:
        return "text/html", _HTML.replace("\n", "\r\n").encode()
    if status == 503:
        kind = "service_unavailable_error"
        return "application/json", error_body(_BUSY, kind=kind, code=kind)
    text = _CROWDED if status == 429 else "Simulated failure"
    kind = "rate_limit_error" if status == 429 else "server_error"
    return "application/json", error_body(text, kind=kind)


def error_frame(dialect: Dialect, answer: Answer, created: int, number: int) -> bytes:
    """An error in the middle of a stream; only that of Responses is documented."""
    if dialect == "responses":
        return responses.frame(responses.failed(answer, created, number))
    body = json.loads(error_body("Internal server error", kind="server_error"))
    if dialect == "chat":
        return f"data: {json.dumps(body)}\n\n".encode()
    return f"event: error\ndata: {json.dumps({'type': 'error', **body})}\n\n".encode()


def endless(frames: Sequence[bytes], how: str) -> tuple[tuple[bytes, ...], bytes]:
    """A stream without its end, and what is repeated for ever in place of it."""
    if how == "comments":
        return tuple(frames[:3]), KEEP_ALIVE
    found = [index for index, frame in enumerate(frames) if _TEXT_DELTA.search(frame)]
    last = found[0] if found else 0
    return tuple(frames[: last + 1]), frames[last]
