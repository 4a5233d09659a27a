"""Tools that stand in the input are put where the upstream looks for them.

For its vendor's newer models Codex sends no `tools`, but an item `additional_tools` (0.169.0 with
`-m gpt-5.6-sol`, measured 2026-11-21). DeepSeek takes the request and ignores the item, so the
model says that it has no tools, or writes its calls as text (Wei-Shaw/sub2api#7285, 2026-09-17).
Of two declarations under one name the later counts.
"""

from __future__ import annotations

from dsfix.protocol import spans
from dsfix.protocol.body import Body, Dialect
from dsfix.protocol.offered import identity
from dsfix.protocol.turns import Look
from dsfix.repairs.base import Context, Repair
from dsfix.repairs.unchanged import each

_ITEM = b'"additional_tools"'


def with_tools_in_their_place(body: Body, context: Context) -> Body:
    """The body with its tools in `tools`."""
    history = context.history_of(body)
    named = each(context, ADDITIONAL_TOOLS.name, history, _may_declare)
    if True not in named:
        return body
    declared = [
        _declared(raw) if may else None for raw, may in zip(body.messages, named, strict=True)
    ]
    moved = [tool for tools in declared for tool in tools or ()]
    if not moved:
        return body
    tools = {
        identity(tool): tool
        for tool in [*(spans.items(body.members.get("tools", b"[]")) or []), *moved]
    }
    rest = [raw for raw, found in zip(body.messages, declared, strict=True) if not found]
    context.note(ADDITIONAL_TOOLS.name, "tools moved out of the input", len(moved))
    return body.saying(rest).having("tools", spans.build_array(tools.values()))


def _may_declare(look: Look) -> bool:
    """Whether an item, which is nobody's, may declare tools."""
    return not look.role and _ITEM in look.raw


def _declared(raw: bytes) -> list[bytes] | None:
    """The tools that an item declares."""
    item = spans.members(raw) or {}
    if spans.value(item.get("type")) != "additional_tools":
        return None
    return spans.items(item.get("tools", b"[]"))


ADDITIONAL_TOOLS = Repair(
    "additional-tools",
    "Puts tools that Codex declares inside the input where the upstream reads them",
    frozenset({Dialect.RESPONSES}),
    request=with_tools_in_their_place,
)
