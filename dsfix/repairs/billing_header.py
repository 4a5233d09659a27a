"""The volatile billing block at the head of Claude Code's system prompt is taken out.

`x-anthropic-billing-header: cc_version=...;` differs from conversation to conversation and
stands at the very first bytes of the prompt, so no prefix of it is ever cached
(anthropics/claude-code#68900, #40652; 1rgs/claude-code-proxy#99). CLAUDE_CODE_ATTRIBUTION_HEADER=0
keeps it out at the source; this is for the agents that are started otherwise.
"""

from __future__ import annotations

from dsfix.protocol import spans
from dsfix.protocol.body import Body
from dsfix.repairs.base import MESSAGES, Context, Repair

_MARK = "x-anthropic-billing-header:"


def without_billing_header(body: Body, context: Context) -> Body:
    """The body less every leading system block that starts with the header."""
    system = body.members.get("system", b"")
    if _MARK.encode() not in system[:400]:
        return body
    blocks = spans.items(system)
    if blocks is None:
        text = spans.value(system)
        if not (isinstance(text, str) and text.startswith(_MARK)):
            return body
        rest = text.partition("\n")[2]
        changed = body.having("system", spans.encode(rest)) if rest else body.without("system")
    else:
        kept = _after_header(blocks)
        if len(kept) == len(blocks):
            return body
        changed = body.having("system", spans.build_array(kept)) if kept else body.without("system")
    context.note(BILLING_HEADER.name, "volatile billing block taken out")
    return changed


def _after_header(blocks: list[bytes]) -> list[bytes]:
    for place, raw in enumerate(blocks):
        block = spans.value(raw)
        if not (isinstance(block, dict) and str(block.get("text", "")).startswith(_MARK)):
            return blocks[place:]
    return []


BILLING_HEADER = Repair(
    "billing-header",
    "Takes out the volatile billing block that voids the prompt cache",
    MESSAGES,
    request=without_billing_header,
)
