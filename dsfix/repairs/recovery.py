"""What is tried when the upstream refuses a history all the same.

The refusal is partly not deterministic (a request sent again unchanged passed, 2026-09-11;
aaif-goose/goose#10012), so the same bytes come first, once for each request; then placeholders
for reasoning of another origin, then for every turn, and thinking is turned off only as the
last resort. The step that worked is where the conversation goes on.
"""

from __future__ import annotations

import math
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
# The text gives both numbers (evalstate/fast-agent#621, 2026-01-19). Python reads none of
# thousands of digits.
_TOO_LONG = re.compile(
    rb"maximum context length is (\d{1,15}) tokens\D+requested (\d{1,15}) tokens"
    rb"(?: \((\d{1,15}) in the messages)?"
)
# A little more than the numbers say, so that the next request fits as well.
_MORE = 1.15
# An OFF conversation thinks again after so many exchanges, with placeholders.
RETRY_AFTER = 10


def is_refusal(status: int, data: bytes) -> bool:
    """Whether an answer refuses the history for reasoning that it lacks."""
    return status >= 400 and _REFUSAL.search(data.replace(b'\\"', b'"')) is not None


def too_long_by(status: int, data: bytes, size: int) -> int:
    """Bytes by which a request of this size is too long, by the upstream's own count; 0 if not."""
    found = _TOO_LONG.search(data) if status >= 400 else None
    if found is None:
        return 0
    limit, asked = int(found[1]), int(found[2])
    return math.ceil((asked - limit) * size / max(int(found[3] or asked), 1) * _MORE)


def steps_after(step: Step) -> tuple[Step, ...]:
    """What is left to try after a request at this step was refused: the same bytes come first."""
    return (Step.RESEND, *(later for later in Step if later > max(step, Step.RESEND)))
