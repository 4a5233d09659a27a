"""What the strict endpoint demands of a request, read from the wire by itself.

The one thing no public stand-in does: it knows every reasoning it ever gave, so a turn that
comes back with another text, or with a stand-in where the real one is known, is refused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from tests.support import strict_chat, strict_messages, strict_responses
from tests.support.strict_base import Given, Memory, Refused, Turn

USER_ID = re.compile(r"[a-zA-Z0-9_-]{1,512}")
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]+")
MODELS = re.compile(r"deepseek-v4-(pro|flash)|deepseek-flash|claude-.*")
LONGEST = 393_216
WIRES: dict[str, Any] = {
    "messages": strict_messages,
    "chat": strict_chat,
    "responses": strict_responses,
}
DIALECTS = {path: dialect for dialect, wire in WIRES.items() for path in wire.PATHS}
PASS_BACK = {dialect: wire.PASS_BACK for dialect, wire in WIRES.items()}


@dataclass
class Policy:
    """Which rules hold. All of them by default; a test of one failure switches others off."""

    scope: str = "any"  # `any`: every assistant turn; `tooluse`: those that call tools
    user_id: bool = True
    trailing_system: bool = True
    distinct: bool = True
    exact: bool = True
    pairing: bool = True  # orphan results, their order and repeated ids too, not calls alone
    split: bool = True  # calls of one answer are one group (Responses)
    names: bool = True
    limits: bool = True
    content: bool = True


def check(dialect: str, body: dict[str, Any], policy: Policy, memory: Memory) -> None:
    """Raise Refused for the first rule that the request breaks."""
    wire = WIRES[dialect]
    model = body.get("model")
    if not isinstance(model, str) or not MODELS.fullmatch(model):
        raise Refused("model", f"The supported API model names are deepseek-v4-pro, not {model}")
    wire.roles(body)
    if policy.content:
        wire.contents(body)
    _values(wire, body, policy)
    off = wire.is_off(body)
    if off and wire.effort(body):
        text = "thinking options type cannot be disabled when reasoning_effort is set"
        raise Refused("effort", text)
    choice = body.get("tool_choice")
    kind = choice.get("type") if isinstance(choice, dict) else choice
    if not off and kind in ("any", "tool", "function", "required"):
        raise Refused("tool-choice", "Thinking mode does not support this tool_choice")
    wire.pairing(body, policy.pairing)
    history = turns(dialect, body)
    if policy.split and dialect == "responses":
        _split(history, memory)
    if not off and (body.get("tools") or any(turn.calls for turn in history)):
        _reasoning(dialect, history, policy, memory)


def turns(dialect: str, body: dict[str, Any]) -> list[Turn]:
    """The assistant turns of a request."""
    return [each for each in WIRES[dialect].flow(body) if isinstance(each, Turn)]


def prompt(dialect: str, body: dict[str, Any]) -> list[str]:
    """The prompt as a cache sees it: model, user, tools, system, then message by message."""
    wire = WIRES[dialect]
    return [json.dumps(_plain(part), sort_keys=True) for part in wire.head(body) + wire.steps(body)]


def _values(wire: Any, body: dict[str, Any], policy: Policy) -> None:
    """Ranges and patterns of single values."""
    user = wire.user_id(body)
    if policy.user_id and user is not None and not USER_ID.fullmatch(user):
        raise Refused("user-id", "Invalid 'user_id': string does not match pattern.")
    budget = wire.budget(body)
    if policy.limits and budget is not None and not 1 <= budget <= LONGEST:
        text = f"Invalid max_tokens value, the valid range of max_tokens is [1, {LONGEST}]"
        raise Refused("limits", text)
    for place, name in wire.names(body) if policy.names else ():
        if not TOOL_NAME.fullmatch(name) or len(name) > wire.LONGEST_NAME:
            raise Refused("names", f"Invalid '{place}': string does not match pattern: {name!r}")


def _split(history: list[Turn], memory: Memory) -> None:
    """Calls of one answer stand in one turn, whether the model thinks or not."""
    place: dict[int, int] = {}
    for nth, turn in enumerate(history):
        for call in turn.calls:
            given = memory.calls.get(call)
            if given and place.setdefault(given.number, nth) != nth:
                raise Refused("split", PASS_BACK["responses"])


def _reasoning(dialect: str, history: list[Turn], policy: Policy, memory: Memory) -> None:
    standing_in: list[str] = []
    for nth, turn in enumerate(history):
        given = memory.of(turn)
        if turn.redacted:
            raise Refused("redacted", PASS_BACK[dialect])
        if not turn.first:
            raise Refused("order", PASS_BACK[dialect])
        if not (turn.reasoning or "").strip():
            if turn.calls or policy.scope == "any":
                raise Refused("pass-back", PASS_BACK[dialect])
            continue
        if policy.exact and not _is_own(nth, turn, given, memory):
            standing_in.append(turn.reasoning or "")
    if policy.distinct and len(set(standing_in)) != len(standing_in):
        raise Refused("distinct", f"one placeholder on several turns: {standing_in}")


def _is_own(nth: int, turn: Turn, given: Given | None, memory: Memory) -> bool:
    """Whether a turn has its own reasoning. Raise Refused for another's, and where it is known."""
    real = given.reasoning if given else None
    if given is not None and real is not None:
        if turn.reasoning == real:
            return True
        if given.certain:
            text = f"turn {nth} ({given.token}): not the reasoning it was given: {turn.reasoning!r}"
            raise Refused("exact", f"{text}, should be {real!r}")
    if memory.is_real(turn.reasoning or ""):
        raise Refused("mixed-up", f"turn {nth}: the reasoning of another turn")
    return False


def _plain(value: Any) -> Any:
    """A value without the cache's own markers; text alone and a lone text block are the same."""
    if isinstance(value, dict):
        out = {key: _plain(each) for key, each in value.items() if key != "cache_control"}
        if isinstance(out.get("content"), str):
            out["content"] = [{"type": "text", "text": out["content"]}]
        return out
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value
