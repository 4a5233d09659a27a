"""OpenCode: configurations as people have them -> the one variable that is laid over them."""

from __future__ import annotations

import json

import pytest

from dsfix.agents.opencode import OPENCODE
from dsfix.errors import UsageError
from tests.agents.support import NO_PROXY, ROOT, TOKEN, UPSTREAM, request

GLOBAL = "~/.config/opencode/opencode.json"
AUTH = "~/.local/share/opencode/auth.json"
URL = "https://api.deepseek.com"

JSONC = '{"provider": {"mine": {"api": "https://api.deepseek.com",},},} // mine'

# The configuration recommended for OpenCode before 1.14.29, verbatim.
RECOMMENDED = """
{"provider":{"deepseek":{"npm":"@ai-sdk/anthropic","name":"DeepSeek",
  "options":{"baseURL":"https://api.deepseek.com/anthropic","apiKey":"<apikey>"},
  "models":{"deepseek-v4-pro":{"name":"DeepSeek-V4-Pro","limit":{"context":1048576,"output":262144},
              "options":{"thinking":{"type":"enabled","budgetTokens":8192}}},
            "deepseek-v4-flash":{"name":"DeepSeek-V4-Flash","limit":{"context":1048576,"output":262144},
              "options":{"thinking":{"type":"enabled","budgetTokens":8192}}}}}}}
"""
# That of the plugin opencode-deepseek-thinking-fix 0.2.5, verbatim but for the plugin's line.
PLUGIN = """
{"plugin": ["opencode-deepseek-thinking-fix"],
 "provider":{"deepseek":{"options":{"debugThinking":true,"thinkingPlaceholder":{"mode":"fallback","text":"(omitted)"}}}}}
"""


def wired(*args, **kwargs):
    """The wiring and the configuration it lays over the user's."""
    wiring = OPENCODE.wire(request(*args, **kwargs))
    return wiring, json.loads(wiring.env["OPENCODE_CONFIG_CONTENT"])


def provider(options, **members):
    """A configuration with one provider of the user's own."""
    return {"provider": {"mine": {"options": options, **members}}}


def test_a_plain_start():
    """Both built-in providers go to the endpoint, with the vendor's models as defaults."""
    wiring, content = wired("run", "hi")
    limit = {"context": 1048576, "output": 393216}
    entry = {"status": "active", "reasoning": True, "tool_call": True, "limit": limit}
    assert content == {
        "model": "deepseek/deepseek-v4-pro",
        "small_model": "deepseek/deepseek-v4-flash",
        "provider": {
            "deepseek": {
                "options": {"baseURL": ROOT, "apiKey": TOKEN},
                "models": {
                    "deepseek-v4-pro": {**entry, "name": "deepseek-v4-pro", "attachment": False},
                    "deepseek-v4-flash": {**entry, "name": "deepseek-v4-flash", "attachment": True},
                },
            },
            "anthropic": {"options": {"baseURL": f"{ROOT}/anthropic/v1", "apiKey": TOKEN}},
        },
    }
    assert wiring.env == {
        "OPENCODE_CONFIG_CONTENT": wiring.env["OPENCODE_CONFIG_CONTENT"],
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
        **NO_PROXY,
    }
    assert wiring.models == ("deepseek-v4-pro", "deepseek-v4-flash")
    assert (wiring.unset, wiring.args, wiring.bypass, wiring.notes) == ((), (), (), ())


def test_the_recommended_configuration():
    """Its path is kept and its models are only told to be active."""
    wiring, content = wired("run", "hi", files={GLOBAL: RECOMMENDED})
    assert content["provider"]["deepseek"] == {
        "options": {"baseURL": f"{ROOT}/anthropic", "apiKey": TOKEN},
        "models": {
            "deepseek-v4-pro": {"status": "active"},
            "deepseek-v4-flash": {"status": "active"},
        },
    }
    assert wiring.models == ("deepseek-v4-pro", "deepseek-v4-flash")
    assert wiring.bypass == ()


def test_the_plugin_is_the_users():
    """It is left in place and mentioned."""
    wiring, content = wired("run", "hi", files={GLOBAL: PLUGIN})
    assert "plugin" not in content
    assert content["provider"]["deepseek"]["options"] == {"baseURL": ROOT, "apiKey": TOKEN}
    assert wiring.notes == (
        "/home/me/.config/opencode/opencode.json: "
        "plugin opencode-deepseek-thinking-fix is not needed under dsfix",
    )


