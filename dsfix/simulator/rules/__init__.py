"""What DeepSeek refuses, as data: one `Rule` per refusal, in the order of the server's checks.

The order follows from which text wins when a body has several faults; it is inferred, not
documented. Nothing here imports anything of dsfix but its errors.
"""

from __future__ import annotations

from collections.abc import Mapping

from dsfix.simulator.rules.account import check_balance, check_context, check_moderation
from dsfix.simulator.rules.base import BOTH, EVERY, STRICTEST, Policy, Refusal, Request, Rule
from dsfix.simulator.rules.blocks import check_blocks
from dsfix.simulator.rules.claims import check_plain_reasoning, check_signatures
from dsfix.simulator.rules.grouping import check_input, check_items, check_split
from dsfix.simulator.rules.images import check_images
from dsfix.simulator.rules.ledger import Ledger
from dsfix.simulator.rules.pairing import (
    check_chat_content,
    check_chat_pairing,
    check_messages_pairing,
)
from dsfix.simulator.rules.sampling import (
    check_format,
    check_logprobs,
    check_max_tokens,
    check_n,
    check_penalties,
    check_stop,
    check_stream_options,
    check_temperature,
    check_top_p,
)
from dsfix.simulator.rules.shape import check_shape
from dsfix.simulator.rules.thinking import (
    check_effort,
    check_flaky,
    check_pass_back,
    check_verify,
)
from dsfix.simulator.rules.tools import (
    check_custom_tools,
    check_tool_choice,
    check_tool_count,
    check_tool_members,
    check_tool_names,
    check_tool_schemas,
    check_tool_types,
)
from dsfix.simulator.rules.transport import (
    check_content_type,
    check_json,
    check_key,
    check_route,
    decode,
    dialect_of,
    key_of,
)
from dsfix.simulator.rules.values import check_model, check_user_id
from dsfix.simulator.rules.wire import Dialect

_CDA = "chatdeepai/deepseek-api-reproducible-tests"
_CHAT: tuple[Dialect, ...] = ("chat",)
_MESSAGES: tuple[Dialect, ...] = ("messages",)
_RESPONSES: tuple[Dialect, ...] = ("responses",)
_OPENAI: tuple[Dialect, ...] = (*_CHAT, *_RESPONSES)
_CUSTOM = "822807097/codex-router#1"
_FIT = "l1i1/new-api"
_LIMITS = "https://api-docs.deepseek.com/api/create-chat-completion"
_RECIPE = "deepseek-ai/deepseek-recipe"

