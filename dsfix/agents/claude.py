"""Claude Code: everything through the environment, nothing of the user's is written.

CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST makes Claude Code drop URL, key and model variables from
every settings file, which would otherwise win over the environment and lead past the endpoint
(https://code.claude.com/docs/en/env-vars; measured with 2.1.197, 2026-11-21). The model names
in those files go with them, so they are read here and set again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from dsfix.agents.base import Agent, Request, Wiring
from dsfix.agents.claude_settings import Settings, settings
from dsfix.agents.environ import direct, option, switched_on
from dsfix.protocol.body import Dialect
from dsfix.upstreams.base import Upstream

_MAIN = (
    "ANTHROPIC_MODEL",
    "ANTHROPIC_DEFAULT_OPUS_MODEL",
    "ANTHROPIC_DEFAULT_SONNET_MODEL",
    "ANTHROPIC_DEFAULT_FABLE_MODEL",
)
_SMALL = ("ANTHROPIC_DEFAULT_HAIKU_MODEL", "CLAUDE_CODE_SUBAGENT_MODEL")
# Deprecated, but beats the haiku variable where it is set: kept, never introduced.
_SMALL_FAST = "ANTHROPIC_SMALL_FAST_MODEL"

# Preferences, not wiring: each yields to the user's own value, and to the setting named.
_PREFERENCES: Mapping[str, str] = {
    # the volatile first system block voids the prefix cache: ollama/ollama#14918
    "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
    # so does a line that counts tokens down after each tool result: ollama/ollama#17918
    "CLAUDE_CODE_TOTAL_TOKENS_REMINDER": "off",
    # the managed flag switches telemetry back on for other providers (read in 2.1.197)
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
}
# Tools that are loaded when they are looked for are the API's own to put behind the messages. Any
# other upstream has them in front, so each search voids the prefix cache (2.1.330 does that behind
# any URL, measured 2026-11-22; decolua/9router#3889, 2026-09-08).
# So is the judgement of tool calls in auto mode. Elsewhere Claude Code asks for that in vain, holds
# a session's first call for a notice of it, and asks the model by itself from then on; with this it
# does so at once (2.1.330, measured 2026-11-24; zai-org/feedback#785, 2026-09-22).
_ELSEWHERE = {"ENABLE_TOOL_SEARCH": "false", "CLAUDE_CODE_AUTO_MODE_SERVER": "0"}
_SETTING_OF: Mapping[str, str] = {
    "CLAUDE_CODE_EFFORT_LEVEL": "effortLevel",
    "CLAUDE_CODE_AUTO_COMPACT_WINDOW": "autoCompactWindow",
    "CLAUDE_CODE_TOTAL_TOKENS_REMINDER": "totalTokensReminder",
}
_OPTION_OF: Mapping[str, str] = {"CLAUDE_CODE_EFFORT_LEVEL": "--effort"}

# Inherited variables that lead past the endpoint or bring another credential. Claude Code
# itself drops the last three for a process that is to stand alone, and does not save an
# interactive session that bears the last one (read in 2.1.197).
_UNSET = frozenset(
    (
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_UNIX_SOCKET",
        "ANTHROPIC_PROFILE",
        "ANTHROPIC_FEDERATION_RULE_ID",
        "ANTHROPIC_IDENTITY_TOKEN",
        "ANTHROPIC_IDENTITY_TOKEN_FILE",
        "ANTHROPIC_BEDROCK_BASE_URL",
        "ANTHROPIC_VERTEX_BASE_URL",
        "ANTHROPIC_FOUNDRY_BASE_URL",
        "ANTHROPIC_AWS_BASE_URL",
        "ANTHROPIC_BEDROCK_MANTLE_BASE_URL",
        "CLAUDE_CODE_API_BASE_URL",
        "ANTHROPIC_FOUNDRY_API_KEY",
        "ANTHROPIC_AWS_API_KEY",
        "ANTHROPIC_BEDROCK_MANTLE_API_KEY",
        "_CLAUDE_CODE_ASSUME_FIRST_PARTY_BASE_URL",
        "CLAUDE_CODE_OAUTH_TOKEN",
        "CLAUDE_CODE_OAUTH_REFRESH_TOKEN",
        "CLAUDE_CODE_OAUTH_TOKEN_FILE_DESCRIPTOR",
        "CLAUDE_CODE_API_KEY_FILE_DESCRIPTOR",
        "CLAUDE_CODE_SESSION_ACCESS_TOKEN",
        "CLAUDE_CODE_HOST_AUTH_ENV_VAR",
        "CLAUDE_CODE_SDK_HAS_HOST_AUTH_REFRESH",
        "CLAUDE_CODE_HOST_AUTH_REFRESH_TIMEOUT_MS",
        "CLAUDECODE",
        "CLAUDE_CODE_SESSION_ID",
        "CLAUDE_CODE_CHILD_SESSION",
    )
)
_PROVIDER = "CLAUDE_CODE_USE_"
_NOT_A_PROVIDER = frozenset(
    ["CLAUDE_CODE_USE_POWERSHELL_TOOL", "CLAUDE_CODE_USE_NATIVE_FILE_SEARCH"]
)
# What a settings file can still set in spite of the managed flag (measured with 2.1.197: no
# request reaches the endpoint then). Nothing but the user can take it out.
_SOCKET = "ANTHROPIC_UNIX_SOCKET"
_LONG_CONTEXT = 1_000_000


def wire(request: Request) -> Wiring:
    """Endpoint, models and preferences as variables; the settings files stay as they are."""
    found = settings(request.host, request.args)
    models = _models(request, found)
    env = {
        "CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST": "1",
        "ANTHROPIC_BASE_URL": request.endpoint.messages,
        "ANTHROPIC_AUTH_TOKEN": request.endpoint.token,
        **models,
        **_preferences(request, found, models),
        **direct(request.host.environ),
    }
    known = [name for name in map(_plain, models.values()) if request.upstream.knows(name)]
    return Wiring(
        env=env,
        unset=tuple(
            sorted(name for name in request.host.environ if name in _UNSET or _picks(name))
        ),
        models=tuple(dict.fromkeys(known)),
        thinking_off=_thinking_off(request, found),
        bypass=_bypass(found),
    )


def _models(request: Request, found: Settings) -> dict[str, str]:
    """Model variables: dsfix's own option, else the user's choice, else the vendor's guide.

    A `model` in the settings is a choice too, but ANTHROPIC_MODEL would beat it.
    """
    upstream = request.upstream
    own = {**request.host.environ, **found.env}
    env = {name: own[name] for name in found.env if name.startswith("ANTHROPIC_DEFAULT_")}
    if own.get(_SMALL_FAST):
        env[_SMALL_FAST] = request.small_model or own[_SMALL_FAST]
    for name in _MAIN:
        chosen = _long(upstream, request.model) or own.get(name)
        env[name] = chosen or _long(upstream, upstream.main)
    for name in _SMALL:
        env[name] = request.small_model or own.get(name) or upstream.small
    if found.values.get("model") and not (request.model or own.get("ANTHROPIC_MODEL")):
        del env["ANTHROPIC_MODEL"]
    return env


def _long(upstream: Upstream, model: str) -> str:
    """The name with `[1m]` where the model has that context: 2.1.197 assumes 200K otherwise.

    https://api-docs.deepseek.com/quick_start/agent_integrations/claude_code; the suffix does
    not reach the wire (measured with 2.1.197, 2026-11-21).
    """
    known = any(known.id == model and known.context >= _LONG_CONTEXT for known in upstream.models)
    return f"{model}[1m]" if known else model


def _plain(model: str) -> str:
    return model[:-4] if model.lower().endswith("[1m]") else model


def _window(request: Request, models: Mapping[str, str]) -> dict[str, str]:
    """The smallest context of the models that are named without `[1m]`, as far as they are known.

    Of such a name 2.1.197 assumes 200K, and 2.1.330 1M, so that it would never compact in time;
    what bears the suffix has 1M all the same (measured 2026-11-22).
    """
    names = (*models.values(), option(request.args, "--model") or "")
    known = [found.context for name in names if (found := request.upstream.model(name))]
    return {"CLAUDE_CODE_MAX_CONTEXT_TOKENS": str(min(known))} if known else {}


def _preferences(request: Request, found: Settings, models: Mapping[str, str]) -> dict[str, str]:
    """Our defaults and the vendor's, without those for which the user has chosen."""
    upstream = request.upstream
    defaults = {
        **_PREFERENCES,
        **({} if upstream.signs else _ELSEWHERE),
        **_window(request, models),
        **upstream.agent_env.get("claude", {}),
    }
    return {
        name: value
        for name, value in defaults.items()
        if name not in request.host.environ
        and name not in found.env
        and _SETTING_OF.get(name) not in found.values
        and (name not in _OPTION_OF or option(request.args, _OPTION_OF[name]) is None)
    }


