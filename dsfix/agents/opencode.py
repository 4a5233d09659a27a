"""OpenCode: providers that lead to the upstream are led to the endpoint, the others are left.

All of it goes into OPENCODE_CONFIG_CONTENT, which is merged over the user's files and wins
over them and over `auth.json` (measured with 1.18.33, 2026-11-21).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dsfix.agents import jsonc
from dsfix.agents.base import Agent, Endpoint, Request, Wiring
from dsfix.agents.environ import direct, option
from dsfix.agents.opencode_config import INLINE, Config, credentials, load
from dsfix.agents.urls import leads_to, moved, refused_note
from dsfix.protocol.body import Dialect
from dsfix.upstreams.base import Model, Upstream

_PLUGIN = "opencode-deepseek-thinking-fix"
_KEY_HEADERS = ("authorization", "x-api-key", "api-key")


def wire(request: Request) -> Wiring:
    """One variable with the routes, and the vendor's models where the user chose none."""
    config = load(request.host)
    routes = _routes(request, config)
    ours: dict[str, Any] = {"provider": routes, **_models(request, config, routes)}
    content = jsonc.merged(dict(config.inline), ours)
    env = {INLINE: json.dumps(content), **direct(request.host.environ)}
    if "OPENCODE_DISABLE_AUTOUPDATE" not in request.host.environ:
        env["OPENCODE_DISABLE_AUTOUPDATE"] = "1"
    return Wiring(
        env=env,
        models=_known(request.upstream, config, ours),
        bypass=_bypass(request, config, ours),
        notes=_notes(request.upstream, config, ours),
    )


def _routes(request: Request, config: Config) -> dict[str, dict[str, Any]]:
    """For each provider to route, the members that lead it to the endpoint.

    The built-in `deepseek` always goes. Its path is kept: with `npm: @ai-sdk/anthropic` the
    models that the user lists there speak Messages, all others Chat (measured with 1.18.33),
    and the proxy tells them apart by the end of the path.
    """
    endpoint, upstream = request.endpoint, request.upstream
    routes = {
        name: _route(endpoint, upstream, provider)
        for name, provider in config.providers.items()
        if name == "deepseek" or _leads(upstream, provider)
    }
    routes.setdefault("deepseek", _route(endpoint, upstream, {}))
    routes["deepseek"]["options"].setdefault("baseURL", endpoint.root)
    if "anthropic" not in routes and _anthropic_is_free(request, config):
        base = f"{endpoint.messages}/v1"
        routes["anthropic"] = {"options": {"baseURL": base, "apiKey": endpoint.token}}
    models = _entries(request, jsonc.table(config.providers.get("deepseek", {}).get("models")))
    routes["deepseek"] = jsonc.merged({"models": models}, routes["deepseek"])
    return routes