RULES: tuple[Rule, ...] = (
    Rule("key", EVERY, _CDA, "2026-07-27", check_key, everywhere=True),
    Rule("route", EVERY, _CDA, "2026-07-27", check_route, everywhere=True),
    Rule("content-type", EVERY, _CDA, "2026-07-27", check_content_type),
    Rule("json", EVERY, "esengine/DeepSeek-Reasonix#1906", "2026-05-26", check_json),
    Rule("shape", EVERY, "decolua/9router#773", "2026-05-02", check_shape),
    Rule("model", EVERY, "ooboqoo/interview-coder-cn#87", "2026-09-20", check_model),
    Rule("n", _CHAT, "ThankCat/unio-api", "2026-06-01", check_n),
    Rule("penalties", _CHAT, _FIT, "2026-09-01", check_penalties),
    Rule("max-tokens", EVERY, "tinkerindustries/agent-harness", "2026-09-10", check_max_tokens),
    Rule("temperature", EVERY, _CDA, "2026-07-27", check_temperature),
    Rule("top-p", EVERY, "chatboxai/chatbox#2483", "2025-07-18", check_top_p),
    Rule("stop", BOTH, _FIT, "2026-09-01", check_stop),
    Rule("logprobs", _CHAT, _FIT, "2026-08-27", check_logprobs),
    Rule("stream-options", _CHAT, "BerriAI/litellm#40068", "2026-09-06", check_stream_options),
    Rule("user-id", EVERY, "deepseek-ai/DeepSeek-V3#1277", "2026-05-06", check_user_id),
    Rule("tool-count", _CHAT, _LIMITS, "2026-08", check_tool_count),
    Rule("tool-types", _MESSAGES, _RECIPE, "2026-09", check_tool_types),
    Rule("tool-names", EVERY, "zed-industries/zed#57531", "2026-05-22", check_tool_names),
    Rule("custom-tools", _RESPONSES, _CUSTOM, "2026-09-11", check_custom_tools),
    Rule("tool-schemas", EVERY, "Kilo-Org/kilocode#12237", "2026-07-15", check_tool_schemas),
    Rule("tool-members", EVERY, "farion1231/cc-switch#7236", "2026-09-09", check_tool_members),
    Rule("effort", BOTH, "deepseek-ai/awesome-deepseek-agent#193", "2026-06-08", check_effort),
    Rule("tool-choice", EVERY, "deepseek-ai/DeepSeek-V3#1376", "2026-08-21", check_tool_choice),
    Rule("images", EVERY, _FIT, "2026-09-01", check_images),
    Rule("content", _CHAT, "cline/cline#10501", "2026-05-01", check_chat_content),
    Rule("blocks", _MESSAGES, "anomalyco/opencode#38654", "2026-07-24", check_blocks),
    Rule("pairing", _MESSAGES, "decolua/9router#2338", "2026-07-03", check_messages_pairing),
    Rule("pairing", _CHAT, "TurixAI/TuriX-CUA#15", "2026-03-03", check_chat_pairing),
    Rule("input", _RESPONSES, _RECIPE, "2026-09", check_input),
    Rule("pairing", _RESPONSES, "deepseek-ai/DeepSeek-V3#1588", "2026-08-17", check_items),
    Rule("format", _OPENAI, "Canner/WrenAI#1581", "2025-04-21", check_format),
    Rule("grouping", _RESPONSES, "lidge-jun/opencodex#1534", "2026-08-12", check_split),
    Rule("pass-back", EVERY, "Gitlawb/openclaude#878", "2026-04-24", check_pass_back),
    Rule("signatures", _MESSAGES, "NousResearch/hermes-agent#16149", "2026-04", check_signatures),
    Rule(
        "plain-reasoning",
        EVERY,
        "SeraphimSerapis/tool-eval-bench#71",
        "2026-08-17",
        check_plain_reasoning,
    ),
    Rule("verify", EVERY, "simulator only", "", check_verify),
    Rule("context", EVERY, "evalstate/fast-agent#621", "2026-01-19", check_context),
    Rule("moderation", EVERY, "whiteguo233/OpenBiliClaw#199", "2026-08-19", check_moderation),
    Rule("balance", EVERY, "Aider-AI/aider#4851", "2026-02-19", check_balance),
    Rule("flaky", EVERY, "aaif-goose/goose#10012", "2026-06-25", check_flaky),
)


def read(
    method: str,
    path: str,
    headers: Mapping[str, str],
    raw: bytes,
    *,
    policy: Policy,
    ledger: Ledger,
) -> Request:
    """A request as the rules see it; nothing in it is checked yet."""
    dialect = dialect_of(path)
    value, fault = decode(raw) if dialect else (None, "")
    return Request(
        method=method,
        path=path,
        headers=headers,
        raw=raw,
        dialect=dialect,
        policy=policy,
        ledger=ledger,
        key=key_of(headers) or "",
        fault=fault,
        value=value,
        body=value if isinstance(value, dict) else {},
    )


def refusal(request: Request) -> tuple[Rule, Refusal] | None:
    """The first rule that refuses a request, with what it answers."""
    for rule in RULES:
        if rule.everywhere or request.dialect in rule.dialects:
            refused = rule.check(request)
            if refused is not None:
                return rule, refused
    return None


__all__ = [
    "RULES",
    "STRICTEST",
    "Ledger",
    "Policy",
    "Refusal",
    "Request",
    "Rule",
    "read",
    "refusal",
]
