"""The answer's limit is a number that the model takes, in the member that the upstream reads.

"Invalid max_tokens value, the valid range of max_tokens is [1, 393216]"
(https://github.com/tinkerindustries/agent-harness, 2026-09-10), on Responses for
`max_output_tokens` as well. Chat clients for newer OpenAI models send `max_completion_tokens`,
which DeepSeek does not know and, like all that it does not know, ignores: the agent's limit would
be lost (maximhq/bifrost#7213).
"""

from __future__ import annotations

from collections.abc import Mapping

from dsfix.protocol import spans
from dsfix.protocol.body import Body, Dialect
from dsfix.repairs.base import ALL, Context, Repair

_MEMBER: Mapping[Dialect, str] = {
    Dialect.MESSAGES: "max_tokens",
    Dialect.CHAT: "max_tokens",
    Dialect.RESPONSES: "max_output_tokens",
}
_NEWER = "max_completion_tokens"


def asked_tokens(body: Body) -> int | None:
    """The limit that a request sets for its answer, None where it sets none."""
    value = body.get(_MEMBER[body.dialect])
    return value if type(value) is int else None


def within_range(body: Body, context: Context) -> Body:
    """The body with its limit under the right name and within the model's range."""
    result = _renamed(body) if body.dialect is Dialect.CHAT else body
    member = _MEMBER[body.dialect]
    if member not in result.members:
        return result if result is body else _noted(result, context)
    limits = context.rules.limits(str(body.get("model")))
    given = spans.value(result.members[member])
    value = _clamped(given, limits.output if limits else 0)
    if value is None:
        result = result if given is None else result.without(member)
    elif value != given or type(given) is not int:
        result = result.having(member, spans.encode(value))
    return result if result is body else _noted(result, context)


def _noted(body: Body, context: Context) -> Body:
    tokens = asked_tokens(body)
    said = "limit taken out" if tokens is None else f"answer limited to {tokens} tokens"
    context.note(MAX_TOKENS.name, said)
    return body


def _renamed(body: Body) -> Body:
    raw = body.members.get(_NEWER)
    if raw is None:
        return body
    result = body.without(_NEWER)
    return (
        result
        if "max_tokens" in body.members or raw == b"null"
        else result.having("max_tokens", raw)
    )


def _clamped(given: object, most: int) -> int | None:
    """The limit to send, None for none. A negative one is how many say that there is none."""
    if isinstance(given, str) and given.strip().lstrip("-").isdecimal():
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int | float) or given != given:
        return None
    if given < 0:
        return most or None
    if most:
        given = min(given, most)
    return max(int(given), 1)


MAX_TOKENS = Repair(
    "max-tokens",
    "Keeps the answer's limit within the model's range, in the member the upstream reads",
    ALL,
    request=within_range,
)
