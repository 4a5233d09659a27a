"""Claude Code: arguments, environment and settings files -> the variables of its process."""

from __future__ import annotations

import json

import pytest

from dsfix.agents.claude import CLAUDE
from dsfix.upstreams.base import Model
from tests.agents.support import NO_PROXY, ROOT, TOKEN, UPSTREAM, request

USER = "~/.claude/settings.json"
PROJECT = ".claude/settings.json"
LOCAL = ".claude/settings.local.json"
PRO = "deepseek-v4-pro[1m]"
FLASH = "deepseek-v4-flash"
SIGNER = UPSTREAM._replace(signs=True)


def env_of(name):
    """Settings that set ANTHROPIC_MODEL."""
    return {"env": {"ANTHROPIC_MODEL": name}}


def test_a_plain_start():
    """Wiring, the vendor's models and effort, and what keeps the prompt cache."""
    wiring = CLAUDE.wire(request("-p", "hi"))
    assert wiring.env == {
        "CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST": "1",
        "ANTHROPIC_BASE_URL": f"{ROOT}/anthropic",
        "ANTHROPIC_AUTH_TOKEN": TOKEN,
        "ANTHROPIC_MODEL": PRO,
        "ANTHROPIC_DEFAULT_OPUS_MODEL": PRO,
        "ANTHROPIC_DEFAULT_SONNET_MODEL": PRO,
        "ANTHROPIC_DEFAULT_FABLE_MODEL": PRO,
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": FLASH,
        "CLAUDE_CODE_SUBAGENT_MODEL": FLASH,
        "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
        "CLAUDE_CODE_TOTAL_TOKENS_REMINDER": "off",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
        "ENABLE_TOOL_SEARCH": "false",
        "CLAUDE_CODE_AUTO_MODE_SERVER": "0",
        "CLAUDE_CODE_MAX_CONTEXT_TOKENS": "1048576",
        "CLAUDE_CODE_AUTO_COMPACT_WINDOW": "786432",
        "CLAUDE_CODE_EFFORT_LEVEL": "max",
        **NO_PROXY,
    }
    assert wiring.models == ("deepseek-v4-pro", "deepseek-v4-flash")
    assert (wiring.unset, wiring.args, wiring.bypass, wiring.thinking_off) == ((), (), (), False)


@pytest.mark.parametrize(
    ("args", "environ", "files", "model"),
    [
        ((), {"ANTHROPIC_MODEL": "env"}, {}, "env"),
        ((), {"ANTHROPIC_MODEL": ""}, {}, PRO),
        ((), {}, {"~/.claude.json": env_of("state")}, "state"),
        ((), {"ANTHROPIC_MODEL": "env"}, {USER: env_of("user")}, "user"),
        ((), {}, {USER: env_of("user"), PROJECT: env_of("project")}, "project"),
        ((), {}, {PROJECT: env_of("project"), LOCAL: env_of("local")}, "local"),
        (("--settings", "s.json"), {}, {LOCAL: env_of("local"), "s.json": env_of("s")}, "s"),
        (("--settings", json.dumps(env_of("flag"))), {}, {LOCAL: env_of("local")}, "flag"),
        (("--settings={}", "--settings=" + json.dumps(env_of("x"))), {}, {}, "x"),
        (("--settings", "missing.json"), {}, {LOCAL: env_of("local")}, "local"),
        (("--setting-sources", "project"), {}, {USER: env_of("user")}, PRO),
        (("--setting-sources", "user, project"), {}, {PROJECT: env_of("p")}, "p"),
        (
            (),
            {"CLAUDE_CONFIG_DIR": "/home/me/code/app/c"},
            {USER: env_of("user"), "c/settings.json": env_of("configured")},
            "configured",
        ),
        (
            ("--settings", json.dumps(env_of("flag"))),
            {},
            {"/etc/claude-code/managed-settings.json": env_of("claude-opus-4-8")},
            "claude-opus-4-8",
        ),
        ((), {}, {USER: "{broken", PROJECT: {"env": "none"}}, PRO),
    ],
)
def test_the_users_models_are_kept(args, environ, files, model):
    """Claude Code's own order decides which of the user's choices is set again."""
    wiring = CLAUDE.wire(request(*args, environ=environ, files=files))
    assert wiring.env["ANTHROPIC_MODEL"] == model


