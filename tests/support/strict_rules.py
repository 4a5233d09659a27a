"""What the strict endpoint demands of a request, read from the wire by itself.

The one thing no public stand-in does: it knows every reasoning it ever gave, so a turn that
comes back with another text, or with a stand-in where the real one is known, is refused.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

TOKEN = re.compile(r"\[answer-\d+-[0-9a-f]{6}\]")
USER_ID = re.compile(r"[a-zA-Z0-9_-]{1,512}")
MODELS = re.compile(r"deepseek-v4-(pro|flash)|deepseek-flash|claude-.*")
PASS_BACK = {
    "messages": "The `content[].thinking` in the thinking mode must be passed back to the API.",
    "chat": "The `reasoning_content` in the thinking mode must be passed back to the API.",
}


class Refused(Exception):
    """A request that the endpoint does not take; `rule` names why."""

    def __init__(self, rule: str, text: str, status: int = 400) -> None:
        super().__init__(f"{rule}: {text}")
        self.rule, self.text, self.status = rule, text, status


@dataclass
class Given:
    """One answer the endpoint gave. `reasoning` is None where it gave none."""

    number: int
    token: str
    reasoning: str | None
    calls: tuple[str, ...] = ()
    model: str = ""
    certain: bool = True  # False when the connection was reset, so nobody knows what arrived


@dataclass
class Policy:
    """Which rules hold. All of them by default; a test of one failure switches others off."""

    scope: str = "any"  # `any`: every assistant turn; `tooluse`: those that call tools
    user_id: bool = True
    trailing_system: bool = True
    distinct: bool = True
    exact: bool = True


@dataclass
class Turn:
    """One assistant message of a history."""

    calls: tuple[str, ...]
    text: str
    reasoning: str | None
    first: bool = True
    redacted: bool = False


@dataclass
class Memory:
    """Every answer given, by call id and by the token in its text."""

    calls: dict[str, Given] = field(default_factory=dict)
    tokens: dict[str, Given] = field(default_factory=dict)

    def add(self, given: Given) -> None:
        """Remember an answer."""
        self.tokens[given.token] = given
        for call in given.calls:
            self.calls[call] = given

    def of(self, turn: Turn) -> Given | None:
        """The answer that a turn is, None for one the endpoint did not give."""
        for call in turn.calls:
            if call in self.calls:
                return self.calls[call]
        found = TOKEN.findall(turn.text)
        return self.tokens.get(found[-1]) if found and not turn.calls else None

    def is_real(self, text: str) -> bool:
        """Whether a text is the reasoning of any answer."""
        return any(given.reasoning == text for given in self.tokens.values())


def check(dialect: str, body: dict[str, Any], policy: Policy, memory: Memory) -> None:
    """Raise Refused for the first rule that the request breaks."""
    model = body.get("model")
    if not isinstance(model, str) or not MODELS.fullmatch(model):
        raise Refused("model", f"The supported API model names are deepseek-v4-pro, not {model}")
    for place, message in enumerate(body["messages"]):
        _role(dialect, place, message)
    user = (body.get("metadata") or {}).get("user_id") or body.get("user_id")
    if policy.user_id and user is not None and not USER_ID.fullmatch(user):
        raise Refused("user-id", "Invalid 'user_id': string does not match pattern.")
    off = (body.get("thinking") or {}).get("type") == "disabled"
    effort = (body.get("output_config") or {}).get("effort") or body.get("reasoning_effort")
    if off and effort:
        text = "thinking options type cannot be disabled when reasoning_effort is set"
        raise Refused("effort", text)
    choice = body.get("tool_choice")
    kind = choice.get("type") if isinstance(choice, dict) else choice
    if not off and kind in ("any", "tool", "function", "required"):
        raise Refused("tool-choice", "Thinking mode does not support this tool_choice")
    _pairing(dialect, body["messages"])
    if not off:
        _reasoning(dialect, body, policy, memory)


def _role(dialect: str, place: int, message: dict[str, Any]) -> None:
    allowed = {
        "messages": ("user", "assistant", "system"),
        "chat": ("system", "user", "assistant", "tool"),
    }[dialect]
    role = message.get("role")
    if role not in allowed:
        names = ", ".join(f"`{name}`" for name in allowed)
        text = f"messages[{place}].role: unknown variant `{role}`, expected one of {names}"
        raise Refused("role", f"Failed to deserialize the JSON body into the target type: {text}")


def blocks(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The content of a message as blocks."""
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return list(content or [])


