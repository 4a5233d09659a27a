"""Qwen Code: settings as people have them -> variables, and settings of ours over them."""

from __future__ import annotations

import json

import pytest

from dsfix.agents import jsonc
from dsfix.agents.qwen import QWEN, SETTINGS
from tests.agents.support import NO_PROXY, ROOT, TOKEN, request

UNPROXIED = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), "")
USER = "~/.qwen/settings.json"
SYSTEM = "/etc/qwen-code/settings.json"
DEFAULTS = "/etc/qwen-code/system-defaults.json"
LISTED = {
    "modelProviders": {
        "openai": [
            {
                "id": "deepseek-v4-pro",
                "baseUrl": "https://api.deepseek.com",
                "generationConfig": {"contextWindowSize": 1000000},
            }
        ]
    }
}


def selected(name):
    """Settings that choose a provider."""
    return {"security": {"auth": {"selectedType": name}}}


def test_a_plain_start():
    """Both wires, the vendor's model, and not one argument: subcommands would break on it."""
    wiring = QWEN.wire(request("-p", "hi"))
    assert wiring.env == {
        "OPENAI_BASE_URL": ROOT,
        "OPENAI_API_KEY": TOKEN,
        "OPENAI_MODEL": "deepseek-v4-pro",
        "ANTHROPIC_BASE_URL": f"{ROOT}/anthropic",
        "ANTHROPIC_API_KEY": TOKEN,
        "ANTHROPIC_MODEL": "deepseek-v4-pro",
        "QWEN_CODE_SYSTEM_SETTINGS_PATH": str(SETTINGS),
        "DSFIX_QWEN_AUTH_TYPE": "openai",
        **NO_PROXY,
        **UNPROXIED,
    }
    assert wiring.models == ("deepseek-v4-pro",)
    assert (wiring.args, wiring.unset, wiring.bypass, wiring.notes) == ((), (), (), ())
    assert not wiring.thinking_off


def test_the_settings_of_ours():
    """They choose provider and model by variables of the wiring, and empty the lists of models."""
    settings = json.loads(SETTINGS.read_text())
    env = QWEN.wire(request()).env
    named = [settings["security"]["auth"]["selectedType"], settings["model"]["name"]]
    assert all(name[:2] + name[-1] == "${}" and name[2:-1] in env for name in named)
    assert settings["modelProviders"] == {"openai": [], "anthropic": []}
    assert settings["proxy"] == ""
    assert settings["$version"] == 4  # or Qwen Code would write the file anew


def test_no_proxy_is_left_to_it():
    """It would reach loopback through one; its tools find the user's under another name."""
    assert "ALL_PROXY" not in QWEN.wire(request()).env
    environ = {"http_proxy": "http://proxy.example:8080"}
    env = QWEN.wire(request(environ=environ)).env
    assert env.items() >= {**UNPROXIED, "ALL_PROXY": "http://proxy.example:8080"}.items()
    mine = {**environ, "ALL_PROXY": "socks5://mine"}
    assert QWEN.wire(request(environ=mine)).env["ALL_PROXY"] == "socks5://mine"


@pytest.mark.parametrize(
    ("files", "environ", "model", "expected"),
    [
        ({USER: {"model": {"name": "deepseek-v4-flash"}}}, {}, "", "deepseek-v4-flash"),
        ({USER: {"model": {"name": "qwen3-coder-plus"}}}, {}, "", "deepseek-v4-pro"),
        ({USER: '{"model": {"name": "deepseek-v4-flash",}} // mine'}, {}, "", "deepseek-v4-flash"),
        ({".qwen/settings.json": {"model": {"name": "deepseek-flash"}}}, {}, "", "deepseek-flash"),
        ({}, {"OPENAI_MODEL": "deepseek-flash"}, "", "deepseek-flash"),
        ({}, {"OPENAI_MODEL": "gpt-6"}, "", "deepseek-v4-pro"),
        ({USER: {"model": {"name": "deepseek-flash"}}}, {}, "mine[1m]", "mine"),
        ({"~/q/settings.json": {"model": {"name": "deepseek-flash"}}}, {"QWEN_HOME": "/home/me/q"}, "", "deepseek-flash"),
    ],
)  # fmt: skip
def test_models(files, environ, model, expected):
    """dsfix's option wins, then the user's choice where the upstream knows it."""
    env = QWEN.wire(request(files=files, environ=environ, model=model)).env
    assert env["OPENAI_MODEL"] == env["ANTHROPIC_MODEL"] == expected


@pytest.mark.parametrize(
    ("name", "wire"), [("openai", "openai"), ("anthropic", "anthropic"), ("qwen-oauth", "openai")]
)
def test_the_wire_is_the_users_where_it_can_be(name, wire):
    """Messages stays Messages; a provider that has no endpoint here becomes Chat."""
    wiring = QWEN.wire(request(files={USER: selected(name)}))
    assert wiring.env["DSFIX_QWEN_AUTH_TYPE"] == wire
    assert wiring.bypass == ()


@pytest.mark.parametrize(
    ("args", "hints"),
    [
        (("--auth-type", "qwen-oauth"), ("--auth-type qwen-oauth",)),
        (("--auth-type", "anthropic"), ()),
        (("--openai-base-url=https://x", "--openai-api-key", "k"), ("--openai-base-url", "--openai-api-key")),
        (("--proxy", "http://x"), ("--proxy",)),
    ],
)  # fmt: skip
def test_flags_that_lead_elsewhere(args, hints):
    """The user's own flags win, so they are named."""
    assert QWEN.wire(request(*args)).bypass == hints


def test_an_administrators_settings_stay_in_force():
    """Ours do not take their place, and what then leads elsewhere is named."""
    files = {SYSTEM: {}, USER: {**LISTED, **selected("qwen-oauth"), "proxy": "http://x"}}
    for environ, place in (
        ({}, SYSTEM),
        ({"QWEN_CODE_SYSTEM_SETTINGS_PATH": "/x.json"}, "/x.json"),
    ):
        wiring = QWEN.wire(request(files=files, environ=environ))
        assert "QWEN_CODE_SYSTEM_SETTINGS_PATH" not in wiring.env
        assert wiring.bypass == (
            f"settings.json: selectedType qwen-oauth (kept by {place})",
            f"settings.json: modelProviders.openai (kept by {place})",
            f"settings.json: proxy (kept by {place})",
        )


def test_an_administrators_defaults_are_still_found():
    """Qwen Code looks for them beside the settings whose place ours take."""
    env = QWEN.wire(request(files={DEFAULTS: {}})).env
    assert env["QWEN_CODE_SYSTEM_DEFAULTS_PATH"] == DEFAULTS
    own = {"QWEN_CODE_SYSTEM_DEFAULTS_PATH": "/mine.json"}
    assert "QWEN_CODE_SYSTEM_DEFAULTS_PATH" not in QWEN.wire(request(files={DEFAULTS: {}}, environ=own)).env  # fmt: skip


def test_what_is_set_aside_is_said():
    """A list of models with settings of their own is not used."""
    wiring = QWEN.wire(request(files={USER: LISTED}))
    assert wiring.notes == ("settings.json: generationConfig under modelProviders is not used",)
    assert wiring.bypass == ()


@pytest.mark.parametrize(("reasoning", "off"), [("false", True), ('{"effort": "high"}', False)])
def test_thinking(reasoning, off):
    """Where the user switched reasoning off, Qwen Code only omits the field."""
    text = f'{{"model": {{"generationConfig": {{"reasoning": {reasoning}}}}}}}'
    assert jsonc.loads(text)
    assert QWEN.wire(request(files={USER: text})).thinking_off is off
