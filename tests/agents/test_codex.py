"""Codex: configurations and flags as people have them -> the flags that stand before them."""

from __future__ import annotations

import tomllib

import pytest

from dsfix import environment
from dsfix.agents.codex import CODEX
from tests.agents.support import NO_PROXY, ROOT, UPSTREAM, request

CONFIG = "~/.codex/config.toml"
MANAGED = "/etc/codex/managed_config.toml"
CATALOGUE = 'model_catalog_json = "models.json"\n'
NO_CATALOGUE = ("no model_catalog_json is set: Codex assumes a context of 272,000 tokens",)
# As the vendor's guide has it, but for the key:
# https://api-docs.deepseek.com/quick_start/agent_integrations/codex
GUIDE = """
model = "deepseek-flash"
model_provider = "deepseek"
model_catalog_json = "models.json"
[model_providers.deepseek]
name = "deepseek"
base_url = "https://api.deepseek.com/"
wire_api = "responses"
experimental_bearer_token = "sk-own"
"""


def wired(*args, **kwargs):
    """The wiring, and what its flags amount to for Codex."""
    wiring = CODEX.wire(request(*args, **kwargs))
    assert set(wiring.args[::2]) == {"-c"}
    return wiring, tomllib.loads("\n".join(wiring.args[1::2]))


def provider(name, url, more=""):
    """A provider of the user's own."""
    return f'{CATALOGUE}[model_providers.{name}]\nname = "Mine"\nbase_url = "{url}"\n{more}'


def test_a_plain_start():
    """One provider of the vendor's name, its main model, and no token in the arguments."""
    wiring, config = wired("exec", "hi")
    assert config == {
        "model_provider": "deepseek",
        "model_providers": {
            "deepseek": {
                "name": "DeepSeek",
                "base_url": ROOT,
                "env_key": environment.TOKEN,
                "wire_api": "responses",
                "requires_openai_auth": False,
                "supports_websockets": False,
            }
        },
        "model": "deepseek-v4-pro",
    }
    assert wiring.env == NO_PROXY
    assert wiring.models == ("deepseek-v4-pro",)
    assert (wiring.unset, wiring.bypass, wiring.notes) == ((), (), NO_CATALOGUE)


def test_the_vendors_own_configuration():
    """Its provider and its model stay what they are; URL and key are the session's."""
    wiring, config = wired("exec", "hi", files={CONFIG: GUIDE})
    assert config["model_provider"] == "deepseek"
    assert config["model_providers"]["deepseek"]["name"] == "deepseek"
    assert config["model_providers"]["deepseek"]["base_url"] == ROOT
    assert "model" not in config
    assert wiring.models == ("deepseek-flash",)
    assert (wiring.bypass, wiring.notes) == ((), ())


@pytest.mark.parametrize(
    ("files", "args", "name"),
    [
        ({CONFIG: provider("ds", "https://api.deepseek.com")}, (), "ds"),
        ({CONFIG: provider("ds", "https://api.deepseek.com/v1")}, ("-c", "model_provider=ds"), "ds"),
        ({CONFIG: provider("ds", "https://relay.example")}, (), "deepseek"),
        ({CONFIG: provider("a.b", "https://api.deepseek.com").replace("a.b", '"a.b"')}, (), "deepseek"),
        (
            {CONFIG: provider("one", "https://api.deepseek.com"), "~/.codex/p.config.toml": 'model_provider = "two"\n[model_providers.two]\nbase_url = "https://api.deepseek.com"'},
            ("-p", "p"),
            "two",
        ),
        ({"/etc/codex/config.toml": provider("sys", "https://api.deepseek.com")}, (), "sys"),
        ({CONFIG: provider("ds", "https://api.deepseek.com", '[model_providers.ds.auth]\ncommand = "pass"')}, (), "dsfix"),
        ({CONFIG: "broken ="}, (), "deepseek"),
        ({CONFIG: f"long = {'9' * 5000}"}, (), "deepseek"),
        ({CONFIG: f"deep = {'[' * 100_000}"}, (), "deepseek"),
    ],
)  # fmt: skip
def test_the_provider_is_the_users_own(files, args, name):
    """A provider for this upstream keeps its name, so that `resume --last` finds its sessions."""
    wiring, config = wired(*args, files=files)
    assert config["model_provider"] == name
    assert list(config["model_providers"]) == [name]
    assert wiring.bypass == ()


