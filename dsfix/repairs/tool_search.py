"""The search for tools that an agent holds back is sent as a function, and what it found offered.

Where a model's catalogue says `supports_search_tool`, as DeepSeek's own does and Codex's for its
vendor's models, Codex offers none of its MCP tools but one of the type `tool_search`. It searches
by itself, and the tools that it found stand in the output (0.169.0, measured 2026-11-24). DeepSeek
ignores all three, so no MCP tool is ever called (farion1231/cc-switch#6653, 2026-08-20;
openai/codex#19871, #20574). A function of that name is called, and tools that stand in `tools` too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from dsfix.protocol import spans
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.offered import identity
from dsfix.protocol.responses import TOOL_SEARCH as NAME
from dsfix.protocol.spans import EACH
from dsfix.protocol.turns import Look
from dsfix.repairs.base import Answering, AnswerRepair, Context, Repair
from dsfix.repairs.unchanged import each

_MARK = NAME.encode()
_HELD_BACK = "defer_loading"


def with_a_function(body: Body, context: Context) -> Body:
    """The body with a function for the search, and with the tools that were found."""
    tools = body.members.get("tools", b"[]")
    new = spans.edited(tools, (EACH,), _function) if _MARK in tools else tools
    if new is not tools:
        context.searches_tools = True
        context.note(TOOL_SEARCH.name, "search for tools sent as a function")
    items = each(context, TOOL_SEARCH.name, context.history_of(body), _item)
    if len(items) > items.count(None):
        both = zip(items, body.messages, strict=True)
        body = body.saying([item.sent if item else raw for item, raw in both])
        found = [tool for item in items if item for tool in item.found]
        if found:
            new = spans.build_array(_joined(spans.items(new) or (), found))
            context.note(TOOL_SEARCH.name, "tools offered that were found", len(found))
    return body if new == tools else body.having("tools", new)


def _function(raw: bytes) -> bytes:
    """The tool as a function, if it is the search that the agent does itself."""
    tool = (spans.members(raw) if _MARK in raw else None) or {}
    own = spans.value(tool.get("type")) == NAME and spans.value(tool.get("execution")) == "client"
    if not own:
        return raw
    rest = {name: value for name, value in tool.items() if name != "execution"}
    return spans.build_object({**rest, "type": b'"function"', "name": spans.encode(NAME)})


class _Item(NamedTuple):
    """An item of a history as it is sent, and the tools that stand in it."""

    sent: bytes
    found: tuple[bytes, ...] = ()


def _item(look: Look) -> _Item | None:
    """What is sent in place of an item, None where it can stay."""
    item = spans.members(look.raw) if not look.plain and _MARK in look.raw else None
    kind = spans.value(item.get("type")) if item else None
    if item is None or kind not in (f"{NAME}_call", f"{NAME}_output"):
        return None
    head = {name: value for name, value in item.items() if name == "call_id"}
    if kind == f"{NAME}_call":
        given = item.get("arguments", b"{}")
        if not spans.is_text(given):
            given = spans.encode(given.decode("utf-8", "replace"))
        made = {"name": spans.encode(NAME), "arguments": given}
        return _Item(spans.build_object({"type": b'"function_call"', **head, **made}))
    found = tuple(map(_offered, spans.items(item.get("tools", b"[]")) or ()))
    output = spans.encode({"type": "function_call_output", "output": _told(found)})
    sent = spans.build_object({**(spans.members(output) or {}), **head})
    return _Item(sent, tuple(filter(_is_named, found)))


def _offered(raw: bytes) -> bytes:
    """A tool that was found, as one that is no longer held back."""
    tool = spans.members(raw)
    if tool is None:
        return raw
    rest = {name: value for name, value in tool.items() if name != _HELD_BACK}
    if "tools" in rest:
        rest["tools"] = spans.edited(rest["tools"], (EACH,), _offered)
    return raw if rest == tool else spans.build_object(rest)


def _told(found: Iterable[bytes]) -> str:
    """The names of the tools that were found, for the model."""
    known = [tool for raw in found if isinstance(tool := spans.value(raw), dict)]
    names = [
        {"namespace": tool.get("name"), "name": inner.get("name")}
        for tool in known
        for inner in tool.get("tools") or ()
        if isinstance(inner, dict)
    ]
    names += [{"name": tool.get("name")} for tool in known if "tools" not in tool]
    return spans.encode({"found": names}).decode()


def _is_named(tool: bytes) -> bool:
    """Whether it is a tool that can be told from another."""
    return spans.is_text((spans.members(tool) or {}).get("name", b"null"))


def _joined(tools: Iterable[bytes], found: Iterable[bytes]) -> list[bytes]:
    """All of these, each once; of a namespace that was found in parts, the parts together."""
    joined = list(tools)
    places = {identity(tool): place for place, tool in enumerate(joined)}
    for tool in found:
        place = places.setdefault(identity(tool), len(joined))
        if place == len(joined):
            joined.append(tool)
        else:
            joined[place] = _together(joined[place], tool)
    return joined


def _together(known: bytes, more: bytes) -> bytes:
    """One tool that was declared twice; only of a namespace the later says anything new."""
    one, other = spans.members(known) or {}, spans.members(more) or {}
    if spans.value(one.get("type")) != "namespace":
        return known
    parts = (spans.items(each.get("tools", b"[]")) or [] for each in (one, other))
    inner = _joined(*parts)
    return spans.build_object({**one, "tools": spans.build_array(inner)})


def _event(data: bytes, answering: Answering) -> list[bytes]:
    """One event of a stream, in which the call is the search that it was."""
    path = ("response", "output", EACH) if b'"response":' in data else ("item",)
    return [spans.edited(data, path, _searching)]


def _whole(data: bytes, answering: Answering) -> bytes:
    return spans.edited(data, ("output", EACH), _searching)


def _searching(raw: bytes) -> bytes:
    """The item as the agent's own search; the same object if it is none."""
    item = spans.members(raw) if _MARK in raw else None
    if item is None or "namespace" in item:
        return raw
    if (spans.value(item.get("type")), spans.value(item.get("name"))) != ("function_call", NAME):
        return raw
    rest = {name: value for name, value in item.items() if name != "name"}
    made = {
        "type": spans.encode(f"{NAME}_call"),
        "execution": b'"client"',
        "arguments": spans.encode(_asked(item)),
    }
    return spans.build_object({**rest, **made})


def _asked(item: Mapping[str, bytes]) -> dict[str, Any]:
    """What is searched for. All that the model wrote, where that is no object."""
    text = str(spans.value(item.get("arguments")) or "")
    given = spans.value(text.encode())
    return given if isinstance(given, dict) else {"query": text} if text else {}


TOOL_SEARCH = Repair(
    "tool-search",
    "Lets the model search for the tools that Codex holds back, and call those it finds",
    frozenset({Dialect.RESPONSES}),
    request=with_a_function,
    answer={
        Dialect.RESPONSES: AnswerRepair(
            (_MARK,), _event, _whole, lambda answering: answering.searches_tools, long=True
        )
    },
)