@pytest.mark.parametrize(
    ("config", "overlay"),
    [
        (provider({"baseURL": f"{URL}/v1", "apiKey": "k"}), {"baseURL": f"{ROOT}/v1"}),
        (provider({"baseURL": f"{URL}/"}), {"baseURL": ROOT}),
        (provider({"baseURL": "https://API.DeepSeek.com/beta"}), {"baseURL": f"{ROOT}/beta"}),
        (provider({}, api=f"{URL}/v1"), {"baseURL": f"{ROOT}/v1"}),
        (
            provider({"baseURL": URL, "headers": {"Authorization": "Bearer k", "X-Mine": "1"}}),
            {"baseURL": ROOT, "headers": {"Authorization": f"Bearer {TOKEN}"}},
        ),
        (
            provider({"baseURL": URL, "headers": {"x-api-key": "k"}}),
            {"baseURL": ROOT, "headers": {"x-api-key": TOKEN}},
        ),
        (provider({"baseURL": "https://other.example/api.deepseek.com"}), None),
        (provider({"baseURL": "https://api.deepseek.com.evil.example"}), None),
        (provider({"baseURL": "https://api.deepseek.com:bad"}), None),
        (provider({"baseURL": 7}), None),
        (provider({}), None),
    ],
)
def test_providers_are_known_by_their_host(config, overlay):
    """One that leads to the upstream keeps its path; any other is left alone."""
    _, content = wired(files={GLOBAL: config})
    expected = None if overlay is None else {"options": {"apiKey": TOKEN, **overlay}}
    assert content["provider"].get("mine") == expected


def test_an_auth_token_stays_one():
    """`@ai-sdk/anthropic` refuses an apiKey beside it."""
    _, content = wired(files={GLOBAL: provider({"baseURL": URL, "authToken": "k"})})
    assert content["provider"]["mine"]["options"] == {"baseURL": ROOT, "authToken": TOKEN}


def test_a_models_own_url_and_headers():
    """A model may lead to the upstream by itself, and may bring a key."""
    models = {
        "deepseek-v4-pro": {"provider": {"api": f"{URL}/v1"}, "headers": {"X-API-Key": "k"}},
        "other": {"provider": {"api": "https://other.example"}},
    }
    wiring, content = wired(files={GLOBAL: provider({"apiKey": "k"}, models=models)})
    assert content["provider"]["mine"] == {
        "options": {"apiKey": TOKEN},
        "models": {
            "deepseek-v4-pro": {
                "provider": {"api": f"{ROOT}/v1"},
                "headers": {"X-API-Key": TOKEN},
            }
        },
    }
    assert wiring.models == ("deepseek-v4-pro", "deepseek-v4-flash")


@pytest.mark.parametrize(
    ("environ", "files"),
    [
        ({}, {"~/.config/opencode/config.json": provider({"baseURL": URL})}),
        (
            {},
            {"~/.config/opencode/opencode.jsonc": JSONC},
        ),
        (
            {"XDG_CONFIG_HOME": "/home/me/x"},
            {"~/x/opencode/opencode.json": provider({"baseURL": URL})},
        ),
        ({"OPENCODE_CONFIG": "a/b.json"}, {"a/b.json": provider({"baseURL": URL})}),
        ({"OPENCODE_CONFIG_DIR": "/home/me/c"}, {"~/c/opencode.json": provider({"baseURL": URL})}),
        ({}, {"opencode.json": provider({"baseURL": URL})}),
        ({}, {"~/code/opencode.jsonc": provider({"baseURL": URL})}),
        ({}, {"~/code/opencode.json": provider({"baseURL": URL}), "~/code/.git/HEAD": "ref: x"}),
        ({}, {".opencode/opencode.json": provider({"baseURL": URL}), ".git": "gitdir: x"}),
        ({}, {"~/.opencode/opencode.jsonc": provider({"baseURL": URL})}),
        ({"OPENCODE_CONFIG_CONTENT": json.dumps(provider({"baseURL": URL}))}, {}),
        ({"U": URL}, {GLOBAL: provider({"baseURL": "{env:U}"})}),
        (
            {},
            {GLOBAL: provider({"baseURL": "{file:u.txt}"}), "~/.config/opencode/u.txt": f"{URL}\n"},
        ),
        ({}, {GLOBAL: provider({"baseURL": "{file:~/u.txt}"}), "~/u.txt": URL}),
    ],
)
def test_every_layer_is_read(environ, files):
    """A provider is found wherever OpenCode would find it."""
    _, content = wired(environ=environ, files=files)
    assert content["provider"]["mine"]["options"]["baseURL"] == ROOT


