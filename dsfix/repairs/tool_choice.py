"""A tool that must be called cannot be forced while the model thinks.

"Thinking mode does not support this tool_choice" (deepseek-ai/DeepSeek-V3#1376): `tool`, `any`,
`required` and a named tool; with thinking disabled forcing works. So thinking is turned off for
that one request, which keeps the forcing (Claude Code's WebSearch, classifiers). Who would rather
have the model think sets `tool-choice` to `auto`: then the choice is the model's.
"""

from __future__ import annotations

from dsfix.protocol.body import Body, Dialect
from dsfix.repairs.base import ALL, Context, Repair
from dsfix.repairs.thinking_mode import disabled, is_disabled


def with_possible_choice(body: Body, context: Context) -> Body:
    """The body with thinking off, or the choice left to the model, where a tool is forced."""
    if "tool_choice" not in body.members or is_disabled(body) or not _forced(body):
        return body
    if context.rules.tool_choice == "auto":
        context.note(TOOL_CHOICE.name, "forced tool choice left to the model")
        auto = b'{"type":"auto"}' if body.dialect is Dialect.MESSAGES else b'"auto"'
        return body.having("tool_choice", auto)
    context.note(TOOL_CHOICE.name, "thinking turned off for a forced tool choice")
    return disabled(body)


def _forced(body: Body) -> bool:
    choice = body.get("tool_choice")
    if not isinstance(choice, dict):
        return bool(choice == "required")
    kind = str(choice.get("type"))
    if body.dialect is Dialect.MESSAGES:
        return kind in ("tool", "any")
    return kind not in ("auto", "none")


TOOL_CHOICE = Repair(
    "tool-choice",
    "Turns thinking off for requests that force a tool, or leaves the choice to the model",
    ALL,
    request=with_possible_choice,
)
