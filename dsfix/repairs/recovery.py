"""What is tried when the upstream refuses a history all the same.

The refusal is partly not deterministic (a request sent again unchanged passed, 2026-09-11;
aaif-goose/goose#10012), so the same bytes come first, once for each request; then placeholders
for reasoning of another origin, then for every turn, and thinking is turned off only as the
last resort. The step that worked is where the conversation goes on.
"""

from __future__ import annotations

import re

from dsfix.repairs.base import Step

# https://api-docs.deepseek.com/guides/thinking_mode; a relay may wrap the text or append to it
# (Adnify#193). The last two are the wordings of V3.2 and of Anthropic-shaped relays.
_REFUSAL = re.compile(
    rb"must be passed back"
    rb"|Missing (?:`reasoning_content` field|thinking block) in the assistant message"
    rb"|thinking is enabled but reasoning_content is missing"
    rb"|Expected `?thinking`? or `?redacted_thinking`?",
    re.IGNORECASE,
)
# An OFF conversation thinks again after so many exchanges, with placeholders.
RETRY_AFTER = 10


def is_refusal(status: int, data: bytes) -> bool:
    """Whether an answer refuses the history for reasoning that it lacks."""
    return status >= 400 and _REFUSAL.search(data.replace(b'\\"', b'"')) is not None


def steps_after(step: Step) -> tuple[Step, ...]:
    """What is left to try after a request at this step was refused: the same bytes come first."""
    return (Step.RESEND, *(later for later in Step if later > max(step, Step.RESEND)))