def _picks(name: str) -> bool:
    """Whether a variable picks another provider, one that is not known yet included."""
    return name.startswith(_PROVIDER) and name not in _NOT_A_PROVIDER


def _thinking_off(request: Request, found: Settings) -> bool:
    """Whether the user switched thinking off: Claude Code then omits the field, no more.

    CLAUDE_CODE_DISABLE_THINKING beats --thinking, which beats MAX_THINKING_TOKENS, its option
    and the setting, in this order (measured with 2.1.197, 2026-11-21).
    """
    own = {**request.host.environ, **found.env}
    if switched_on(own.get("CLAUDE_CODE_DISABLE_THINKING", "")):
        return True
    mode = option(request.args, "--thinking")
    if mode is not None:
        return mode == "disabled"
    budget = own.get("MAX_THINKING_TOKENS") or option(request.args, "--max-thinking-tokens")
    if budget:
        digits = re.match(r"\s*\+?0*([1-9])", budget)  # a text that is no number means zero
        return digits is None
    return found.values.get("alwaysThinkingEnabled") is False


def _bypass(found: Settings) -> tuple[str, ...]:
    """Settings that would lead elsewhere, by file: what to look at when nothing arrives."""
    hints = []
    for label, values in found.files:
        env = values.get("env")
        for name in env if isinstance(env, Mapping) else ():
            if name.upper().endswith("_BASE_URL") or name.upper() == _SOCKET or _picks(name):
                hints.append(f"{label}: {name}")
    return tuple(hints)


CLAUDE = Agent(
    name="claude",
    title="Claude Code",
    commands=("claude",),
    wire=wire,
    dialects=(Dialect.MESSAGES,),
    packages=("@anthropic-ai/claude-code",),
    install="npm install -g @anthropic-ai/claude-code",
    homepage="https://code.claude.com/docs",
    verified="2.1.197 to 2.1.330",
)
