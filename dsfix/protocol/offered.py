"""Which tools a request offers, by the names that it gives them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dsfix.protocol import spans
from dsfix.protocol.body import Body, Dialect

# A tool of another type is run by the server, or takes something else than arguments.
_PLAIN = {
    Dialect.MESSAGES: (None, "custom"),
    Dialect.CHAT: ("function",),
    Dialect.RESPONSES: ("function",),
}


def names(dialect: Dialect, pieces: Iterable[bytes]) -> frozenset[str]:
    """The functions that the model may call and the agent runs; none where it may call none.

    `pieces` are those of a request.
    """
    body = Body.read(dialect, b"".join(pieces))
    if body is None or body.get("tool_choice") in ("none", {"type": "none"}):
        return frozenset()
    tools = body.get("tools")
    found = (_name(dialect, tool) for tool in (tools if isinstance(tools, list) else ()))
    return frozenset(name for name in found if isinstance(name, str))


def identity(tool: bytes) -> tuple[bytes | None, ...]:
    """What makes a raw tool the same as another: its type and its name, or else all of it."""
    given = spans.members(tool)
    return (given.get("type"), given.get("name", tool)) if given else (tool,)


def _name(dialect: Dialect, tool: Any) -> Any:
    if not isinstance(tool, dict) or tool.get("type") not in _PLAIN[dialect]:
        return None
    function = tool.get("function") if dialect is Dialect.CHAT else tool
    return function.get("name") if isinstance(function, dict) else None
