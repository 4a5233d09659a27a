"""The thinking mode is one that the upstream understands and the user meant.

DeepSeek knows `enabled`, `disabled` and `adaptive`, refuses `auto` (lobehub/lobehub#14173), and
reads an absent member as enabled, while agents whose user turned thinking off merely leave it
out (NousResearch/hermes-agent#15700): then `disabled` is sent on every request. On Responses the
switch is the effort `none` (https://api-docs.deepseek.com/guides/thinking_mode, 2026-08).
"""

from __future__ import annotations

from dsfix.protocol import spans
from dsfix.protocol.body import Body, Dialect
from dsfix.repairs.base import ALL, Context, Repair, Step

_KNOWN = ("enabled", "disabled", "adaptive")
_ENABLED = b'{"type":"enabled"}'
_DISABLED = b'{"type":"disabled"}'


def is_disabled(body: Body) -> bool:
    """Whether this request tells the upstream not to think."""
    if body.dialect is Dialect.RESPONSES:
        reasoning = body.get("reasoning")
        return isinstance(reasoning, dict) and reasoning.get("effort") == "none"
    given = body.get("thinking")
    return isinstance(given, dict) and given.get("type") == "disabled"


def is_enabled(body: Body) -> bool:
    """Whether this request itself tells the upstream to think."""
    given = body.get("thinking")
    return isinstance(given, dict) and given.get("type") == "enabled"


def disabled(body: Body) -> Body:
    """The body with thinking turned off."""
    if body.dialect is Dialect.RESPONSES:
        reasoning = spans.members(body.members.get("reasoning", b"{}")) or {}
        return body.having("reasoning", spans.build_object({**reasoning, "effort": b'"none"'}))
    return body.having("thinking", _DISABLED)


def with_valid_thinking(body: Body, context: Context) -> Body:
    """The body with its `thinking` as the upstream and the user want it."""
    if context.rules.thinking == "off" or context.step is Step.OFF:
        if is_disabled(body):
            return body
        context.note(THINKING_MODE.name, "thinking turned off")
        return disabled(body)
    if body.dialect is Dialect.RESPONSES:
        return _responses(body, context)
    if "thinking" not in body.members:
        return body
    given = body.get("thinking")
    wanted = _normal(given, body.members["thinking"])
    if context.rules.thinking == "on" and (wanted == _DISABLED or is_disabled(body)):
        wanted = _ENABLED
    if wanted is None:
        context.note(THINKING_MODE.name, "empty thinking member taken out")
        return body.without("thinking")
    if wanted == body.members["thinking"]:
        return body
    context.note(THINKING_MODE.name, f"{_shown(given)} -> {_shown(spans.value(wanted))}")
    return body.having("thinking", wanted)


def _responses(body: Body, context: Context) -> Body:
    """Without the effort `none` where the user wants the model to think."""
    reasoning = spans.members(body.members.get("reasoning", b"null"))
    if context.rules.thinking != "on" or not reasoning or not is_disabled(body):
        return body
    context.note(THINKING_MODE.name, "effort none taken out")
    rest = {name: raw for name, raw in reasoning.items() if name != "effort"}
    return body.having("reasoning", spans.build_object(rest))


def _normal(given: object, raw: bytes) -> bytes | None:
    """The raw member to send: None for none at all, the same bytes where it is valid."""
    if given is None:
        return None
    if isinstance(given, bool):
        return _ENABLED if given else _DISABLED
    kind = given.get("type") if isinstance(given, dict) else given
    if isinstance(given, dict) and kind in _KNOWN:
        return raw
    members = spans.members(raw) if isinstance(given, dict) else {}
    name = kind if kind in _KNOWN else "disabled" if kind in ("off", "none") else "enabled"
    return spans.build_object({**(members or {}), "type": spans.encode(name)})


def _shown(given: object) -> str:
    return str(given.get("type", "?")) if isinstance(given, dict) else str(given).lower()


THINKING_MODE = Repair(
    "thinking-mode",
    "Sends a thinking mode that the upstream knows, and the user's own switch",
    ALL,
    request=with_valid_thinking,
)
