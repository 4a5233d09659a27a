"""Refusals that come last: the size of the conversation and the money on the account."""

from __future__ import annotations

from dsfix.simulator.rules.base import Refusal, Request
from dsfix.simulator.rules.refusals import error_body, meaning
from dsfix.simulator.rules.tokens import prompt_of, tokens
from dsfix.simulator.rules.values import budget


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


def check_balance(request: Request) -> Refusal | None:
    """An account without money answers nothing."""
    if request.policy.balance:
        return None
    body = error_body("Insufficient Balance", kind="unknown_error")
    return Refusal(402, "application/json", body)