def test_a_search_of_codex_own():
    """Where the provider's table turns it on it is off: the tool `web_search` is run upstream."""
    _, config = wired(files={CONFIG: f"{GUIDE}supports_standalone_web_search = true"})
    assert config["model_providers"]["deepseek"]["supports_standalone_web_search"] is False


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ('"DeepSeek 🐋"', "DeepSeek 🐋"),
        ('"a\\u007fb"', "a\x7fb"),
        ("2026-11-22", "DeepSeek"),
        ('""', "DeepSeek"),
        ('"OpenAI"', "DeepSeek"),
        ('"Azure"', "DeepSeek"),
    ],
)
def test_the_providers_name_for_people(name, kept):
    """It is kept, whatever letters it has, but for one that makes Codex ask for what no other
    vendor knows; what is no text is none."""
    _, config = wired(files={CONFIG: f"[model_providers.deepseek]\nname = {name}"})
    assert config["model_providers"]["deepseek"]["name"] == kept


def test_another_folder():
    """CODEX_HOME is where the configuration is."""
    environ = {"CODEX_HOME": "/home/me/code/app/c"}
    _, config = wired(environ=environ, files={"c/config.toml": GUIDE, CONFIG: 'model = "x"'})
    assert "model" not in config


@pytest.mark.parametrize(
    ("args", "config", "model", "set_to"),
    [
        ((), 'model = "gpt-6"', "", "deepseek-v4-pro"),
        ((), 'model = "deepseek-v4-flash"', "", None),
        ((), 'model = "deepseek-v4-flash"', "other[1m]", "other"),
        (("exec", "-m", "gpt-6"), "", "", None),
        (("exec", "--model=gpt-6"), "", "", None),
        (("-c", "model=gpt-6"), "", "", None),
        (("exec", '--config=model="gpt-6"'), "", "", None),
        (("exec", "-cmodel=gpt-6"), "", "", None),
        (("exec", "--", "-c", "model=x"), "", "", "deepseek-v4-pro"),
    ],
)
def test_models(args, config, model, set_to):
    """dsfix's option wins; else the user's choice stays where the upstream knows the name."""
    found = wired(*args, files={CONFIG: config}, model=model)[1]
    assert found.get("model") == set_to


@pytest.mark.parametrize(
    ("args", "hints"),
    [
        (("-c", "model_provider=openai", "exec"), ("-c model_provider: openai",)),
        (("exec", "-c", 'model_providers.deepseek.base_url="https://x"'), ("-c model_providers.deepseek.base_url",)),
        (("exec", "--oss"), ("--oss",)),
        (("--local-provider=ollama",), ("--local-provider",)),
        (("exec", "-c", "model_provider=deepseek", "-c", "a.b=[1]", "-c"), ()),
    ],
)  # fmt: skip
def test_flags_that_lead_elsewhere(args, hints):
    """They stand behind ours and win, so they are named."""
    assert wired(*args)[0].bypass == hints


def test_an_administrators_file():
    """It beats every flag (measured), so what it says about providers is named."""
    files = {MANAGED: 'model_provider = "corp"\n[model_providers.corp]\nname = "Corp"'}
    assert wired(files=files)[0].bypass == (
        f"{MANAGED}: model_provider",
        f"{MANAGED}: model_providers",
    )


def test_another_url_of_the_same_provider():
    """A provider of the vendor's name that leads elsewhere is replaced, and that is said."""
    wiring, config = wired(files={CONFIG: provider("deepseek", "https://relay.example")})
    assert config["model_providers"]["deepseek"]["base_url"] == ROOT
    assert wiring.notes == ("provider deepseek: its own base URL is replaced by DeepSeek",)


def test_an_upstream_on_loopback_takes_no_neighbour():
    """A local model server on another port stays what it is."""
    upstream = UPSTREAM._replace(
        origin="http://127.0.0.1:9000", hosts=("api.deepseek.com", "127.0.0.1")
    )
    files = {CONFIG: provider("ollama", "http://127.0.0.1:11434/v1")}
    assert wired(files=files, upstream=upstream)[1]["model_provider"] == "deepseek"