@pytest.mark.parametrize(
    ("environ", "files"),
    [
        ({}, {"~/code/opencode.json": provider({"baseURL": URL}), ".git/HEAD": "ref: x"}),
        ({"OPENCODE_DISABLE_PROJECT_CONFIG": "1"}, {"opencode.json": provider({"baseURL": URL})}),
        ({}, {GLOBAL: "{broken"}),
    ],
)
def test_other_files_are_not_read(environ, files):
    """Beyond the work tree, switched off or broken, a file counts for nothing."""
    assert "mine" not in wired(environ=environ, files=files)[1]["provider"]


def test_the_users_inline_configuration_is_kept():
    """It is merged, its variables stay unresolved, and only routes win over it."""
    own = {
        "theme": "dark",
        "provider": {"mine": {"api": URL, "name": "{env:WHO}", "models": {"m": {}}}},
    }
    environ = {"OPENCODE_CONFIG_CONTENT": json.dumps(own), "WHO": "me"}
    _, content = wired(environ=environ, files={GLOBAL: {"model": "mine/m"}})
    assert content["theme"] == "dark"
    assert content["provider"]["mine"] == {
        "api": URL,
        "name": "{env:WHO}",
        "models": {"m": {}},
        "options": {"baseURL": ROOT, "apiKey": TOKEN},
    }
    assert "model" not in content


def test_an_inline_configuration_that_is_no_object():
    """It is refused with the variable's name, as OpenCode would refuse it."""
    with pytest.raises(UsageError, match="OPENCODE_CONFIG_CONTENT"):
        wired(environ={"OPENCODE_CONFIG_CONTENT": "{"})


def test_an_inline_configuration_with_a_variable_outside_strings():
    """What is only JSON once its variables are resolved is taken resolved."""
    _, content = wired(environ={"OPENCODE_CONFIG_CONTENT": '{"snapshot": {env:S}}', "S": "false"})
    assert content["snapshot"] is False


@pytest.mark.parametrize(
    ("environ", "files", "routed"),
    [
        ({}, {}, True),
        ({"ANTHROPIC_API_KEY": "sk"}, {}, False),
        ({}, {AUTH: {"anthropic": {"type": "oauth"}}}, False),
        ({"XDG_DATA_HOME": "/home/me/d"}, {"~/d/opencode/auth.json": {"anthropic": {}}}, False),
        ({"OPENCODE_AUTH_CONTENT": '{"anthropic": {}}'}, {}, False),
        ({}, {AUTH: {"deepseek": {"type": "api", "key": "k"}}}, True),
        ({}, {GLOBAL: {"provider": {"anthropic": {"options": {"apiKey": "k"}}}}}, False),
        ({}, {GLOBAL: {"provider": {"anthropic": {"options": {"baseURL": "https://o"}}}}}, False),
        ({}, {GLOBAL: {"provider": {"anthropic": {"options": {"baseURL": URL}}}}}, True),
        ({}, {GLOBAL: {"disabled_providers": ["anthropic"]}}, False),
        ({"ANTHROPIC_BASE_URL": "https://o"}, {}, False),
        ({"ANTHROPIC_BASE_URL": f"{URL}/anthropic", "ANTHROPIC_API_KEY": "sk"}, {}, True),
    ],
)
def test_the_built_in_anthropic(environ, files, routed):
    """It is led to the upstream when the user did so or has no other use for it."""
    content = wired(environ=environ, files=files)[1]
    assert ("anthropic" in content["provider"]) is routed