def _entries(request: Request, listed: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Entries for the models in use, so that OpenCode takes every name of the upstream's.

    A model that its catalogue calls deprecated is left out without `status`, even where the
    user lists it: `deepseek-v4-flash` in 1.18.33 (measured, 2026-11-21).
    """
    upstream = request.upstream
    entries = {}
    for name in map(_plain, (request.model, request.small_model, upstream.main, upstream.small)):
        if name and "status" not in jsonc.table(listed.get(name)):
            entries[name] = {"status": "active"}
            if name not in listed:
                entries[name] |= _model(upstream, name)
    return entries


def _route(endpoint: Endpoint, upstream: Upstream, provider: Mapping[str, Any]) -> dict[str, Any]:
    """What to lay over one provider, so that URL and every credential become the endpoint's."""
    options = jsonc.table(provider.get("options"))
    # two keys at once are refused by @ai-sdk/anthropic: "Both apiKey and authToken"
    key = "authToken" if options.get("authToken") else "apiKey"
    route: dict[str, Any] = {key: endpoint.token}
    base = options.get("baseURL") or provider.get("api")
    if leads_to(upstream, base):
        route["baseURL"] = moved(endpoint, base)
    if headers := _headers(endpoint, options.get("headers")):
        route["headers"] = headers
    models = {}
    for name, model in jsonc.table(provider.get("models")).items():
        over: dict[str, Any] = {}
        api = jsonc.table(jsonc.table(model).get("provider")).get("api")
        if leads_to(upstream, api):
            over["provider"] = {"api": moved(endpoint, api)}
        if headers := _headers(endpoint, jsonc.table(model).get("headers")):
            over["headers"] = headers
        if over:
            models[name] = over
    return {"options": route, "models": models} if models else {"options": route}


def _headers(endpoint: Endpoint, headers: object) -> dict[str, str]:
    """Credential headers of the user's, which would beat the key, with the token in them."""
    bearer = f"Bearer {endpoint.token}"
    return {
        name: bearer if name.lower() == "authorization" else endpoint.token
        for name in jsonc.table(headers)
        if name.lower() in _KEY_HEADERS
    }


def _leads(upstream: Upstream, provider: Mapping[str, Any]) -> bool:
    """Whether the provider, or a model of it, goes to the upstream."""
    base = jsonc.table(provider.get("options")).get("baseURL") or provider.get("api")
    if base:
        return leads_to(upstream, base)
    models = jsonc.table(provider.get("models")).values()
    apis = (jsonc.table(jsonc.table(model).get("provider")).get("api") for model in models)
    return any(leads_to(upstream, api) for api in apis)


def _anthropic_is_free(request: Request, config: Config) -> bool:
    """Whether the built-in `anthropic` may be led to the upstream: nobody else has claimed it.

    A base URL of its own or a key that the user has for it claims it; ANTHROPIC_BASE_URL
    counts, because `@ai-sdk/anthropic` reads it.
    """
    environ = request.host.environ
    base = environ.get("ANTHROPIC_BASE_URL")
    provider = config.providers.get("anthropic", {})
    options = jsonc.table(provider.get("options"))
    own = options.get("baseURL") or provider.get("api") or options.get("apiKey")
    if own or "anthropic" in jsonc.strings(config.values.get("disabled_providers")):
        return False
    if base:
        return leads_to(request.upstream, base)
    return not environ.get("ANTHROPIC_API_KEY") and "anthropic" not in credentials(request.host)


def _models(request: Request, config: Config, routes: Mapping[str, Any]) -> dict[str, str]:
    """`model` and `small_model`: dsfix's own option, else the user's choice, else the vendor's.

    Who works with a provider that is not routed has its titles written there as well.
    """
    upstream, values = request.upstream, config.values
    chosen = option(request.args, "-m", "--model") or values.get("model")
    models: dict[str, str] = {}
    if request.model or (not chosen and _offers(config, upstream.main)):
        models["model"] = f"deepseek/{_plain(request.model or upstream.main)}"
    routed = "model" in models or str(chosen or "deepseek/").partition("/")[0] in routes
    free = routed and not values.get("small_model") and _offers(config, upstream.small)
    if request.small_model or free:
        models["small_model"] = f"deepseek/{_plain(request.small_model or upstream.small)}"
    return models


def _offers(config: Config, name: str) -> bool:
    """Whether the user's lists let the built-in `deepseek` offer that model."""
    values, provider = config.values, config.providers.get("deepseek", {})
    only, never = values.get("enabled_providers"), values.get("disabled_providers")
    return _allowed("deepseek", only, never) and _allowed(
        name, provider.get("whitelist"), provider.get("blacklist")
    )


def _allowed(name: str, only: object, never: object) -> bool:
    return name not in jsonc.strings(never) and (only is None or name in jsonc.strings(only))


def _model(upstream: Upstream, name: str) -> dict[str, Any]:
    """A model's entry, so that OpenCode takes a name that its own catalogue lacks."""
    known = next((model for model in upstream.models if model.id == name), None)
    known = known or Model(id=name, context=upstream.models[0].context, output=0)
    output = known.output or upstream.models[0].output
    return {
        "name": name,
        "reasoning": True,
        "tool_call": True,
        "attachment": known.vision,
        "limit": {"context": known.context, "output": output},
    }


def _plain(model: str) -> str:
    """The upstream's own name: without OpenCode's provider and Claude's context mark."""
    return model.removeprefix("deepseek/").removesuffix("[1m]")


def _known(upstream: Upstream, config: Config, ours: Mapping[str, Any]) -> tuple[str, ...]:
    """Names that the routed providers may send and that the upstream knows."""
    names: list[str] = []
    for provider, route in ours["provider"].items():
        listed = jsonc.table(config.providers.get(provider, {}).get("models"))
        named = (jsonc.table(model).get("id", name) for name, model in listed.items())
        names += [name for name in named if isinstance(name, str)]
        names += route.get("models", {})
    return tuple(name for name in dict.fromkeys(names) if upstream.knows(name))


def _bypass(request: Request, config: Config, ours: Mapping[str, Any]) -> tuple[str, ...]:
    """Choices that lead elsewhere: a model of an unrouted provider, an administrator's URL."""
    routed = ours["provider"]
    hints = []
    chosen = [("--model", option(request.args, "-m", "--model"))]
    if "model" not in ours:
        chosen += [(label, layer.get("model")) for label, layer in config.layers]
    for label, model in chosen:
        if isinstance(model, str) and model.partition("/")[0] not in routed:
            hints.append(f"{label}: model {model}")
    for label, layer in config.managed:
        hints += [f"{label}: provider {name}" for name in jsonc.table(layer.get("provider"))]
    return tuple(hints)


def _notes(upstream: Upstream, config: Config, ours: Mapping[str, Any]) -> tuple[str, ...]:
    """What stays the user's and what does not: the plugin for the same trouble, another URL,
    models for titles and agents that lead elsewhere while the conversation comes through.

    The plugin and dsfix together do no harm (measured with 0.2.5, 2026-11-21).
    """
    notes = []
    for label, layer in config.layers:
        plugins = [entry.partition("@")[0] for entry in jsonc.strings(layer.get("plugin"))]
        if _PLUGIN in plugins:
            notes.append(f"{label}: plugin {_PLUGIN} is not needed under dsfix")
        for what, model in _side_models(layer):
            other = isinstance(model, str) and model.partition("/")[0] not in ours["provider"]
            if other and what not in ours:
                notes.append(f"{label}: {what} {model} does not go through dsfix")
    for name, provider in config.providers.items():
        own = jsonc.table(provider.get("options")).get("baseURL") or provider.get("api")
        notes += refused_note(upstream, name, own)
    base = jsonc.table(config.providers.get("deepseek", {}).get("options")).get("baseURL")
    if base and not leads_to(upstream, base):
        notes.append(f"provider deepseek: its own base URL is replaced by {upstream.title}")
    return tuple(notes)


def _side_models(layer: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """The models of a layer that are for something else than the conversation, and for what."""
    yield "small_model", layer.get("small_model")
    for name, agent in jsonc.table(layer.get("agent")).items():
        yield f"agent {name}:", jsonc.table(agent).get("model")


OPENCODE = Agent(
    name="opencode",
    title="OpenCode",
    commands=("opencode",),
    wire=wire,
    dialects=(Dialect.CHAT, Dialect.MESSAGES),
    packages=("opencode-ai",),
    install="npm install -g opencode-ai",
    homepage="https://opencode.ai/docs",
    verified="1.18.33",
)