def turn_of(dialect: str, message: dict[str, Any]) -> Turn:
    """An assistant message as the rules see it."""
    parts = blocks(message)
    text = "\n".join(part.get("text") or "" for part in parts if part.get("type") == "text")
    if dialect == "chat":
        calls = tuple(call["id"] for call in message.get("tool_calls") or ())
        return Turn(calls, text, message.get("reasoning_content"))
    thoughts = [part for part in parts if part.get("type") == "thinking"]
    for part in thoughts:
        if "thinking" not in part:
            raise Refused("serde", "missing field `thinking`")
    return Turn(
        tuple(part["id"] for part in parts if part.get("type") == "tool_use"),
        text,
        "".join(part["thinking"] for part in thoughts) if thoughts else None,
        first=not thoughts or parts[0].get("type") == "thinking",
        redacted=any(part.get("type") == "redacted_thinking" for part in parts),
    )


def turns(dialect: str, body: dict[str, Any]) -> list[Turn]:
    """The assistant turns of a request."""
    return [turn_of(dialect, each) for each in body["messages"] if each["role"] == "assistant"]


def _reasoning(dialect: str, body: dict[str, Any], policy: Policy, memory: Memory) -> None:
    history = turns(dialect, body)
    if not (body.get("tools") or any(turn.calls for turn in history)):
        return
    standing_in: list[str] = []
    for nth, turn in enumerate(history):
        given = memory.of(turn)
        if turn.redacted:
            raise Refused("redacted", PASS_BACK[dialect])
        if not turn.first:
            raise Refused("order", PASS_BACK[dialect])
        blank = not (turn.reasoning or "").strip()
        if blank:
            if turn.calls or policy.scope == "any":
                raise Refused("pass-back", PASS_BACK[dialect])
            continue
        if not policy.exact:
            continue
        real = given.reasoning if given else None
        if given is not None and real is not None and turn.reasoning == real:
            continue
        if given is not None and real is not None and given.certain:
            text = f"turn {nth} ({given.token}): not the reasoning it was given: {turn.reasoning!r}"
            raise Refused("exact", f"{text}, should be {real!r}")
        if memory.is_real(turn.reasoning or ""):
            raise Refused("mixed-up", f"turn {nth}: the reasoning of another turn")
        standing_in.append(turn.reasoning or "")
    if policy.distinct and len(set(standing_in)) != len(standing_in):
        raise Refused("distinct", f"one placeholder on several turns: {standing_in}")


def _pairing(dialect: str, messages: list[dict[str, Any]]) -> None:
    if dialect == "chat":
        return _chat_pairing(messages)
    for place, message in enumerate(messages):
        called = [b["id"] for b in blocks(message) if b.get("type") == "tool_use"]
        after = messages[place + 1] if place + 1 < len(messages) else {"content": []}
        answered = {b["tool_use_id"] for b in blocks(after) if b.get("type") == "tool_result"}
        missing = [each for each in called if each not in answered]
        if missing:
            raise Refused(
                "pairing",
                f"messages.{place}: `tool_use` ids were found without `tool_result` blocks"
                f" immediately after: {', '.join(missing)}.",
            )
    return None


def _chat_pairing(messages: list[dict[str, Any]]) -> None:
    waiting: set[str] = set()
    for message in messages:
        if message["role"] == "tool":
            if message.get("tool_call_id") not in waiting:
                raise Refused("pairing", "Messages with role 'tool' must be a response")
            waiting.discard(message["tool_call_id"])
            continue
        if waiting:
            raise Refused("pairing", "(insufficient tool messages following tool_calls message)")
        waiting = {call["id"] for call in message.get("tool_calls") or ()}
    if waiting:
        raise Refused("pairing", "(insufficient tool messages following tool_calls message)")


def prompt(body: dict[str, Any]) -> list[str]:
    """The prompt as a cache sees it: who, tools, system, then message by message."""
    head = [body.get("model"), body.get("metadata"), body.get("tools"), body.get("system")]
    return [json.dumps(_plain(part), sort_keys=True) for part in (*head, *body["messages"])]


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
