"""No effort where thinking is disabled.

"thinking options type cannot be disabled when reasoning_effort is set": Claude Code's
sub-agents since 2.1.166 send both (anthropics/claude-code#65863, deepseek-ai/DeepSeek-V3#1397),
on Chat lobehub/lobehub#14173.
"""

from __future__ import annotations

from dsfix.protocol import spans
from dsfix.protocol.body import Body
from dsfix.repairs.base import BOTH, Context, Repair
from dsfix.repairs.thinking_mode import is_disabled


def without_effort(body: Body, context: Context) -> Body:
    """The body less every effort, where it disables thinking."""
    if not is_disabled(body):
        return body
    result = body.without("reasoning_effort")
    config = spans.members(result.members.get("output_config", b"null"))
    if config and "effort" in config:
        rest = {key: raw for key, raw in config.items() if key != "effort"}
        result = (
            result.having("output_config", spans.build_object(rest))
            if rest
            else result.without("output_config")
        )
    if result is not body:
        context.note(EFFORT.name, "effort taken out, thinking is disabled")
    return result


EFFORT = Repair(
    "effort",
    "Takes the effort out of requests that disable thinking",
    BOTH,
    request=without_effort,
)
