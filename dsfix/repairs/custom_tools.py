"""Tools that take plain text are sent as functions with one argument, and called as they were.

"Unsupported custom tool: 'exec'. Only 'apply_patch' is supported." (Edward-lyz/codex-mixin#14,
openai/codex#37825, makecindy/cindy#2784): Codex's Code Mode declares `exec` so, alone (0.169.0 with
`--enable code_mode_only`) or in a namespace (with `-m gpt-5.6-sol`; measured 2026-11-21), where
DeepSeek takes no custom tool at all. Of `apply_patch` DeepSeek's own adapter makes a function with
an argument `input` (deepseek-ai/deepseek-recipe, 2026-09); this does the same for the others, and
names that argument, without which the model calls with nothing (822807097/codex-router#1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from dsfix.protocol import spans
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.spans import EACH
from dsfix.protocol.turns import Look
from dsfix.repairs.base import Answering, AnswerRepair, Context, Repair
from dsfix.repairs.unchanged import each

_NATIVE = "apply_patch"
_WHOLE_INPUT = "The whole input of the tool, as plain text."
# Where the input begins in the arguments, and as much of it as is told: no escape is cut.
_START = re.compile(r'\s*\{\s*"input"\s*:\s*"')
_TOLD = re.compile(
    r'(?:[^"\\]|\\[^u]|\\u(?![dD][89abAB])[0-9a-fA-F]{4}'
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})*"
)
_BEGUN = "input begun "


def with_functions(body: Body, context: Context) -> Body:
    """The body with functions for custom tools; `context.freeform` says which those are."""
    before = len(context.freeform)
    tools = body.members.get("tools", b"[]")
    new = tools
    if b'"custom"' in tools:
        new = spans.edited(tools, (EACH,), lambda tool: _tool(tool, context))
    if new is not tools:
        body = body.having("tools", new)
        choice = spans.members(body.members.get("tool_choice", b"null")) or {}
        if spans.value(choice.get("type")) == "custom" and _custom(choice):
            body = body.having("tool_choice", _as_function(choice))
    found = each(context, CUSTOM_TOOLS.name, context.history_of(body), _item)
    if len(found) > found.count(None):
        items = _items(body.messages, found, context)
        body = body.saying(items) if items != body.messages else body
    if len(context.freeform) > before:
        count = len(context.freeform) - before
        context.note(CUSTOM_TOOLS.name, "custom tools sent as functions", count)
    return body


def _tool(raw: bytes, context: Context, namespace: str = "") -> bytes:
    """A tool as a function, and so those of a namespace."""
    tool = spans.members(raw)
    kind = spans.value(tool.get("type")) if tool else None
    if tool is None or kind not in ("custom", "namespace"):
        return raw
    if kind == "namespace":
        own = _own(tool, "name", context)
        return spans.edited(raw, ("tools", EACH), lambda inner: _tool(inner, context, own))
    if not namespace and not _custom(tool):
        return raw
    context.freeform.add((namespace, _own(tool, "name", context)))
    told = {"type": "string", "description": _described(spans.value(tool.get("format")))}
    schema = {
        "type": "object",
        "properties": {"input": told},
        "required": ["input"],
        "additionalProperties": False,
    }
    rest = {name: value for name, value in tool.items() if name != "format"}
    return _as_function({**rest, "parameters": spans.encode(schema)})


def _custom(given: Mapping[str, bytes]) -> bool:
    """Whether a tool, a choice or a call is of a custom tool that is refused."""
    return "namespace" in given or spans.value(given.get("name")) != _NATIVE


def _as_function(given: Mapping[str, bytes]) -> bytes:
    return spans.build_object({**given, "type": b'"function"'})


def _name(given: Mapping[str, bytes], member: str) -> str:
    """What a name says, empty where it says nothing."""
    return str(spans.value(given.get(member)) or "")


def _own(given: Mapping[str, bytes], member: str, context: Context) -> str:
    """The agent's own name for what is sent under this one."""
    sent = _name(given, member)
    return context.renamed.get(sent, sent)


def _described(form: object) -> str:
    """What the model has to know of the input, for nothing but the text holds it to a grammar."""
    if not isinstance(form, dict) or form.get("type") != "grammar":
        return _WHOLE_INPUT
    return f"{_WHOLE_INPUT} It follows this {form.get('syntax')} grammar:\n{form.get('definition')}"


class _Item(NamedTuple):
    """An item of a history as it is sent: the call of a custom tool, with the names that are sent
    for its namespace and its own, or an output, which has none.
    """

    sent: bytes
    call: bytes
    names: tuple[str, str] | None = None


