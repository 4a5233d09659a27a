"""What can be wrong with a request besides its history: tools, switches, names, texts."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dsfix.protocol.body import Dialect
from tests.laws.faults import Nowhere, Pick, changed

Body = dict[str, Any]
Break = Callable[[Pick, Dialect, Body], Body]

_NAMES = ("mcp.git:log", "工具", "two words", "x" * 65, "x" * 129, "a/b", "", "-", "naïve")
_SCHEMAS: tuple[Any, ...] = (
    None,
    ...,
    {},
    {"type": "string"},
    {"type": None},
    {"type": ["object", "null"]},
    {"properties": {"a": {"type": "string"}}},
    {"anyOf": [{"type": "object"}, {"type": "null"}]},
    {"type": "array", "items": {}},
    True,
    "object",
    [],
)
_THINKING: tuple[Any, ...] = (
    {"type": "adaptive", "display": "omitted"},
    {"type": "auto"},
    {"type": "enabled", "budget_tokens": 31999},
    {"type": "disabled"},
    {"type": "off"},
    {"type": None},
    {},
    None,
    True,
    False,
    "enabled",
    {"type": 7},
    [],
)
_EFFORTS: tuple[Any, ...] = ("none", "minimal", "high", "xhigh", "max", None)
_TOKENS: tuple[Any, ...] = (0, -1, 1, 16, 393_217, 10**12, 1.5, 32000.0, "4096", None, True)
_MODELS = ("claude-opus-4-8", "deepseek-v4-pro[1m]", "gpt-4.1", "deepseek-chat", "haiku", "", "a b")
_USERS: tuple[Any, ...] = (
    '{"device_id":"d","account_uuid":"","session_id":"s"}',
    "user_0a_account_b_session_c",
    "someone@example.org",
    "x" * 513,
    "日本",
    "",
    7,
    None,
)


@dataclass(frozen=True, slots=True)
class HeadFault:
    """One kind of fault, and the entries of the registry that it needs."""

    name: str
    broken: Break
    repairs: frozenset[str]


def _fault(name: str, broken: Break, *repairs: str) -> HeadFault:
    return HeadFault(name, broken, frozenset(repairs))


def function(dialect: Dialect, tool: Any) -> Any:
    """Where a tool's name and schema stand."""
    return tool.get("function") if dialect is Dialect.CHAT else tool


def _functions(dialect: Dialect, body: Body) -> list[Any]:
    """The tools that are functions; raises Nowhere if there is none."""
    found = [function(dialect, tool) for tool in body.get("tools") or ()]
    named = [each for each in found if isinstance(each, dict) and each.get("name")]
    if not named:
        raise Nowhere
    return named


def _named(dialect: Dialect, body: Body) -> Iterator[Any]:
    """All objects that name a function: tools and calls."""
    yield from _functions(dialect, body)
    for message in body["input" if dialect is Dialect.RESPONSES else "messages"]:
        if not isinstance(message, dict):
            continue
        if message.get("type") == "function_call":
            yield message
        for call in message.get("tool_calls") or ():
            if isinstance(call.get("function"), dict):
                yield call["function"]
        content = message.get("content")
        for block in content if isinstance(content, list) else ():
            if block.get("type") == "tool_use":
                yield block


def _renamed(pick: Pick, dialect: Dialect, body: Body) -> Body:
    """A tool has a name that is no good, in its calls as well."""
    out = copy.deepcopy(body)
    old = pick.of(_functions(dialect, out))["name"]
    new = pick.of(_NAMES)
    for holder in _named(dialect, out):
        if holder.get("name") == old:
            holder["name"] = new
    return out


def _alike(pick: Pick, dialect: Dialect, body: Body) -> Body:
    """Two names that differ only in letters that cannot stay; or one tool twice."""
    out = copy.deepcopy(body)
    names = pick.of([("a.b", "a:b"), ("a.b", "a_b"), ("同", "一"), ("Bash", "Bash")])
    for holder, name in zip(_functions(dialect, out), names, strict=False):
        holder["name"] = name
    return out


def _schema(pick: Pick, dialect: Dialect, body: Body) -> Body:
    out = copy.deepcopy(body)
    holder, new = pick.of(_functions(dialect, out)), pick.of(_SCHEMAS)
    name = "input_schema" if dialect is Dialect.MESSAGES else "parameters"
    if new is ...:
        holder.pop(name, None)
    else:
        holder[name] = new
    return out