def test_a_model_setting_is_not_beaten():
    """ANTHROPIC_MODEL would win over `model` in the settings, so it is left out then."""
    files = {USER: {"model": "sonnet", "env": {"ANTHROPIC_DEFAULT_SONNET_MODEL": FLASH}}}
    env = CLAUDE.wire(request(files=files)).env
    assert "ANTHROPIC_MODEL" not in env
    assert env["ANTHROPIC_DEFAULT_SONNET_MODEL"] == FLASH
    assert CLAUDE.wire(request(files=files, model="deepseek-flash")).env["ANTHROPIC_MODEL"] == (
        "deepseek-flash[1m]"
    )


def test_dsfix_own_options_come_first():
    """--model takes every main name, --small-model every small one, the old spelling too."""
    own = {
        "ANTHROPIC_MODEL": "claude-opus-4-8",
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": "claude-haiku-4-5",
        "ANTHROPIC_SMALL_FAST_MODEL": "old",
    }
    env = CLAUDE.wire(request(files={USER: {"env": own}}, model="new", small_model=FLASH)).env
    models = {name: value for name, value in env.items() if name.endswith("_MODEL")}
    assert models == {
        "ANTHROPIC_MODEL": "new",
        "ANTHROPIC_DEFAULT_OPUS_MODEL": "new",
        "ANTHROPIC_DEFAULT_SONNET_MODEL": "new",
        "ANTHROPIC_DEFAULT_FABLE_MODEL": "new",
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": FLASH,
        "CLAUDE_CODE_SUBAGENT_MODEL": FLASH,
        "ANTHROPIC_SMALL_FAST_MODEL": FLASH,
    }


def test_names_shown_for_models_are_set_again():
    """Claude Code drops them from the settings together with the models."""
    shown = {"ANTHROPIC_DEFAULT_OPUS_MODEL_NAME": "Mine", "ANTHROPIC_SMALL_FAST_MODEL": "old"}
    env = CLAUDE.wire(request(files={USER: {"env": shown}})).env
    assert {name: env[name] for name in shown} == shown


@pytest.mark.parametrize(
    ("name", "args", "environ", "files"),
    [
        ("DISABLE_AUTOUPDATER", (), {"DISABLE_AUTOUPDATER": "0"}, {}),
        ("DISABLE_AUTOUPDATER", (), {}, {PROJECT: {"env": {"DISABLE_AUTOUPDATER": "0"}}}),
        ("CLAUDE_CODE_EFFORT_LEVEL", (), {"CLAUDE_CODE_EFFORT_LEVEL": "low"}, {}),
        ("CLAUDE_CODE_EFFORT_LEVEL", ("--effort", "low"), {}, {}),
        ("CLAUDE_CODE_EFFORT_LEVEL", ("--effort=low",), {}, {}),
        ("CLAUDE_CODE_EFFORT_LEVEL", (), {}, {USER: {"effortLevel": "low"}}),
        ("ENABLE_TOOL_SEARCH", (), {"ENABLE_TOOL_SEARCH": "auto"}, {}),
        ("ENABLE_TOOL_SEARCH", (), {}, {USER: {"env": {"ENABLE_TOOL_SEARCH": "true"}}}),
        ("CLAUDE_CODE_MAX_CONTEXT_TOKENS", (), {"CLAUDE_CODE_MAX_CONTEXT_TOKENS": "9"}, {}),
        ("CLAUDE_CODE_AUTO_COMPACT_WINDOW", (), {}, {USER: {"autoCompactWindow": 200000}}),
        ("CLAUDE_CODE_TOTAL_TOKENS_REMINDER", (), {}, {USER: {"totalTokensReminder": "fixed"}}),
    ],
)
def test_preferences_yield(name, args, environ, files):
    """What is not wiring is left out where the user has chosen, by whatever way."""
    assert name in CLAUDE.wire(request()).env
    assert name not in CLAUDE.wire(request(*args, environ=environ, files=files)).env


@pytest.mark.parametrize(
    ("args", "small", "window"),
    [
        ((), "", "300000"),
        (("--model", "large"), "large", "1048576"),
        (("--model", "tiny"), "", "200000"),
        (("--model", "tiny[1m]"), "large", "1048576"),
        ((), "unknown", None),
    ],
)
def test_the_window_of_a_model_without_suffix(args, small, window):
    """The smallest that is known, for Claude Code takes a name that it does not know for 1M."""
    contexts = {"large": 1048576, "small": 300000, "tiny": 200000}
    models = tuple(Model(name, context, 1000) for name, context in contexts.items())
    upstream = UPSTREAM._replace(models=models, main="large", small="small", agent_env={})
    env = CLAUDE.wire(request(*args, small_model=small, upstream=upstream)).env
    assert env["ANTHROPIC_MODEL"] == "large[1m]"
    assert env.get("CLAUDE_CODE_MAX_CONTEXT_TOKENS") == window