def _item(look: Look) -> _Item | None:
    """What is sent in place of an item, None where it can stay."""
    if b'"custom_tool_call' not in look.raw:
        return None
    item = spans.members(look.raw) or {}
    kind, call = spans.value(item.get("type")), item.get("call_id", b"")
    if kind == "custom_tool_call" and _custom(item):
        given = b'{"input":' + item.get("input", b'""') + b"}"
        rest = {name: value for name, value in item.items() if name != "input"}
        made = {
            "type": b'"function_call"',
            "arguments": spans.encode(given.decode("utf-8", "replace")),
        }
        sent = spans.build_object({**rest, **made})
        return _Item(sent, call, (_name(item, "namespace"), _name(item, "name")))
    if kind == "custom_tool_call_output":
        made = {"type": b'"function_call_output"', "output": item.get("output", b'""')}
        return _Item(spans.build_object({**item, **made}), call)
    return None


def _items(
    items: Sequence[bytes], found: Sequence[_Item | None], context: Context
) -> tuple[bytes, ...]:
    """The items with function calls for calls of those tools, and their outputs likewise."""
    called: set[bytes] = set()
    out = list(items)
    for place, item in enumerate(found):
        if item is None:
            continue
        if item.names is not None:
            called.add(item.call)
            space, name = (context.renamed.get(sent, sent) for sent in item.names)
            context.freeform.add((space, name))
        if item.call in called:
            out[place] = item.sent
    return tuple(out)


def _event(data: bytes, answering: Answering) -> list[bytes]:
    """One event of a stream, of a call to a custom tool where it was of a function's."""
    event = spans.members(data) or {}
    kind = str(spans.value(event.get("type"))).removeprefix("response.")
    place = event.get("output_index", b"").decode("utf-8", "replace")
    if kind == "output_item.added":
        item = _freed(event.get("item", b"null"), answering)
        if item is not event.get("item"):
            answering.state[place] = ""
            data = spans.build_object({**event, "item": item})
    elif kind == "output_item.done":
        data = spans.edited(data, ("item",), lambda item: _freed(item, answering))
    elif kind == "function_call_arguments.delta" and place in answering.state:
        # While nothing can be told yet the event says so: no silence, and no gap in the numbers.
        text = _told(answering.state, place, str(spans.value(event.get("delta")) or ""))
        data = _input("delta", {**event, "delta": spans.encode(text)})
    elif kind == "function_call_arguments.done" and place in answering.state:
        rest = {name: raw for name, raw in event.items() if name not in ("arguments", "name")}
        data = _input("done", {**rest, "input": _plain(event.get("arguments"))})
    elif "response" in event:
        path = ("response", "output", EACH)
        data = spans.edited(data, path, lambda item: _freed(item, answering))
    return [data]


def _input(what: str, event: Mapping[str, bytes]) -> bytes:
    name = spans.encode(f"response.custom_tool_call_input.{what}")
    return spans.build_object({**event, "type": name})


def _whole(data: bytes, answering: Answering) -> bytes:
    return spans.edited(data, ("output", EACH), lambda item: _freed(item, answering))


def _freed(raw: bytes, answering: Answering) -> bytes:
    """The item as a call of a custom tool; the same object if it is none."""
    item = spans.members(raw)
    if item is None or spans.value(item.get("type")) != "function_call":
        return raw
    name = str(spans.value(item.get("name")))
    if (str(spans.value(item.get("namespace")) or ""), name) not in answering.freeform:
        return raw
    rest = {name: value for name, value in item.items() if name != "arguments"}
    made = {"type": b'"custom_tool_call"', "input": _plain(item.get("arguments"))}
    return spans.build_object({**rest, **made})


def _plain(arguments: bytes | None) -> bytes:
    """The input that these raw arguments give; all of them where they are of another form."""
    text = str(spans.value(arguments) or "")
    given = spans.value(text.encode())
    told = given.get("input") if isinstance(given, dict) else None
    return spans.encode(told if isinstance(told, str) else text)


def _told(state: dict[str, str], place: str, piece: str) -> str:
    """What this piece of the arguments tells of the input; the rest of it waits."""
    waiting = state[place] + piece
    if _BEGUN + place not in state:
        start = _START.match(waiting)
        if start is None:
            state[place] = waiting
            return ""
        state[_BEGUN + place] = ""
        waiting = waiting[start.end() :]
    end = told.end() if (told := _TOLD.match(waiting)) else 0
    state[place] = waiting[end:]
    return str(spans.value(f'"{waiting[:end]}"'.encode()) or "")


CUSTOM_TOOLS = Repair(
    "custom-tools",
    "Sends tools that take plain text as functions, and gives their calls back as plain text",
    frozenset({Dialect.RESPONSES}),
    request=with_functions,
    answer={
        Dialect.RESPONSES: AnswerRepair(
            (b"function_call",),
            _event,
            _whole,
            lambda answering: bool(answering.freeform),
            long=True,
            deltas=True,
        )
    },
)