def _typed(pick: Pick, dialect: Dialect, body: Body) -> Body:
    """Tools of other kinds."""
    kinds = {
        Dialect.MESSAGES: [
            {"type": "custom", "name": "f", "input_schema": {"type": "object"}},
            {"type": "bash_20250124", "name": "bash"},
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 5},
            {"type": "code_execution_20250522", "name": "code_execution"},
        ],
        Dialect.CHAT: [
            {"type": "custom", "custom": {"name": "f"}},
            {"type": "web_search"},
            {"name": "f", "parameters": {"type": "object"}},
        ],
        Dialect.RESPONSES: [
            {"type": "custom", "name": "apply_patch", "format": {"type": "text"}},
            {"type": "custom", "name": "exec"},
            {"type": "web_search", "external_web_access": True},
            {"type": "local_shell"},
            {"type": "namespace", "name": "n", "tools": [{"type": "function", "name": "g"}]},
            {"type": "mcp", "server_label": "s", "server_url": "https://a.example"},
        ],
    }
    return {**body, "tools": [*(body.get("tools") or ()), pick.of(kinds[dialect])]}


def _no_tools(pick: Pick, dialect: Dialect, body: Body) -> Body:
    return changed(body, "tools", pick.of([[], None, ...]))


def _forced(pick: Pick, dialect: Dialect, body: Body) -> Body:
    name = pick.of(_functions(dialect, body))["name"]
    choices: dict[Dialect, list[Any]] = {
        Dialect.MESSAGES: [{"type": "any"}, {"type": "tool", "name": name}, {"type": "none"}],
        Dialect.CHAT: ["required", "none", {"type": "function", "function": {"name": name}}],
        Dialect.RESPONSES: ["required", "none", {"type": "function", "name": name}],
    }
    return {**body, "tool_choice": pick.of([*choices[dialect], None])}


def _thinking(pick: Pick, dialect: Dialect, body: Body) -> Body:
    return {**body, "thinking": pick.of(_THINKING)}


def _effort(pick: Pick, dialect: Dialect, body: Body) -> Body:
    holders = {Dialect.MESSAGES: "output_config", Dialect.RESPONSES: "reasoning"}
    value = pick.of(_EFFORTS)
    if dialect is Dialect.CHAT:
        return {**body, "reasoning_effort": value}
    return {**body, holders[dialect]: pick.of([{"effort": value}, {}, None])}


def _tokens(pick: Pick, dialect: Dialect, body: Body) -> Body:
    names = {Dialect.MESSAGES: ["max_tokens"], Dialect.RESPONSES: ["max_output_tokens"]}
    name = pick.of(names.get(dialect, ["max_tokens", "max_completion_tokens"]))
    rest = changed(body, "max_tokens", ...) if pick.flag() else body
    return {**rest, name: pick.of(_TOKENS)}


def _model(pick: Pick, dialect: Dialect, body: Body) -> Body:
    return {**body, "model": pick.of(_MODELS)}


def _user(pick: Pick, dialect: Dialect, body: Body) -> Body:
    value = pick.of(_USERS)
    if dialect is Dialect.MESSAGES:
        return {**body, "metadata": pick.of([{"user_id": value}, {}, None])}
    return {**body, "user_id" if dialect is Dialect.CHAT else "user": value}


def _half(pick: Pick, dialect: Dialect, body: Body) -> Body:
    """Half of a surrogate pair in some text, or in some key of an argument."""
    out = copy.deepcopy(body)
    holder, key = pick.of([place for place in _texts(out) if place[1] not in ("role", "type")])
    holder[key] = pick.of(["\ud83d", "\udc00", "\ud83d\ud83d\ude00", "\ude00\ud83d"]) + holder[key]
    return out


def _texts(value: Any) -> Iterator[tuple[Any, Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in list(inner):
        if isinstance(part, str):
            yield value, key
        elif isinstance(part, (dict, list)):
            yield from _texts(part)


HEAD_FAULTS: tuple[HeadFault, ...] = (
    _fault("tool name", _renamed, "tool-names"),
    _fault("tool names alike", _alike, "tool-names"),
    _fault("schema", _schema, "tool-schema"),
    _fault("other tools", _typed, "tool-schema"),
    _fault("no tools", _no_tools),
    _fault("forced choice", _forced, "tool-choice"),
    _fault("thinking", _thinking, "thinking-mode"),
    _fault("effort", _effort, "effort"),
    _fault("tokens", _tokens, "max-tokens"),
    _fault("model", _model, "model-name"),
    _fault("user", _user, "user-id"),
    _fault("half a pair", _half, "encoding"),
)
