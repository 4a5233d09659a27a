"""pi: providers that lead to the upstream are led to the endpoint, by an extension of our own.

pi takes no base URL from the environment. An extension given with `-e` beats `models.json` and,
by its headers, a key in `auth.json` (measured with 0.73.1, 2026-11-21); ours reads everything
from one variable, so no file is written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dsfix.agents import jsonc
from dsfix.agents.base import Agent, Endpoint, Host, Request, Wiring
from dsfix.agents.environ import direct, option
from dsfix.agents.urls import leads_to, moved, refused_note
from dsfix.protocol.body import Dialect

EXTENSION = Path(__file__).with_name("pi_extension.js")
_PROVIDERS = "DSFIX_PI_PROVIDERS"
# These must come first on the command line, and talk to no model.
_COMMANDS = frozenset(["install", "remove", "uninstall", "update", "list", "config"])
# A model is chosen with these, or comes with the session that they continue.
_CHOICES = ("--provider", "--model", "--models")
_SESSIONS = ("-c", "--continue", "-r", "--resume", "--session", "--fork")


class _Files(NamedTuple):
    """What pi's own files say; its working copies are not touched."""

    settings: Mapping[str, Any]
    providers: Mapping[str, Any]
    credentials: Mapping[str, Any]


def wire(request: Request) -> Wiring:
    """The extension in front, the routes in a variable, and a model where none is chosen."""
    if request.args[:1] and request.args[0] in _COMMANDS:
        return Wiring(env=direct(request.host.environ))
    files = _files(request.host)
    routes = _routes(request, files)
    model = _model(request, files)
    asked = model or option(request.args, "--model") or files.settings.get("defaultModel")
    name = str(asked).removeprefix("deepseek/").partition(":")[0]
    return Wiring(
        env={_PROVIDERS: json.dumps(routes), **direct(request.host.environ)},
        args=("-e", str(EXTENSION), *_chosen(request, model, name)),
        models=(name,) if request.upstream.knows(name) else (),
        bypass=_bypass(request, files, frozenset(routes), model),
        notes=_notes(request, files),
    )


def _files(host: Host) -> _Files:
    """The agent's folder, and the project's settings over the user's (read in 0.73.1)."""
    configured = host.environ.get("PI_CODING_AGENT_DIR")
    folder = Path(configured) if configured else host.home / ".pi" / "agent"
    settings: dict[str, Any] = {}
    for path in (folder / "settings.json", host.cwd / ".pi" / "settings.json"):
        settings = jsonc.merged(settings, jsonc.loads(host.read(path)) or {})
    models = jsonc.loads(host.read(folder / "models.json")) or {}
    credentials = jsonc.loads(host.read(folder / "auth.json")) or {}
    return _Files(settings, jsonc.table(models.get("providers")), credentials)


def _routes(request: Request, files: _Files) -> dict[str, dict[str, Any]]:
    """What to register for each provider that is led to the endpoint; a user's path is kept.

    The built-in `deepseek` always goes; it speaks Chat, and the built-in `anthropic` Messages.
    """
    endpoint = request.endpoint
    routes = {
        name: _route(endpoint, moved(endpoint, jsonc.table(provider)["baseUrl"]))
        for name, provider in files.providers.items()
        if leads_to(request.upstream, jsonc.table(provider).get("baseUrl"))
    }
    routes.setdefault("deepseek", _route(endpoint, endpoint.chat))
    if "anthropic" not in routes and _anthropic_is_free(request.host, files):
        routes["anthropic"] = _route(endpoint, endpoint.messages)
    return routes


def _route(endpoint: Endpoint, url: str) -> dict[str, Any]:
    """One provider's URL and token; the headers go out in place of any key that pi has."""
    headers = {"Authorization": f"Bearer {endpoint.token}", "x-api-key": endpoint.token}
    return {"baseUrl": url, "apiKey": endpoint.token, "headers": headers}


def _anthropic_is_free(host: Host, files: _Files) -> bool:
    """Whether the built-in `anthropic` may be led to the upstream: the user has no key for it."""
    own = jsonc.table(files.providers.get("anthropic"))
    keys = ("ANTHROPIC_API_KEY", "ANTHROPIC_OAUTH_TOKEN")
    claimed = own.get("baseUrl") or own.get("apiKey") or any(host.environ.get(key) for key in keys)
    return not claimed and "anthropic" not in files.credentials


def _model(request: Request, files: _Files) -> str:
    """The model to set, empty where the user chose one or continues a session that has one.

    Left to itself pi takes the first provider for which it has a key.
    """
    if any(option(request.args, name) for name in _CHOICES):
        return ""
    if request.model:
        return request.model.removeprefix("deepseek/").removesuffix("[1m]")
    saved = any(files.settings.get(key) for key in ("defaultProvider", "enabledModels"))
    goes_on = any(word.partition("=")[0] in _SESSIONS for word in request.args)
    return "" if saved or goes_on else request.upstream.main


def _chosen(request: Request, model: str, name: str) -> tuple[str, ...]:
    """The options that choose that model, or the provider of one that the user asks for by name.

    With a provider pi takes any name. Without one 0.87.1, whose catalogue has no
    `deepseek-v4-flash`, looks for it at other vendors (measured 2026-11-21).
    """
    if model:
        return ("--provider", "deepseek", "--model", model)
    ours = Dialect.CHAT in request.upstream.paths and request.upstream.knows(name)
    unnamed = option(request.args, "--model") and not option(request.args, "--provider")
    return ("--provider", "deepseek") if ours and unnamed else ()


def _bypass(request: Request, files: _Files, routed: frozenset[str], model: str) -> tuple[str, ...]:
    """Choices of a provider that is not routed."""
    if model:
        return ()
    chosen = option(request.args, "--model") or ""
    named = chosen.partition("/")[0] if "/" in chosen else None
    provider = option(request.args, "--provider") or named
    if provider:
        return () if provider in routed else (f"--provider {provider}",)
    saved = files.settings.get("defaultProvider")
    if chosen or not isinstance(saved, str) or not saved or saved in routed:
        return ()
    return (f"settings.json: defaultProvider {saved}",)


def _notes(request: Request, files: _Files) -> tuple[str, ...]:
    """A base URL of the user's that is not used, and one below which nothing is taken."""
    urls = {name: jsonc.table(own).get("baseUrl") for name, own in files.providers.items()}
    upstream, base = request.upstream, urls.get("deepseek")
    notes = [note for name, url in urls.items() for note in refused_note(upstream, name, url)]
    if base and not leads_to(upstream, base):
        notes.append(f"provider deepseek: its own base URL is replaced by {upstream.title}")
    return tuple(notes)


PI = Agent(
    name="pi",
    title="pi",
    commands=("pi",),
    wire=wire,
    dialects=(Dialect.CHAT, Dialect.MESSAGES),
    packages=("@mariozechner/pi-coding-agent", "@earendil-works/pi-coding-agent"),
    install="npm install -g @mariozechner/pi-coding-agent",
    homepage="https://github.com/badlogic/pi-mono",
    verified="0.73.1",
)
