"""Refusals of names: models and user ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dsfix.simulator.rules.base import Policy, Refusal, Request
from dsfix.simulator.rules.refusals import meaning
from dsfix.simulator.rules.wire import Dialect

PRO, FLASH = "deepseek-v4-pro", "deepseek-flash"
MODELS = (FLASH, PRO)
VISION = "deepseek-v4-flash-vision-exp"
PATTERN = "^[a-zA-Z0-9_-]+$"
_ALIASES: Mapping[str, str] = {"deepseek-v4-flash": FLASH, VISION: FLASH}
_RETIRED = ("deepseek-chat", "deepseek-reasoner")


def served_model(name: str, dialect: Dialect, policy: Policy) -> str | None:
    """The model that answers under a name; None if there is none.

    Names of Claude are mapped and `[1m]` is stripped on /anthropic only: STRML/cc-ds4, live
    2026-08-02; https://api-docs.deepseek.com/guides/anthropic_api.
    """
    model = _model(name, dialect, policy)
    return FLASH if model == PRO and policy.pro_as_flash else model


def _model(name: str, dialect: Dialect, policy: Policy) -> str | None:
    if dialect == "messages":
        name = name.removesuffix("[1m]")
        if name.startswith("claude-opus"):
            return PRO
        if name.startswith("claude-"):
            return FLASH
    if name in _RETIRED and policy.names != "current":
        return FLASH
    name = _ALIASES.get(name, name)
    if name in MODELS:
        return name
    return FLASH if policy.names == "any" and dialect == "messages" else None


def check_model(request: Request) -> Refusal | None:
    """A name that is not served is refused with the list of those that are."""
    name = request.body.get("model")
    if request.dialect and served_model(str(name), request.dialect, request.policy):
        return None
    return meaning(f"The supported API model names are {', '.join(MODELS)}, but you passed {name}.")


def user_id(body: Mapping[str, Any], dialect: Dialect | None) -> str:
    """The user id of a request, empty if absent; the cache is partitioned by it."""
    holder = body.get("metadata") if dialect == "messages" else body
    name = "user" if dialect == "responses" else "user_id"
    given = holder.get(name) if isinstance(holder, dict) else None
    return given if isinstance(given, str) else ""


def check_user_id(request: Request) -> Refusal | None:
    """A user id is short and, in May 2026 and by the reference, of a narrow charset."""
    given = user_id(request.body, request.dialect)
    name = "user" if request.dialect == "responses" else "user_id"
    if len(given) > 512:
        return meaning(too_long(name, 512, len(given)))
    if given and request.policy.check_user_id and not re.fullmatch(PATTERN, given):
        return meaning(no_match(name))
    return None


def no_match(where: str) -> str:
    """The text about a name of other letters."""
    return (
        f"Invalid '{where}': string does not match pattern. "
        f"Expected a string that matches the pattern '{PATTERN}'."
    )


def too_long(where: str, limit: int, length: int) -> str:
    """The text about a name of too many letters."""
    return (
        f"Invalid '{where}': string too long. Expected a string with maximum length {limit}, "
        f"but got a string with length {length} instead"
    )