@pytest.mark.parametrize("name", ["ENABLE_TOOL_SEARCH", "CLAUDE_CODE_AUTO_MODE_SERVER"])
def test_what_anthropic_alone_does_is_asked_of_it_alone(name):
    """It puts tools that were found behind the messages, and judges calls; the user's word holds."""
    assert name in CLAUDE.wire(request()).env
    assert name not in CLAUDE.wire(request(upstream=SIGNER)).env
    assert name not in CLAUDE.wire(request(environ={name: "1"})).env


def test_inherited_variables_that_mislead_are_removed():
    """Other providers, other credentials and the marks of an outer session go; the rest stays."""
    gone = {
        "ANTHROPIC_API_KEY": "sk",
        "ANTHROPIC_UNIX_SOCKET": "/s",
        "ANTHROPIC_VERTEX_BASE_URL": "https://v",
        "CLAUDECODE": "1",
        "CLAUDE_CODE_CHILD_SESSION": "1",
        "CLAUDE_CODE_OAUTH_TOKEN": "t",
        "CLAUDE_CODE_USE_BEDROCK": "1",
        "CLAUDE_CODE_USE_WHATEVER_COMES": "1",
    }
    stays = {"CLAUDE_CODE_USE_POWERSHELL_TOOL": "1", "OPENAI_API_KEY": "sk", "PATH": "/bin"}
    wiring = CLAUDE.wire(request(environ={**gone, **stays}))
    assert wiring.unset == tuple(sorted(gone))


@pytest.mark.parametrize(
    ("args", "environ", "files", "off"),
    [
        ((), {"MAX_THINKING_TOKENS": "0"}, {}, True),
        ((), {"MAX_THINKING_TOKENS": "abc"}, {}, True),
        ((), {"MAX_THINKING_TOKENS": "05000"}, {}, False),
        ((), {}, {USER: {"env": {"MAX_THINKING_TOKENS": 0}}}, True),
        ((), {}, {USER: {"alwaysThinkingEnabled": False}}, True),
        (
            (),
            {},
            {USER: {"alwaysThinkingEnabled": False}, LOCAL: {"alwaysThinkingEnabled": 1}},
            False,
        ),
        ((), {"MAX_THINKING_TOKENS": "9"}, {USER: {"alwaysThinkingEnabled": False}}, False),
        ((), {"CLAUDE_CODE_DISABLE_THINKING": "1"}, {}, True),
        ((), {"CLAUDE_CODE_DISABLE_THINKING": "0"}, {}, False),
        ((), {}, {USER: {"env": {"CLAUDE_CODE_DISABLE_THINKING": "true"}}}, True),
        (("--thinking", "disabled"), {}, {}, True),
        (("--thinking", "enabled"), {}, {USER: {"alwaysThinkingEnabled": False}}, False),
        (("--thinking", "enabled"), {"CLAUDE_CODE_DISABLE_THINKING": "1"}, {}, True),
        (("--max-thinking-tokens", "0"), {}, {}, True),
        (("--max-thinking-tokens", "4000"), {"MAX_THINKING_TOKENS": "0"}, {}, True),
    ],
)
def test_thinking_switched_off_is_noticed(args, environ, files, off):
    """Claude Code only omits the field then, and the upstream thinks by default."""
    assert CLAUDE.wire(request(*args, environ=environ, files=files)).thinking_off is off


def test_settings_that_lead_elsewhere_are_named():
    """File and variable are told, values never."""
    elsewhere = {"ANTHROPIC_BASE_URL": "https://other", "ANTHROPIC_API_KEY": "sk-secret"}
    files = {
        USER: {"env": elsewhere},
        LOCAL: {"env": {"ANTHROPIC_UNIX_SOCKET": "/s", "CLAUDE_CODE_USE_VERTEX": "1"}},
    }
    assert CLAUDE.wire(request(files=files)).bypass == (
        "/home/me/.claude/settings.json: ANTHROPIC_BASE_URL",
        "/home/me/code/app/.claude/settings.local.json: ANTHROPIC_UNIX_SOCKET",
        "/home/me/code/app/.claude/settings.local.json: CLAUDE_CODE_USE_VERTEX",
    )
