"""Refusals that come last: the size of the conversation, what is in it, and the money."""

from __future__ import annotations

from dsfix.simulator.rules.base import Refusal, Request
from dsfix.simulator.rules.refusals import error_body, meaning
from dsfix.simulator.rules.sampling import budget
from dsfix.simulator.rules.tokens import prompt_of, tokens


def check_context(request: Request) -> Refusal | None:
    """Prompt and answer fit the model's context; both numbers are in the text."""
    prompt = tokens(prompt_of(request.body))
    answer = budget(request.body, request.dialect) or 0
    limit = request.policy.context
    if prompt + answer <= limit:
        return None
    return meaning(
        f"This model's maximum context length is {limit} tokens. However, you requested "
        f"{prompt + answer} tokens ({prompt} in the messages, {answer} in the completion). "
        "Please reduce the length of the messages or completion."
    )


def check_moderation(request: Request) -> Refusal | None:
    """A prompt about what may not be talked of."""
    text = request.policy.forbidden
    if text and text.encode("utf-8", "replace") in prompt_of(request.body):
        return meaning("Content Exists Risk")
    return None


def check_balance(request: Request) -> Refusal | None:
    """An account without money answers nothing."""
    if request.policy.balance:
        return None
    body = error_body("Insufficient Balance", kind="unknown_error")
    return Refusal(402, "application/json", body)
