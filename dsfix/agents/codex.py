"""Codex: one provider of its configuration is led to the endpoint, with `-c` in front.

Codex speaks Responses only, takes no base URL from the environment, and its flags beat every
file but an administrator's. Standing before the subcommand they hold for all of them: `exec`,
`exec resume`, `resume`, `fork`, `review` and the terminal program (measured with 0.169.0,
2026-11-21).
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dsfix.agents import jsonc
from dsfix.agents.base import Agent, Host, Request, Wiring
from dsfix.agents.environ import direct, option
from dsfix.agents.urls import leads_to
from dsfix.protocol.body import Dialect

# Holds the session's token in the environment of every agent.
_TOKEN = "DSFIX_TOKEN"
_MANAGED = Path("/etc/codex/managed_config.toml")
_SYSTEM = Path("/etc/codex/config.toml")
# The vendor's guide names the provider so:
# https://api-docs.deepseek.com/quick_start/agent_integrations/codex
_PROVIDER = "deepseek"
_OWN = "dsfix"
_ELSEWHERE = ("--oss", "--local-provider", "--remote")
# By these names alone Codex takes a provider for one that it knows, whatever its URL, and lets that
# compact a full conversation: "remote compaction v2 expected exactly one compaction output item"
# (openai/codex#31742, 2026-08-01; fish2lab/DSCodex#6). Of any other it wants a summary in words.
_KNOWN = frozenset({"openai", "azure", "amazon bedrock"})
# With it, and `features.standalone_web_search`, Codex searches at a path that is not led to the
# upstream (`alpha/search`); without it with the tool `web_search`, which the upstream runs
# (measured with 0.169.0, 2026-11-24). The vendor's setup is said to enable such a search from 1.5.0
# on: https://api-docs.deepseek.com/quick_start/agent_integrations/codex. It is left out for all who
# have not set it, as older Codex does not know it.
_OWN_SEARCH = "supports_standalone_web_search"


def wire(request: Request) -> Wiring:
    """The provider and, where the user chose none that the upstream knows, the model."""
    own = _own(request.args)
    config = _config(request.host, request.args, own)
    name = _provider(request, config)
    model = _model(request, config, own)
    chosen = [f"model={_toml(model)}"] if model else []
    settings = (f"model_provider={_toml(name)}", _route(request, config, name), *chosen)
    asked = model or option(request.args, "-m", "--model") or config.get("model")
    return Wiring(
        env=direct(request.host.environ),
        args=tuple(word for setting in settings for word in ("-c", setting)),
        models=(asked,) if isinstance(asked, str) and request.upstream.knows(asked) else (),
        bypass=_bypass(request, own, name),
        notes=_notes(request, config, name),
    )


def _own(args: tuple[str, ...]) -> dict[str, Any]:
    """What the user's own `-c key=value` set: dotted keys, values that are TOML or else strings."""
    values: dict[str, Any] = {}
    for setting in _settings(args):
        path, _, text = setting.partition("=")
        value: object = _table(f"value = {text}").get("value", text.strip())
        for part in reversed(path.strip().split(".")):
            value = {part: value}
        values = jsonc.merged(values, jsonc.table(value))
    return values


def _config(host: Host, args: tuple[str, ...], own: dict[str, Any]) -> dict[str, Any]:
    """What it all amounts to: the system's file, the user's, the profile's, and `own` over them.

    https://developers.openai.com/codex/config-basic; a project's file names no provider.
    """
    configured = host.environ.get("CODEX_HOME")
    folder = Path(configured) if configured else host.home / ".codex"
    paths = [_SYSTEM, folder / "config.toml"]
    profile = option(args, "-p", "--profile")
    if profile:
        paths.append(folder / f"{profile}.config.toml")
    values: dict[str, Any] = {}
    for path in paths:
        values = jsonc.merged(values, _table(host.read(path)))
    return jsonc.merged(values, own)


def _settings(args: tuple[str, ...]) -> Iterator[str]:
    """The values of the user's own `-c` and `--config`."""
    words = iter(args)
    for word in words:
        if word == "--":
            return
        if word in ("-c", "--config"):
            yield next(words, "")
        elif word.startswith("--config="):
            yield word.removeprefix("--config=")
        elif word.startswith("-c"):
            yield word.removeprefix("-c").removeprefix("=")


