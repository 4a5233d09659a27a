"""The deserialiser: required members, roles, block types, enums.

Texts are serde's; chatdeepai/deepseek-api-reproducible-tests (2026-07-27) and l1i1/new-api
(live 2026-08-27 to 2026-09-02) have the bytes of several, the others are named where they are
checked. Faults are generated lazily, in the order of the body, and only the first is reported.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dsfix.simulator.rules.base import Policy, Refusal, Request
from dsfix.simulator.rules.chat_shape import chat_faults
from dsfix.simulator.rules.item_shape import item_faults
from dsfix.simulator.rules.message_shape import message_faults
from dsfix.simulator.rules.refusals import form, kind_of, unknown_variant

THINKING = ("adaptive", "enabled", "disabled")
# The live server's on Chat; on Messages a longer list was seen (STRML/cc-ds4, 2026-08-02).
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
EFFORTS_ON_MESSAGES = (*EFFORTS[:-1], "ultra", "max")

# A fault is a text and the token behind which it was noticed.
Fault = tuple[str, str]


def check_shape(request: Request) -> Refusal | None:
    """The first thing in the body that does not fit the target type."""
    fault = next(_faults(request), None)
    return form(fault[0], request.raw, fault[1]) if fault else None


def _faults(request: Request) -> Iterator[Fault]:
    body = request.value
    if not isinstance(body, dict):
        yield f"invalid type: {kind_of(body)}, expected struct Request", ""
        return
    if request.dialect == "responses":
        yield from item_faults(body)
        return
    for name in ("messages", "model"):
        if name not in body:
            yield f"missing field `{name}`", ""
    if not isinstance(body.get("tools") or [], list):
        yield f"tools: invalid type: {kind_of(body['tools'])}, expected a sequence", '"tools":'
    if not isinstance(body["model"], str):
        yield f"model: invalid type: {kind_of(body['model'])}, expected a string", '"model":'
    if not isinstance(body["messages"], list):
        kind = kind_of(body["messages"])
        yield f"messages: invalid type: {kind}, expected a sequence", '"messages":'
    if request.dialect == "chat":
        yield from chat_faults(body, request.policy)
        yield from _effort(body.get("reasoning_effort"), "reasoning_effort", EFFORTS)
    else:
        yield from message_faults(body, request.policy)
        config = body.get("output_config")
        effort = config.get("effort") if isinstance(config, dict) else None
        yield from _effort(effort, "output_config.effort", EFFORTS_ON_MESSAGES)
    yield from _thinking(body, request.policy, request.dialect == "messages")


def _thinking(body: Mapping[str, Any], policy: Policy, messages: bool) -> Iterator[Fault]:
    """lobehub/lobehub#14173: `auto` is not a variant; SuperJJ007/CSSwitch#72: on Messages it is."""
    setting = body.get("thinking")
    if setting is None:
        return
    kinds = (*THINKING, "auto") if policy.auto_thinking and messages else THINKING
    if not isinstance(setting, dict):
        kind = kind_of(setting)
        yield f"thinking: invalid type: {kind}, expected struct ThinkingOptions", '"thinking":'
    elif "type" not in setting:
        yield "thinking: missing field `type`", ""
    elif setting["type"] not in kinds:
        kind = setting["type"]
        yield f"thinking.type: {unknown_variant(kind, THINKING)}", json.dumps(kind)


def _effort(effort: Any, path: str, known: tuple[str, ...]) -> Iterator[Fault]:
    if effort is not None and effort not in known:
        yield f"{path}: {unknown_variant(effort, known)}", json.dumps(effort)
