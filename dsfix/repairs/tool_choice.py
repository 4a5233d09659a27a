"""A tool that must be called cannot be forced while the model thinks.

"Thinking mode does not support this tool_choice" (deepseek-ai/DeepSeek-V3#1376): `tool`, `any`,
`required` and a named function; with thinking disabled forcing works. So thinking is turned off
for that one request, which keeps the forcing (Claude Code's WebSearch, classifiers).
"""

from __future__ import annotations

from dsfix.protocol.body import Body, Dialect
from dsfix.repairs.base import BOTH, Context, Repair
from dsfix.repairs.thinking_mode import disabled, is_disabled


def without_thinking_where_forced(body: Body, context: Context) -> Body:
    """The body with thinking off where its tool choice is forced."""
    if "tool_choice" not in body.members or is_disabled(body) or not _forced(body):
        return body
    context.note(TOOL_CHOICE.name, "thinking turned off for a forced tool choice")
    return disabled(body)


def _forced(body: Body) -> bool:
    choice = body.get("tool_choice")
    if body.dialect is Dialect.MESSAGES:
        return isinstance(choice, dict) and choice.get("type") in ("tool", "any")
    if isinstance(choice, dict):
        return choice.get("type") not in ("auto", "none")
    return bool(choice == "required")


TOOL_CHOICE = Repair(
    "tool-choice",
    "Turns thinking off for requests that force a tool",
    BOTH,
    request=without_thinking_where_forced,
)