def _table(text: str | None) -> dict[str, Any]:
    try:
        return tomllib.loads(text or "")
    except (ValueError, RecursionError):  # no TOML, or more of it than Python reads
        return {}  # Codex will say so


def _provider(request: Request, config: Mapping[str, Any]) -> str:
    """The provider to lead to the endpoint: the user's own for this upstream, if there is one.

    `resume --last` looks only among the sessions of the provider in use (measured with
    0.169.0, 2026-11-21), so conversations held without dsfix are found again this way.
    """
    providers = jsonc.table(config.get("model_providers"))
    active = config.get("model_provider")
    fitting = [
        name
        for name, provider in providers.items()
        if leads_to(request.upstream, jsonc.table(provider).get("base_url")) and "." not in name
    ]
    name = active if isinstance(active, str) and active in fitting else (*fitting, _PROVIDER)[0]
    # refused beside env_key: "provider auth cannot be combined with env_key"
    return _OWN if "auth" in jsonc.table(providers.get(name)) else name


def _route(request: Request, config: Mapping[str, Any], name: str) -> str:
    """The provider's table, which is merged over the user's; env_key beats a key in there."""
    own = jsonc.table(jsonc.table(config.get("model_providers")).get(name))
    members = {
        "name": next(filter(_is_title, (own.get("name"), request.upstream.title)), _OWN),
        "base_url": request.endpoint.chat,
        "env_key": _TOKEN,
        "wire_api": "responses",
        "requires_openai_auth": False,
        "supports_websockets": False,
        **({_OWN_SEARCH: False} if _OWN_SEARCH in own else {}),
    }
    inline = ", ".join(f"{key} = {_toml(value)}" for key, value in members.items())
    return f"model_providers.{name}={{{inline}}}"


def _is_title(name: object) -> bool:
    """Whether a provider may go by that name."""
    return isinstance(name, str) and name.casefold() not in {"", *_KNOWN}


def _toml(value: object) -> str:
    """As TOML has it, which knows no pairs of surrogates: a letter beyond them stands as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # it takes no DEL


def _model(request: Request, config: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    """The model to set: dsfix's own option, or the vendor's where the user's is not known there.

    Empty where the user chose on the command line, or one that the upstream knows.
    """
    if request.model:
        return request.model.removesuffix("[1m]")
    if "model" in own or option(request.args, "-m", "--model"):
        return ""
    configured = config.get("model")
    known = isinstance(configured, str) and request.upstream.knows(configured)
    return "" if known else request.upstream.main


def _bypass(request: Request, own: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """What beats the flags in front: the user's own after them, and an administrator's file."""
    hints = []
    if own.get("model_provider", name) != name:
        hints.append(f"-c model_provider: {own['model_provider']}")
    if "base_url" in jsonc.table(jsonc.table(own.get("model_providers")).get(name)):
        hints.append(f"-c model_providers.{name}.base_url")
    words = [word.partition("=")[0] for word in request.args]
    hints += [word for word in _ELSEWHERE if word in words]
    managed = _table(request.host.read(_MANAGED))
    hints += [
        f"{_MANAGED}: {key}" for key in ("model_provider", "model_providers") if key in managed
    ]
    return tuple(hints)


def _notes(request: Request, config: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """What the user should know: a URL that is not used, a context that Codex does not know."""
    notes = []
    own = jsonc.table(jsonc.table(config.get("model_providers")).get(name))
    base = own.get("base_url")
    if base and not leads_to(request.upstream, base):
        title = request.upstream.title
        notes.append(f"provider {name}: its own base URL is replaced by {title}")
    if "model_catalog_json" not in config:
        # and model_context_window cannot raise it (measured with 0.169.0, 2026-11-21)
        notes.append("no model_catalog_json is set: Codex assumes a context of 272,000 tokens")
    return tuple(notes)


CODEX = Agent(
    name="codex",
    title="Codex",
    commands=("codex",),
    wire=wire,
    dialects=(Dialect.RESPONSES,),
    packages=("@openai/codex",),
    install="npm install -g @openai/codex",
    homepage="https://developers.openai.com/codex",
    verified="0.169.0",
)
