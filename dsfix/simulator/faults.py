"""What goes wrong on purpose: failures before an answer, and in the middle of one."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import replace

from dsfix.simulator import responses
from dsfix.simulator.answer import Answer, frame
from dsfix.simulator.model import Move
from dsfix.simulator.options import Options
from dsfix.simulator.rules import Refusal, Request
from dsfix.simulator.rules.refusals import SERVER_ERROR, error_body
from dsfix.simulator.rules.turn import Dialect
from dsfix.simulator.tools import native

KEEP_ALIVE = b": keep-alive\n\n"
_BUSY = (
    "Service is too busy. We advise users to temporarily switch to alternative LLM API service "
    "providers."
)
_CROWDED = (
    "Your current concurrency is 40, which exceeds your concurrency limit of 39 based on your "
    "remaining balance. Please top up your balance to restore your concurrency."
)
_TEXT_DELTA = re.compile(
    rb'"(?:thinking|text)_delta"|_text\.delta"|"(?:reasoning_content|content)":"[^"]'
)


def failure(status: int) -> tuple[str, bytes]:
    """Content type and body of a failure of the server.

    429: tarigelamin1997/jobfetcher#42 (2026-09-02; its type is not public). 503: the same bytes
    in several public test suites, 2026.
    """
    if status == 500:
        return "text/html", SERVER_ERROR
    if status == 503:
        kind = "service_unavailable_error"
        return "application/json", error_body(_BUSY, kind=kind, code=kind)
    text = _CROWDED if status == 429 else "Simulated failure"
    kind = "rate_limit_error" if status == 429 else "server_error"
    return "application/json", error_body(text, kind=kind)


def relayed(refusal: Refusal, how: str, model: str) -> Refusal:
    """A refusal as a relay passes it on; what is not JSON stays as it is."""
    if how == "none" or not refusal.body.startswith(b"{"):
        return refusal
    error = json.loads(refusal.body)["error"]
    if how == "trace-id":
        error["message"] += f" [trace_id={hashlib.sha256(refusal.body).hexdigest()[:32]}]"
        body = json.dumps({"error": error}, ensure_ascii=False, separators=(",", ":"))
    else:
        quoted = f"[{model}] [{refusal.status}]: {refusal.body.decode()} (reset after 30s)"
        body = json.dumps({"error": {"message": quoted}}, ensure_ascii=False)
    return Refusal(refusal.status, "application/json", body.encode())


def error_frame(dialect: Dialect, answer: Answer, created: int, number: int) -> bytes:
    """An error in the middle of a stream; only that of Responses is documented."""
    if dialect == "responses":
        return frame(responses.failed(answer, created, number))
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


def afflicted(made: Move, request: Request, options: Options) -> Move:
    """What becomes of a turn after a history that the model cannot go on with."""
    history = request.history
    ends = history[-1].role if history and request.dialect == "messages" else ""
    if options.mute_after_system and ends == "system":
        return Move()
    thoughts = [turn.reasoning for turn in history if turn.role == "assistant"]
    same = len(thoughts) > 1 and len(set(thoughts)) == 1 and bool(thoughts[0])
    if options.placeholders == "empty" and same:
        return Move(reasoning=made.reasoning)
    blank = any(thought is not None and not thought.strip() for thought in thoughts)
    if options.placeholders == "think" and blank and not made.calls:
        return Move(reasoning=f"{made.reasoning}\n\n{made.text}")
    return made


def leaked(made: Move) -> Move:
    """A turn whose calls come as text."""
    texts = [native(name, given) for name, given in made.calls]
    return replace(made, text="\n".join([made.text, *texts]), calls=()) if texts else made
