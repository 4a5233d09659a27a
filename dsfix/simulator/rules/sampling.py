"""Refusals of single values that steer an answer: lengths, ranges, stops, formats.

Texts: l1i1/new-api (relay/helper, compared with api.deepseek.com 2026-08-27 to 2026-09-02) and
deepseek-ai/deepseek-recipe (2026-09), which agree but for the ones named below.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dsfix.simulator.rules.base import Refusal, Request
from dsfix.simulator.rules.refusals import meaning
from dsfix.simulator.rules.wire import Dialect

MAX_OUTPUT = 393_216
MOST_STOPS = 16
_JSON = {
    "chat": "Prompt must contain the word 'json' in some form to use 'response_format' of type"
    " 'json_object'.",
    "responses": "Response input messages must contain the word 'json' to use text.format of type"
    " json_object",
}


def budget(body: Mapping[str, Any], dialect: Dialect | None) -> int | None:
    """The tokens that an answer may have; None where the request does not say."""
    given = body.get("max_output_tokens" if dialect == "responses" else "max_tokens")
    return given if isinstance(given, int) else None


def check_max_tokens(request: Request) -> Refusal | None:
    """`max_tokens` is within the longest answer; on Responses it is `max_output_tokens`.

    The text names `max_tokens` on both: tinkerindustries/agent-harness, 2026-09-10.
    """
    name = "max_output_tokens" if request.dialect == "responses" else "max_tokens"
    given = request.body.get(name)
    if given is None or (isinstance(given, int) and 1 <= given <= MAX_OUTPUT):
        return None
    return meaning(f"Invalid max_tokens value, the valid range of max_tokens is [1, {MAX_OUTPUT}]")


def check_temperature(request: Request) -> Refusal | None:
    """`temperature` is between 0 and 2."""
    return _in_range(request, "temperature", 0, 2)


def check_penalties(request: Request) -> Refusal | None:
    """Both penalties are between -2 and 2."""
    return _in_range(request, "frequency_penalty", -2, 2) or _in_range(
        request, "presence_penalty", -2, 2
    )


def check_top_p(request: Request) -> Refusal | None:
    """`top_p` is above 0 and at most 1."""
    given = request.body.get("top_p")
    if given is None or (isinstance(given, (int, float)) and 0 < given <= 1):
        return None
    return meaning("Invalid top_p value, the valid range of top_p is (0, 1.0]")


def check_n(request: Request) -> Refusal | None:
    """There is one answer."""
    if request.body.get("n") in (None, 1):
        return None
    return meaning("Invalid n value (currently only n = 1 is supported)")


def check_stop(request: Request) -> Refusal | None:
    """There are at most 16 stops; on Messages none of them is empty.

    The text of Messages is deepseek-ai/deepseek-recipe's.
    """
    if request.dialect == "chat":
        stops = request.body.get("stop")
        if isinstance(stops, list) and len(stops) > MOST_STOPS:
            return meaning(f"Stop string array too long: {len(stops)}")
        return None
    given = request.body.get("stop_sequences")
    stops = given if isinstance(given, list) else []
    if len(stops) <= MOST_STOPS and all(stops):
        return None
    return meaning("stop_sequences must contain at most 16 non-empty strings")


def check_logprobs(request: Request) -> Refusal | None:
    """`top_logprobs` needs `logprobs` and is at most 20."""
    given = request.body.get("top_logprobs")
    if given is None:
        return None
    if request.body.get("logprobs") is not True:
        return meaning(
            "Invalid top_logprobs and logprobs value, logprobs must be set to true if "
            "top_logprobs is used."
        )
    if isinstance(given, int) and given <= 20:
        return None
    return meaning("Invalid top_logprobs value, the valid range of top_logprobs is [0, 20].")


def check_stream_options(request: Request) -> Refusal | None:
    """Options of a stream need a stream."""
    given = request.body.get("stream_options")
    if given is None or request.body.get("stream") is True:
        return None
    return meaning("stream_options should be set along with stream = true")


def check_format(request: Request) -> Refusal | None:
    """JSON is only made where the prompt speaks of it, and on Chat without a schema."""
    assert request.dialect is not None
    if request.dialect == "chat":
        asked = request.body.get("response_format")
    else:
        text = request.body.get("text")
        asked = text.get("format") if isinstance(text, dict) else None
    kind = asked.get("type") if isinstance(asked, dict) else None
    refused = request.policy.json_schema == "refuse" and request.dialect == "chat"
    if kind == "json_schema" and refused:
        return meaning("This response_format type is unavailable now")
    if kind == "json_object" and not any("json" in text.lower() for text in _texts(request.body)):
        return meaning(_JSON[request.dialect])
    return None


def _in_range(request: Request, name: str, least: int, most: int) -> Refusal | None:
    given = request.body.get(name)
    if given is None or (isinstance(given, (int, float)) and least <= given <= most):
        return None
    return meaning(f"Invalid {name} value, the valid range of {name} is [{least}, {most}]")


def _texts(body: Mapping[str, Any]) -> Iterator[str]:
    """What the model is told, tools apart."""
    given = body.get("messages", body.get("input"))
    yield str(body.get("instructions"))
    for part in given if isinstance(given, list) else [{"content": given}]:
        yield str(part.get("content", part.get("output")))
