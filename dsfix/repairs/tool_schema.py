"""Tools stand in the shape that the dialect has for them, with an object for a schema.

"Invalid schema for function 'codex_app__automation_update': schema must be a JSON Schema of 'type:
"object"', got 'type: null'": Codex declares `parameters: null` (farion1231/cc-switch#4705, #5300),
MCP servers a root of `oneOf` alone (farion1231/cc-switch#5271), and much else that no schema has
(see `schemas`). On Messages a schema must be there, and a tool with a type is taken for one of the
server's: "server tools are not supported" but for those that it runs itself, with which it looks up
the web (deepseek-ai/deepseek-recipe, 2026-09; https://api-docs.deepseek.com/guides/web_tools;
maximhq/bifrost#7093; decolua/9router#3905, 2026-09-09; SaladDay/cc-switch-cli#468, 2026-09-18). So
the type of an agent's own function is taken out, and tools that only another server could run are
left out: each refuses the whole request. A tool in another dialect's shape is refused on all three
("missing field `function`"; "missing field `name`").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar, Literal

import msgspec
from msgspec import UNSET, UnsetType

from dsfix.protocol import spans
from dsfix.protocol.body import Body, Dialect
from dsfix.repairs.base import ALL, Context, Repair
from dsfix.repairs.schemas import is_sound, sound
from dsfix.repairs.unchanged import KEPT

_EMPTY = b'{"type":"object","properties":{}}'
_SCHEMA: Mapping[Dialect, str] = {
    Dialect.MESSAGES: "input_schema",
    Dialect.CHAT: "parameters",
    Dialect.RESPONSES: "parameters",
}
_SCHEMAS = frozenset(_SCHEMA.values())
# What an agent calls a function of its own; on Messages it need not say so.
_FUNCTIONS = (None, "function", "custom")


class _Schema(msgspec.Struct):
    type: Literal["object"]


class _OnMessages(msgspec.Struct):
    name: str
    type: str | None = None
    input_schema: _Schema | None = None

    @property
    def clean(self) -> bool:
        """Whether it can go as it is."""
        return self.type is None and self.input_schema is not None


class _Function(msgspec.Struct):
    name: str
    parameters: _Schema | UnsetType = UNSET


class _OnChat(msgspec.Struct):
    function: _Function
    type: Literal["function"] | None = None
    clean: ClassVar[bool] = True


class _OnResponses(msgspec.Struct):
    type: str
    name: str | None = None
    parameters: _Schema | UnsetType = UNSET
    tools: list[_OnResponses] | UnsetType = UNSET

    @property
    def clean(self) -> bool:
        """Whether it can go as it is: tools that are no functions may look like anything."""
        return self.type != "function" or self.name is not None


_READ: Mapping[Dialect, msgspec.json.Decoder[Any]] = {
    Dialect.MESSAGES: msgspec.json.Decoder(list[_OnMessages]),
    Dialect.CHAT: msgspec.json.Decoder(list[_OnChat]),
    Dialect.RESPONSES: msgspec.json.Decoder(list[_OnResponses]),
}


def with_readable_tools(body: Body, context: Context) -> Body:
    """The body with tools that the upstream can read."""
    served = tuple(context.rules.server_tools.get(body.dialect, ()))
    if not body.has_tools or _clean(body.dialect, body.members["tools"], served):
        return body
    given = spans.items(body.members["tools"]) or []
    new = [_mended(tool, body.dialect, served) for tool in given]
    kept = [tool for tool in new if tool is not None]
    lost = [tool for tool, after in zip(given, new, strict=True) if after is None]
    changed = sum(after not in (None, tool) for tool, after in zip(given, new, strict=True))
    if changed:
        context.note(TOOL_SCHEMA.name, "tools put into the shape that is read", changed)
    if lost:
        context.note(TOOL_SCHEMA.name, "tools left out that nobody here runs", len(lost))
    if not kept and lost:
        return body.without("tools").without("tool_choice")
    if changed or lost:
        body = body.having("tools", spans.build_array(kept))
    return body.without("tool_choice") if _chosen(body, lost) else body


@lru_cache(maxsize=KEPT)
def _clean(dialect: Dialect, tools: bytes, served: tuple[str, ...]) -> bool:
    """Whether every tool is what the upstream takes: one pass, and no schema is kept."""
    try:
        known = _READ[dialect].decode(tools)
        shaped = all(tool.clean or (tool.type or "").startswith(served) for tool in known)
    except spans.Malformed:
        return False
    return shaped and all(map(is_sound, _schemas(spans.value(tools))))


def _schemas(tools: Any) -> Iterator[Any]:
    """The schemas of these tools, wherever a dialect has them."""
    for tool in tools if isinstance(tools, list) else ():
        for place in (tool, tool.get("function")) if isinstance(tool, dict) else ():
            if isinstance(place, dict):
                yield from (place[name] for name in _SCHEMAS if isinstance(place.get(name), dict))
                yield from _schemas(place.get("tools"))


def _mended(raw: bytes, dialect: Dialect, served: tuple[str, ...] = ()) -> bytes | None:
    """The tool as the upstream reads it; None for one that it can do nothing with.

    It runs those whose type begins as `served` says.
    """
    tool = spans.members(raw)
    if tool is None:
        return raw
    kind = spans.value(tool.get("type"))
    if kind == "namespace":
        return spans.edited(raw, ("tools", spans.EACH), _mended_inside)
    if dialect is Dialect.RESPONSES and kind not in (None, "function"):
        return raw  # ignored, or no function
    if isinstance(kind, str) and kind.startswith(served):
        return raw
    nested = tool.get("function", b"null")
    function = spans.members(nested) or tool
    known = kind in _FUNCTIONS or not _SCHEMAS.isdisjoint(function)
    if not known or _name(raw) is _name(nested) is None:
        return None
    new = _shaped(tool, dialect)
    return raw if new == tool else spans.build_object(new)


def _mended_inside(raw: bytes) -> bytes:
    """A function of a namespace."""
    return _mended(raw, Dialect.RESPONSES) or raw


def _shaped(tool: Mapping[str, bytes], dialect: Dialect) -> Mapping[str, bytes]:
    """The function in the shape of the dialect; whatever else is said of it stays."""
    nested = spans.members(tool.get("function", b"null"))
    outer = {name: raw for name, raw in tool.items() if name not in ("type", "function")}
    if dialect is not Dialect.CHAT:
        flat = _with_schema({**outer, **(nested or {})}, dialect)
        return flat if dialect is Dialect.MESSAGES else {"type": b'"function"', **flat}
    function = _with_schema(outer if nested is None else nested, dialect)
    raw = tool["function"] if function == nested else spans.build_object(function)
    return {"type": b'"function"', "function": raw, **(outer if nested is not None else {})}


def _with_schema(function: Mapping[str, bytes], dialect: Dialect) -> Mapping[str, bytes]:
    own = _SCHEMA[dialect]
    given = next((function[name] for name in (own, *_SCHEMAS) if name in function), None)
    if given is None and dialect is not Dialect.MESSAGES:
        # it takes nothing: https://api-docs.deepseek.com/api/create-chat-completion
        return function
    rest = {name: raw for name, raw in function.items() if name == own or name not in _SCHEMAS}
    return {**rest, own: _as_object(given or b"null")}


def _as_object(raw: bytes) -> bytes:
    """The schema with an object at its root; all else in it stays."""
    mended = sound(raw)
    schema = spans.members(mended or b"")
    if mended is None or schema is None:
        return raw if isinstance(spans.value(raw), dict) else _EMPTY
    if spans.value(schema.get("type")) == "object":
        return mended
    return spans.build_object({**schema, "type": b'"object"'})


def _chosen(body: Body, tools: Sequence[bytes]) -> bool:
    """Whether the choice names one of these."""
    name = _name(body.members.get("tool_choice", b"null"))
    return name is not None and name in map(_name, tools)


def _name(raw: bytes) -> str | None:
    name = spans.value((spans.members(raw) or {}).get("name"))
    return name if isinstance(name, str) else None


TOOL_SCHEMA = Repair(
    "tool-schema",
    "Puts tools into the dialect's shape, with an object for a schema",
    ALL,
    request=with_readable_tools,
)
