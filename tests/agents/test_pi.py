"""pi: files and flags as people have them -> one variable, and the extension that reads it."""

from __future__ import annotations

import json

import pytest

from dsfix.agents.pi import EXTENSION, PI
from dsfix.upstreams import named
from tests.agents.support import NO_PROXY, ROOT, TOKEN, request

AGENT = "~/.pi/agent"
HEADERS = {"Authorization": f"Bearer {TOKEN}", "x-api-key": TOKEN}
DEFAULT = ("--provider", "deepseek", "--model", "deepseek-v4-pro")


def route(url):
    """A provider that leads there."""
    return {"baseUrl": url, "apiKey": TOKEN, "headers": HEADERS}


def wired(*args, **kwargs):
    """The wiring and its routes."""
    wiring = PI.wire(request(*args, **kwargs))
    return wiring, json.loads(wiring.env["DSFIX_PI_PROVIDERS"])


def models(**providers):
    """A `models.json` with these base URLs."""
    return {"providers": {name: {"baseUrl": url} for name, url in providers.items()}}


def test_a_plain_start():
    """Both built-in providers go to the endpoint, and the vendor's model is the default."""
    wiring, routes = wired("-p", "hi")
    assert routes == {"deepseek": route(ROOT), "anthropic": route(f"{ROOT}/anthropic")}
    assert wiring.args == ("-e", str(EXTENSION), *DEFAULT)
    assert wiring.env == {"DSFIX_PI_PROVIDERS": json.dumps(routes), **NO_PROXY}
    assert wiring.models == ("deepseek-v4-pro",)
    assert (wiring.unset, wiring.bypass, wiring.notes) == ((), (), ())


def test_the_extension():
    """It is there, names the variable, and holds nothing of a session."""
    text = EXTENSION.read_text()
    assert "process.env.DSFIX_PI_PROVIDERS" in text and "registerProvider" in text
    assert "http" not in text


def test_providers_are_known_by_their_host():
    """Those that lead to the upstream keep their path; the others are left alone."""
    files = {
        f"{AGENT}/models.json": models(
            mine="https://api.deepseek.com/v1/",
            messages="https://api.deepseek.com/anthropic",
            other="https://relay.example",
        )
    }
    routes = wired(files=files)[1]
    assert routes["mine"] == route(f"{ROOT}/v1")
    assert routes["messages"] == route(f"{ROOT}/anthropic")
    assert "other" not in routes


def test_a_path_that_nobody_knows():
    """It is the vendor's, and the proxy takes nothing there: that is told, and not left to a 404."""
    files = {f"{AGENT}/models.json": models(plan="https://api.deepseek.com/plan/v1")}
    wiring, routes = wired(files=files)
    assert routes["plan"]["baseUrl"] == f"{ROOT}/plan/v1"
    [note] = wiring.notes
    assert note.startswith("provider plan: what is asked at /plan/v1 is refused")


def test_a_provider_of_the_vendors_name_that_leads_elsewhere():
    """It is replaced, and that is said."""
    files = {f"{AGENT}/models.json": models(deepseek="https://relay.example")}
    wiring, routes = wired(files=files)
    assert routes["deepseek"] == route(ROOT)
    assert wiring.notes == ("provider deepseek: its own base URL is replaced by DeepSeek",)


@pytest.mark.parametrize(
    ("environ", "files", "routed"),
    [
        ({"ANTHROPIC_API_KEY": "sk"}, {}, False),
        ({"ANTHROPIC_OAUTH_TOKEN": "sk"}, {}, False),
        ({}, {f"{AGENT}/auth.json": {"anthropic": {"type": "oauth"}}}, False),
        ({}, {f"{AGENT}/auth.json": {"deepseek": {"type": "api_key", "key": "k"}}}, True),
        ({}, {f"{AGENT}/models.json": models(anthropic="https://relay.example")}, False),
        ({}, {f"{AGENT}/models.json": models(anthropic="https://api.deepseek.com/anthropic")}, True),
        ({"PI_CODING_AGENT_DIR": "/home/me/p"}, {"~/p/auth.json": {"anthropic": {}}}, False),
    ],
)  # fmt: skip
def test_the_built_in_anthropic(environ, files, routed):
    """It is led to the upstream when the user has no other use for it."""
    assert ("anthropic" in wired(environ=environ, files=files)[1]) is routed


@pytest.mark.parametrize(
    ("args", "settings", "model", "chosen"),
    [
        (("--model", "deepseek-v4-flash"), {}, "", DEFAULT[:2]),
        (("--model=deepseek/deepseek-v4-flash:high",), {}, "", DEFAULT[:2]),
        (("--model", "mine/deepseek-v4-flash"), {}, "", ()),
        (("--model", "deepseek-v4-flash", "--provider", "mine"), {}, "", ()),
        (("--model", "sonnet:high"), {}, "", ()),
        (("--provider=anthropic",), {}, "", ()),
        (("--models", "deepseek/*"), {}, "", ()),
        (("-c",), {}, "", ()),
        (("--session=abc",), {}, "", ()),
        (("hi",), {"defaultProvider": "deepseek"}, "", ()),
        (("hi",), {"enabledModels": ["deepseek/*"]}, "", ()),
        (("-c",), {"defaultProvider": "openai"}, "deepseek/x[1m]", (*DEFAULT[:3], "x")),
        (("--model", "y"), {}, "x", ()),
    ],
)
def test_default_models(args, settings, model, chosen):
    """dsfix's option wins, and a default is set only where nothing else chooses a model.

    The upstream's own get the provider that leads there.
    """
    for place in (f"{AGENT}/settings.json", ".pi/settings.json"):
        wiring, _ = wired(*args, files={place: settings}, model=model)
        assert wiring.args == ("-e", str(EXTENSION), *chosen)


@pytest.mark.parametrize(
    ("name", "model", "chosen"),
    [("glm", "glm-5.3", DEFAULT[:2]), ("anthropic", "claude-opus-5-5", ())],
)
def test_models_of_other_upstreams(name, model, chosen):
    """The provider `deepseek` speaks Chat: it is for upstreams that do."""
    wiring, _ = wired("--model", model, upstream=named(name))
    assert wiring.args == ("-e", str(EXTENSION), *chosen)


@pytest.mark.parametrize(
    ("args", "settings", "hints"),
    [
        (("--provider", "openai", "--model", "gpt-6"), {}, ("--provider openai",)),
        (("--model=openai/gpt-6",), {}, ("--provider openai",)),
        (("--model", "anthropic/claude-opus-4-7"), {}, ()),
        (("--model", "sonnet:high"), {"defaultProvider": "openai"}, ()),
        (("hi",), {"defaultProvider": "openai"}, ("settings.json: defaultProvider openai",)),
        (("hi",), {"defaultProvider": "deepseek"}, ()),
        (("hi",), {"defaultProvider": {"name": "openai"}}, ()),  # a project's file may say anything
    ],
)
def test_what_leads_elsewhere_is_named(args, settings, hints):
    """A provider that is not routed stays the user's choice, and is told."""
    assert wired(*args, files={f"{AGENT}/settings.json": settings})[0].bypass == hints


@pytest.mark.parametrize("command", ["install", "remove", "uninstall", "update", "list", "config"])
def test_commands_that_talk_to_no_model(command):
    """Nothing may stand before them, and nothing does."""
    wiring = PI.wire(request(command, "x"))
    assert (wiring.args, wiring.env) == ((), NO_PROXY)