@pytest.mark.parametrize(
    ("args", "kwargs", "model", "small"),
    [
        ((), {"files": {GLOBAL: {"model": "openai/gpt-5"}}}, None, None),
        ((), {"files": {GLOBAL: {"small_model": "openai/gpt-5-mini"}}}, "deepseek-v4-pro", None),
        (("-m", "deepseek/deepseek-flash"), {}, None, "deepseek-v4-flash"),
        (("run", "--model=openai/gpt-5"), {}, None, None),
        (
            (),
            {"files": {GLOBAL: {"model": "openai/x"}}, "model": "y[1m]"},
            "y",
            "deepseek-v4-flash",
        ),
        ((), {"model": "deepseek/y", "small_model": "z"}, "y", "z"),
        ((), {"files": {GLOBAL: {"enabled_providers": ["openai"]}}}, None, None),
        ((), {"files": {GLOBAL: {"disabled_providers": ["deepseek"]}}}, None, None),
        (
            (),
            {"files": {GLOBAL: {"provider": {"deepseek": {"whitelist": ["deepseek-v4-pro"]}}}}},
            "deepseek-v4-pro",
            None,
        ),
    ],
)
def test_default_models(args, kwargs, model, small):
    """dsfix's options win; otherwise a default is set only where the user has no choice."""
    content = wired(*args, **kwargs)[1]
    expected = {"model": model, "small_model": small}
    assert {name: content.get(name) for name in expected} == {
        name: value and f"deepseek/{value}" for name, value in expected.items()
    }


def test_a_new_model_gets_an_entry():
    """A name that the catalogue lacks can be used at once."""
    _, content = wired(model="brand-new")
    assert content["provider"]["deepseek"]["models"]["brand-new"]["limit"] == {
        "context": 1048576,
        "output": 393216,
    }


def test_an_upstream_on_loopback_takes_no_neighbour():
    """Its own host counts only with its own port."""
    upstream = UPSTREAM._replace(
        origin="http://127.0.0.1:9000", hosts=("api.deepseek.com", "127.0.0.1")
    )
    files = {
        GLOBAL: {
            "provider": {
                "mine": {"api": "http://127.0.0.1:9000/v1"},
                "ollama": {"api": "http://127.0.0.1:11434/v1"},
            }
        }
    }
    content = wired(files=files, upstream=upstream)[1]
    assert content["provider"]["mine"]["options"]["baseURL"] == f"{ROOT}/v1"
    assert "ollama" not in content["provider"]


def test_a_path_that_nobody_knows():
    """It is the vendor's, and the proxy takes nothing there: that is told, and not left to a 404."""
    wiring, content = wired(files={GLOBAL: provider({"baseURL": f"{URL}/plan/v1"})})
    assert content["provider"]["mine"]["options"]["baseURL"] == f"{ROOT}/plan/v1"
    [note] = wiring.notes
    assert note.startswith("provider mine: what is asked at /plan/v1 is refused")
    for known in ("", "/", "/v1", "/anthropic/v1/", "/beta"):
        assert wired(files={GLOBAL: provider({"baseURL": URL + known})})[0].notes == ()


def test_what_leads_elsewhere_is_named():
    """Models of providers that are not routed, an administrator's providers, another URL."""
    files = {
        GLOBAL: {
            "model": "openai/gpt-5",
            "provider": {"deepseek": {"options": {"baseURL": "https://relay.example"}}},
        },
        "/etc/opencode/opencode.json": {"provider": {"deepseek": {}}},
    }
    wiring, content = wired("-m", "other/x", files=files)
    assert content["provider"]["deepseek"]["options"]["baseURL"] == ROOT
    assert wiring.bypass == (
        "--model: model other/x",
        "/home/me/.config/opencode/opencode.json: model openai/gpt-5",
        "/etc/opencode/opencode.json: provider deepseek",
    )
    assert wiring.notes == ("provider deepseek: its own base URL is replaced by DeepSeek",)


def test_models_beside_the_conversation_that_lead_elsewhere_are_named():
    """What is said goes there too, for a title or by an agent of its own."""
    files = {
        GLOBAL: {
            "small_model": "evil/x",
            "agent": {"plan": {"model": "openai/gpt-5"}, "build": {"model": "deepseek/y"}, "x": 1},
        }
    }
    assert wired(files=files)[0].notes == (
        "/home/me/.config/opencode/opencode.json: small_model evil/x does not go through dsfix",
        "/home/me/.config/opencode/opencode.json: agent plan: openai/gpt-5 does not go through dsfix",
    )
    ours, _ = wired(files=files, small_model="deepseek-v4-flash")
    assert ours.notes == (
        "/home/me/.config/opencode/opencode.json: agent plan: openai/gpt-5 does not go through dsfix",
    )


def test_the_users_update_switch_is_kept():
    """The variable is not set over the user's own."""
    wiring, _ = wired(environ={"OPENCODE_DISABLE_AUTOUPDATE": "0"})
    assert "OPENCODE_DISABLE_AUTOUPDATE" not in wiring.env
